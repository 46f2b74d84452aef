"""What holds for every page: under any prefix, with the server away, by keyboard, in other words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import WAITS, Server

from .conftest import Opener
from .proxy import below

AWAY = re.compile("ERR_CONNECTION|WebSocket connection to")
"""What a browser itself says of a server that is away."""
TEXTS = """
() => {
  const shown = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const around = walk.currentNode.parentElement;
    if (!around.closest("script, noscript, [role=gridcell], option, code, pre, kbd, time, [translate=no]"))
      shown.push(walk.currentNode.data);
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    if (!one.closest("time")) shown.push(...["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name) ?? ""));
  return [...shown, document.title];
}
"""


@pytest.fixture
def own(build: object, tmp_path: Path) -> Iterator[list[Server]]:
    """Servers of a test's own; the last one is stopped."""
    servers: list[Server] = []
    yield servers
    servers[-1].stop()


def test_it_lives_below_any_prefix_that_a_proxy_takes_off_and_nobody_has_to_say_so(open_page: Opener, server: Server) -> None:
    with below("/tools/refold", server.host) as address:
        page = open_page(f"{address}/executions?status=failed&workflow=fails")
        expect(page.locator("[role=row][aria-selected]")).to_have_count(1)
        page.keyboard.press("g")
        page.keyboard.press("e")
        expect(page).to_have_url(f"{address}/executions")
        page.goto(f"{address}/executions/a/b/c")
        page.get_by_role("link", name="/executions", exact=True).click()
        expect(page.get_by_role("grid")).to_be_visible()
        page.goto(f"{address}/")
        expect(page.get_by_role("grid")).to_be_visible()


def test_a_server_that_is_killed_is_said_to_be_away_and_what_happened_meanwhile_is_there_when_it_is_back(
    open_page: Opener, own: list[Server], tmp_path: Path
) -> None:
    own.append(Server(tmp_path / "data"))
    first = own[0]
    first.post("/v1/workflows", WAITS)
    first.post("/v1/workflows/waits/executions", {"input": {"order": 1}, "execution_id": "order-1"})
    page = open_page(f"{first.url}/executions")
    page.get_by_label("Filter").fill("workflow == 'wai")  # half a filter, typed
    row = page.locator("[role=row][aria-selected]")
    expect(row).to_contain_text("waiting")
    first.process.kill()
    first.process.wait()
    expect(page.get_by_text(re.compile("Not live since"))).to_be_visible()
    expect(row).to_contain_text("waiting")
    own.append(Server(tmp_path / "data", "--port", first.host.partition(":")[2]))
    own[-1].post("/v1/executions/order-1/signals/approved", {})
    expect(page.get_by_text(re.compile("Not live since"))).to_be_hidden(timeout=30_000)
    expect(row).to_contain_text("completed")
    expect(page.get_by_label("Filter")).to_have_value("workflow == 'wai")
    assert all(AWAY.search(one) for one in open_page.wrong)
    open_page.wrong.clear()


def test_a_long_list_is_one_stop_of_tab_and_all_of_it_can_be_reached(open_page: Opener, server: Server) -> None:
    for _ in range(3):
        server.post("/v1/workflows/works/executions/batch", {"executions": [{"input": {}}] * 150})
    page = open_page(f"{server.url}/executions?workflow=works")
    grid = page.get_by_role("grid")
    expect(page.locator("[role=row][aria-selected]").first).to_be_visible()
    pages = page.get_by_role("navigation", name="Pages").locator("a[title]").count()
    around = ("skip", "mark", "palette", "keys", "settings", "columns", "views", "state", "workflow", "filter", "condition")
    assert stops(page) - pages <= len(around) + 1, "what stands around the list, and the list"
    grid.focus()
    while (known := grid.get_attribute("aria-rowcount")) != "451":
        page.keyboard.press("End")
        expect(page.locator("[role=row][aria-selected=true] code")).to_be_visible()
        expect(grid).not_to_have_attribute("aria-rowcount", known or "")  # the next page of them has come
    expect(grid).to_have_attribute("aria-rowcount", "451")
    page.keyboard.press("End")
    expect(page.locator("[role=row][aria-rowindex='451'][aria-selected=true]")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("[role=row][aria-rowindex='2'][aria-selected=true]")).to_be_visible()
    assert page.locator("[role=row]").count() < 80


def stops(page: Page) -> int:
    """How often one presses Tab until all that is on the page was passed."""
    page.evaluate("document.body.focus()")
    passed: list[str] = []
    while len(passed) < 100:
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement === document.body ? '' : document.activeElement.outerHTML.slice(0, 300)")
        if here == "" or here in passed:
            break
        passed.append(here)
    return len(passed)


@pytest.mark.parametrize("path", ["/executions", "/executions?status=cancelled", "/parts", "/nothing"])
def test_every_word_is_in_a_catalogue(open_page: Opener, server: Server, path: str) -> None:
    page = open_page(f"{server.url}{path}{'&' if '?' in path else '?'}words=pseudo")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    texts = [text for text in page.evaluate(TEXTS) if re.search("[A-Za-z]{3}", text)]
    assert texts
    assert [text for text in texts if "⟦" not in text] == []


def test_whoever_hears_the_palette_is_told_which_entry_is_chosen(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/workflows")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("ControlOrMeta+k")
    for _ in range(3):
        chosen = page.get_by_role("combobox").get_attribute("aria-activedescendant") or ""
        assert re.fullmatch(r"\S+", chosen)  # a list of ids is split at spaces
        expect(page.locator(f"[id='{chosen}']")).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowDown")


def test_no_two_things_have_the_same_keys(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/workflows")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("?")
    rows = page.get_by_role("dialog", name="Keys").locator("dl > div")
    expect(rows.filter(has_text="Look, time and you")).to_be_visible()
    keys = rows.locator("dd").all_inner_texts()
    assert len(keys) > 8
    assert sorted(set(keys)) == sorted(keys)


def test_a_page_that_there_is_not_names_the_nearest(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/execution")
    expect(page.get_by_text("Nothing in this version of Refold lies at /execution.")).to_be_visible()
    page.get_by_role("link", name="/executions").click()
    expect(page.get_by_role("grid")).to_be_visible()


def test_times_are_shown_in_the_one_zone_that_is_set_and_it_is_said(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/executions", timezone_id="America/New_York")
    expect(page.get_by_role("columnheader", name=re.compile("Created · UTC-[45]"))).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press(",")
    page.get_by_label("Time zone").select_option("Asia/Tehran")
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="Created · UTC+3:30")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="Created · UTC+3:30")).to_be_visible()
