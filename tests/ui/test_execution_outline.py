"""The page of an execution for who does not see its graph: the outline, the keys of the graph, and where it opens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

BODY: dict[str, Any] = {
    "nodes": [
        {"id": "odd", "type": "condition", "config": {"expression": "iteration.item == 2"}},
        {"id": "broken", "type": "fail", "config": {"type": "odd", "message": "two is odd"}},
    ],
    "edges": [{"from": "odd.true", "to": "broken"}],
}
OUTLINED: dict[str, Any] = {
    "name": "ui_outlined",
    "settings": {"on_failure": "fail"},
    "nodes": [
        {"id": "each", "type": "for_each", "config": {"items": "input.items", "body": BODY}},
        {"id": "approval", "type": "wait_signal", "config": {"name": "approved"}},
        {"id": "done", "type": "end"},
    ],
    "edges": [{"from": "each", "to": "approval"}, {"from": "approval.received", "to": "done"}],
}
HELD: dict[str, Any] = {
    "name": "ui_outlined_held",
    "nodes": [{"id": "divide", "type": "code", "config": {"source": "12 // input", "input": 0}}],
}


WIDTH = "document.querySelector('[data-path=approval]').getBoundingClientRect().width"


@pytest.fixture(scope="module")
def outlined(server: Server) -> Server:
    """A server on which `ui-outlined` waits for a signal, `ui-outlined-lost` has failed, and `ui-outlined-held` has an incident."""
    for definition in (OUTLINED, HELD):
        server.post("/v1/workflows", definition)
    begin(server, "ui_outlined", {"items": [1]}, "ui-outlined")
    for name, execution, given in (("ui_outlined", "ui-outlined-lost", {"items": [1, 2]}), ("ui_outlined_held", "ui-outlined-held", {})):
        server.post(f"/v1/workflows/{name}/executions?wait=30", {"input": given, "execution_id": execution})
    return server


def row(page: Page, path: str) -> Any:
    return page.locator(f'[role=treeitem][data-row="{path}"]')


def test_the_outline_says_in_words_what_the_graph_shows(open_page: Opener, outlined: Server, look: Look, axe: str) -> None:
    page = open_page(f"{outlined.url}/executions/ui-outlined?as=outline&node=approval", look)
    tree = page.get_by_role("tree", name="Graph of ui_outlined")
    expect(row(page, "each")).to_contain_text("completed")
    expect(row(page, "each")).to_contain_text("leads to approval (taken)")
    expect(row(page, "each[]/odd")).to_contain_text("leads to broken (true, not taken)")
    expect(row(page, "approval")).to_contain_text("waiting")
    expect(row(page, "approval")).to_have_attribute("aria-selected", "true")
    expect(row(page, "done")).to_contain_text("not begun")
    assert tree.get_attribute("aria-activedescendant") == row(page, "approval").get_attribute("id")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_by_the_keys_of_the_outline_one_chooses_and_opens_what_one_would_in_the_graph(open_page: Opener, outlined: Server) -> None:
    page = open_page(f"{outlined.url}/executions/ui-outlined")
    expect(page.locator('[data-path="approval"]')).to_be_visible()
    page.keyboard.press("o")
    tree = page.get_by_role("tree")
    expect(tree).to_be_visible()
    tree.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"node=each%5B%5D/broken|node=each\[\]/broken"))
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="each", level=2)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(row(page, "each")).to_have_attribute("aria-expanded", "false")
    expect(row(page, "each[]/odd")).to_be_hidden()
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile("node=done"))
    page.get_by_role("radio", name="Outline").focus()
    page.keyboard.press("ArrowLeft")
    assert "at=" not in page.url
    expect(page.locator('[data-path="done"]')).to_be_visible()
    expect(page.locator('[data-path="each[]/odd"]')).to_have_count(0)


def test_the_graph_is_one_stop_of_tab_and_zoomed_by_keys(open_page: Opener, outlined: Server) -> None:
    page = open_page(f"{outlined.url}/executions/ui-outlined")
    graph = page.get_by_role("group", name="Graph of ui_outlined")
    box = page.locator('[data-path="approval"]')
    expect(box).to_be_visible()
    graph.focus()
    page.keyboard.press("0")
    page.wait_for_function(f"{WIDTH} > 200")
    before = page.evaluate(WIDTH)
    page.keyboard.press("+")
    page.wait_for_function(f"(before) => {WIDTH} > before", arg=before)
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.wait_for_function(f"(before) => {WIDTH} < before", arg=before)
    page.keyboard.press("f")
    expect(page.locator('[data-path="done"]')).to_be_in_viewport()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=group]')?.getAttribute('aria-label')") != "Graph of ui_outlined"
    assert graph.locator("[tabindex='0']").count() == 0


def test_what_failed_opens_where_it_failed_and_an_incident_where_it_is(open_page: Opener, outlined: Server) -> None:
    page = open_page(f"{outlined.url}/executions/ui-outlined-lost")
    expect(page.get_by_role("heading", name="broken", level=2)).to_be_visible()
    expect(page).to_have_url(re.compile(r"node=each.*broken&iteration=each:1"))
    expect(page.get_by_role("tabpanel")).to_contain_text("two is odd")
    page.get_by_role("button", name="The execution").click()
    expect(page).to_have_url(re.compile(r"node=(\*|%2A)"))
    page.reload()
    expect(page.get_by_role("heading", name="The execution", level=2)).to_be_visible()
    other = open_page(f"{outlined.url}/executions/ui-outlined-lost?tab=variables")
    expect(other.get_by_role("tab", name="Variables", selected=True)).to_be_visible()
    expect(other.get_by_role("heading", name="The execution", level=2)).to_be_visible()
    held = open_page(f"{outlined.url}/executions/ui-outlined-held")
    expect(held.get_by_role("heading", name="divide", level=2)).to_be_visible()
    expect(held.get_by_role("button", name="Retry")).to_be_visible()
