"""The web UI as people meet it: what was built, served by a real server, in a real browser.

Without a browser or without a registry of npm these tests are skipped, with the reason; in CI that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect, sync_playwright

from tests.api.conftest import ALL, Server

ROOT: Final = Path(__file__).parents[2]
UI: Final = ROOT / "ui"
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
PROGRAMS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first of them that there is. The first has no window around its pages, and opens one in a third of the time and the CPU."""
NOTED: Final = "window.refused = []; addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective))"


class Look(NamedTuple):
    """How a page is looked at."""

    width: int
    height: int = 900


LOOKS: Final = {"wide": Look(1440), "phone": Look(360, 740)}
"""Each of them is looked at in the dark, too, by `violations`: nothing but colours is different there."""
PATIENCE_MS: Final = 15_000
"""How long something may take to be on a page: two cores with other work are slow, and that is no failure."""


def lacking(what: str) -> None:
    """Skip for what this machine lacks; where it has to be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def load_build() -> ModuleType:
    """`ui/build.py`, which is part of no package."""
    spec = importlib.util.spec_from_file_location("ui_build", UI / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ui_build"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def build() -> ModuleType:
    """The program that builds the UI, which has built it."""
    program = load_build()
    try:
        if not program.is_built():
            program.build()
        program.install()
    except program.CannotBuild as error:
        lacking(f"the web UI cannot be built here: {error}")
    return program


@pytest.fixture(scope="session")
def server(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with executions in every common state."""
    serving = Server(tmp_path_factory.mktemp("ui"))
    for definition in ALL:
        serving.post("/v1/workflows", definition)
    for number in range(5):
        serving.post("/v1/workflows/hello/executions?wait=30", {"input": {"name": f"Ada {number}"}})
    serving.post("/v1/workflows/waits/executions", {"input": {"order": "A-1"}, "execution_id": "order-1"})
    serving.post("/v1/workflows/stuck/executions?wait=30", {"input": 0})
    serving.post("/v1/workflows/fails/executions?wait=30", {"input": 0})
    yield serving
    serving.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for this folder alone: while Playwright runs, no test of another folder could run an event loop."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        lacking("there is no Chromium on this machine (Debian: apt install chromium-headless-shell; elsewhere chromium)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        shown = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield shown
        shown.close()


class Contexts:
    """One for each look: what a page loads is there for the next one, and nothing that it has stored."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._kept: dict[Look, BrowserContext] = {}

    def kept(self, look: Look) -> BrowserContext:
        return self._kept.get(look) or self._kept.setdefault(look, self.fresh(look))

    def fresh(self, look: Look, **more: Any) -> BrowserContext:
        size = ViewportSize(width=look.width, height=look.height)
        return self.browser.new_context(viewport=size, color_scheme="light", reduced_motion="reduce", **more)

    def forget(self, look: Look, page: Page, address: str) -> None:
        """All that pages of this address have stored, so that a test begins with nothing."""
        origin = "/".join(address.split("/")[:3])
        session = self._kept[look].new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
        session.detach()


STORED: Final = "local_storage,indexeddb,cookies,cache_storage,service_workers"


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Contexts:
    """What the tests share of a browser."""
    return Contexts(browser)


class Opener:
    """Opens pages, and notes what goes wrong in them. The first of each look is in a context that tests share, others are in their own."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._pages: list[Page] = []
        self._shared: set[Look] = set()
        self.wrong: list[str] = []
        """What a browser complained of; a test that provokes it takes it out."""

    def __call__(self, address: str, look: Look = LOOKS["wide"], **context: Any) -> Page:
        is_shared = not context and address != "about:blank" and look not in self._shared
        page = (self._contexts.kept(look) if is_shared else self._contexts.fresh(look, **context)).new_page()
        if is_shared:
            self._shared.add(look)
            self._contexts.forget(look, page, address)
        page.add_init_script(NOTED)
        page.on("console", lambda said: self.wrong.append(f"{said.type}: {said.text}") if said.type in ("error", "warning") else None)
        page.on("response", lambda said: self.wrong.append(f"{said.status}: {said.url}") if said.status >= 400 else None)
        page.on("pageerror", lambda error: self.wrong.append(f"thrown: {error}"))
        self._pages.append(page)
        page.goto(address)
        return page

    def close(self) -> list[str]:
        """Close all; what went wrong."""
        for page in self._pages:
            if not page.is_closed():
                self.wrong += [f"refused by the policy: {one}" for one in page.evaluate("window.refused ?? []")]
        shared = {self._contexts.kept(look) for look in self._shared}
        for context in {page.context for page in self._pages}:
            if context in shared:
                for page in context.pages:
                    page.close()
                context.unroute_all()
            else:
                context.close()
        return self.wrong


@pytest.fixture
def open_page(contexts: Contexts) -> Iterator[Opener]:
    """Opens an address; at the end of the test nothing may have gone wrong in any of its pages."""
    opener = Opener(contexts)
    yield opener
    assert opener.close() == []


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> Look:
    """A wide page, and a phone; `violations` looks at both in light and in dark."""
    return LOOKS[request.param]


@pytest.fixture(scope="session")
def axe() -> str:
    """The program that finds what shuts people out."""
    return (UI / "node_modules/axe-core/axe.min.js").read_text()


def begin(server: Server, workflow: str, given: Any, execution: str) -> None:
    """Start an execution, and wait until what reads knows of it."""
    position = server.start(workflow, given, execution_id=execution)["position"]
    assert server.get(f"/v1/executions?limit=1&min_position={position}").status == 200


def walk_to(page: Page, grid: Locator, row: Locator) -> None:
    """Choose a row by keys alone, once it is there, wherever it stands among those of other tests: a list follows its read model."""
    expect(row).to_be_visible()
    grid.focus()
    page.keyboard.press("Home")
    for _ in range(int(grid.get_attribute("aria-rowcount") or 0)):
        if row.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    expect(row).to_have_attribute("aria-selected", "true")


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds on a page, in a line each; in the dark, where the same stands in other colours, of the colours."""
    page.evaluate(axe)
    found = page.evaluate(VIOLATIONS, {})
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(VIOLATIONS, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="light")
    return list(found)


VIOLATIONS: Final = """async (options) => {
  const { violations } = await axe.run({ ...options, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}"""
"""All rules, told of what breaks one: what passes is neither described nor sent, which takes most of the time."""
