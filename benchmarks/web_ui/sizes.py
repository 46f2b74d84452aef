"""What a page loads: JavaScript and styles, compressed as they are served at the least (gzip)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import ROOT

STATIC: Final = ROOT / "api" / "static"
CODE: Final = re.compile(r"\.(js|css)$")


def measure(browser: Any, url: str) -> Iterator[tuple[str, float]]:
    """In kB (of 1,000 bytes), all until the page rests, workers too: the first page, an execution beyond it, the builder beyond both."""
    first = _loaded(browser, f"{url}/executions")
    yield "first_page_kb", _kb(first)
    execution = _loaded(browser, f"{url}/executions/ui-graph", GRAPH)
    yield "execution_kb", _kb(execution - first)
    yield "builder_kb", _kb(_loaded(browser, f"{url}/workflows/ui_graph/edit", GRAPH) - execution - first)


GRAPH: Final = "canvas[class*=far], .react-flow__node"


def _loaded(browser: Any, address: str, shows: str = "[role=grid]") -> set[str]:
    """What is asked for until nothing more is; `shows` is there once its workers have done theirs."""
    page = browser.new_context().new_page()
    names: set[str] = set()
    page.on(
        "response",
        lambda said: names.add(said.url.split("?")[0].removeprefix(url_of(address))) if CODE.search(said.url.split("?")[0]) else None,
    )
    page.goto(address)
    page.locator(shows).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.context.close()
    return names


def url_of(address: str) -> str:
    return "/".join(address.split("/")[:3]) + "/"


def _kb(names: set[str]) -> float:
    return sum(_size(STATIC / name) for name in names) / 1_000


def _size(path: Path) -> int:
    pressed = path.with_name(f"{path.name}.gz")
    return (pressed if pressed.exists() else path).stat().st_size
