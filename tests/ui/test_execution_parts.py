"""What stands around the graph of an execution: its events as one wants them, who can release it, its children, the reel by time."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

CHILD: dict[str, Any] = {
    "name": "ui_parts_child",
    "nodes": [{"id": "stamp", "type": "noop"}, {"id": "wait", "type": "wait_signal", "config": {"name": "stamped"}}],
    "edges": [{"from": "stamp", "to": "wait"}],
}
PARENT: dict[str, Any] = {
    "name": "ui_parts_parent",
    "nodes": [
        {
            "id": "each",
            "type": "for_each",
            "config": {
                "items": "input.items",
                "concurrency": 10,
                "body": {"nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "ui_parts_child"}}]},
            },
        }
    ],
}


@pytest.fixture(scope="module")
def parents(server: Server) -> Server:
    """A server on which `ui-parent` waits for two children, and `ui-parents` for seven."""
    for definition in (CHILD, PARENT):
        server.post("/v1/workflows", definition)
    begin(server, "ui_parts_parent", {"items": [1, 2]}, "ui-parent")
    begin(server, "ui_parts_parent", {"items": list(range(7))}, "ui-parents")
    server.post("/v1/executions/ui-parents~each(6):sub/signals/stamped", {})
    return server


def test_a_child_is_shown_in_place_as_it_was_and_leads_to_its_page(open_page: Opener, parents: Server, look: Look, axe: str) -> None:
    page = open_page(f"{parents.url}/executions/ui-parent?node=each[1]/sub", look)
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("one child")
    panel.get_by_role("button", name="Show here ui-parent~each(1):sub").click()
    child = page.get_by_role("region", name="Child ui-parent~each(1):sub")
    expect(child.locator('[data-path="wait"]').get_by_role("img", name="waiting")).to_be_visible()
    expect(child.get_by_role("group", name="Timeline")).to_be_visible()
    expect(page).to_have_url(re.compile(r"child=ui-parent(~|%7E)each"))
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("slider", name=re.compile("All events")).press("Home")
    expect(child).to_contain_text("It had not begun by then.")
    page.keyboard.press("l")
    child.get_by_role("link", name="Open as a page").click()
    expect(page).to_have_url(re.compile(r"/executions/ui-parent~each.1.(:|%3A)sub$"))
    expect(page.get_by_role("heading", name="ui_parts_child")).to_be_visible()


def test_the_children_of_a_loop_are_a_list(open_page: Opener, parents: Server) -> None:
    page = open_page(f"{parents.url}/executions/ui-parents?node=each")
    expect(page.get_by_text("7 children")).to_be_visible()
    grid = page.get_by_role("grid", name="Children")
    expect(grid.get_by_role("row").nth(7)).to_contain_text("each[6]/sub")
    grid.get_by_role("row").nth(3).click()
    expect(page.get_by_role("region", name="Child ui-parents~each(2):sub")).to_be_visible()
    page.get_by_role("button", name="Parent").click()
    expect(page.locator('[data-path="each"]')).to_be_visible()


def test_what_it_waits_for_says_who_can_release_it(open_page: Opener, parents: Server) -> None:
    page = open_page(f"{parents.url}/executions/ui-parent")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("It goes on when this one has ended:")
    panel.get_by_role("link", name="ui-parent~each(0):sub").first.click()
    expect(panel).to_contain_text("Whoever sends it releases it")
    expect(panel.get_by_text("stamped")).to_be_visible()
    panel.get_by_role("button", name="Show its node").click()
    expect(page.get_by_role("heading", name="wait", level=2)).to_be_visible()


def test_events_are_filtered_and_stand_below_their_decisions(open_page: Opener, parents: Server) -> None:
    page = open_page(f"{parents.url}/executions/ui-parent?tab=events")
    grid = page.get_by_role("grid", name="Events")
    grid_rows = grid.get_by_role("row")
    expect(grid_rows.nth(1)).to_contain_text("ExecutionCreated")
    page.get_by_role("combobox", name="Type of the events").select_option("ChildStarted")
    expect(grid).to_have_attribute("aria-rowcount", "3")
    page.get_by_text("By decision").click()
    expect(grid_rows.nth(1)).to_contain_text("CreateExecution")
    expect(page).to_have_url(re.compile("events=decisions&type=ChildStarted|type=ChildStarted&events=decisions"))
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"at=\d+"))
    page.get_by_text("Failures only").click()
    expect(grid).to_have_attribute("aria-rowcount", "1")


def test_the_reel_runs_by_time(open_page: Opener, parents: Server) -> None:
    page = open_page(f"{parents.url}/executions/ui-parents")
    page.get_by_role("group", name="The reel runs by").get_by_text("Time").click()
    expect(page).to_have_url(re.compile("reel=time"))
    reel = page.get_by_role("slider", name=re.compile("All events"))
    frame = reel.bounding_box()
    assert frame is not None
    expect(page.get_by_role("grid", name="Children").get_by_role("row", name="each[6]/sub")).to_contain_text("completed")
    page.mouse.click(frame["x"] + 1, frame["y"] + 20)
    expect(page).to_have_url(re.compile(r"at=\d+"))
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_visible()
