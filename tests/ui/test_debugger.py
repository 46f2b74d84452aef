"""Whoever debugs an execution sees where it halts and who has stopped it, steps, changes what it sees, and looks at its past meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

ORDER = """\
name: ui_debug
variables: {limit: 1}
input: {type: object, properties: {total: {type: integer, title: Total}}}
nodes:
  - {id: price, type: transform, config: {operation: value, value: {sum: "{{ input.total * 2 }}"}}}
  - {id: check, type: condition, config: {expression: "data.sum < vars.limit"}}
  - id: each
    type: for_each
    config: {items: "[1, 2]", body: {nodes: [{id: pack, type: transform, config: {operation: value, value: "{{ iteration.item }}"}}]}}
  - {id: ship, type: transform, config: {operation: value, value: {shipped: true}}}
  - {id: refuse, type: fail, config: {type: too_much, message: "over the limit"}}
edges: [{from: price, to: check}, {from: check.true, to: each}, {from: each, to: ship}, {from: check.false, to: refuse}]
"""


def publish(server: Server) -> Server:
    assert server.ask("POST", "/v1/workflows", ORDER.encode(), {"Content-Type": "application/yaml"}).status in (200, 201)
    return server


@pytest.fixture(scope="module")
def orders(server: Server) -> Server:
    return publish(server)


def halted(server: Server, execution: str, *breakpoints: dict[str, Any]) -> str:
    """An execution that halts; the address of its page."""
    more = [{"node": "check", "if": "data.sum > 3"}, *breakpoints]
    server.start("ui_debug", {"total": 2}, execution_id=execution, breakpoints=more)
    return f"{server.url}/executions/{execution}"


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Where it halts")


def events(server: Server, execution: str, type_: str) -> list[dict[str, Any]]:
    return [one for one in server.get(f"/v1/executions/{execution}/history").json["events"] if one["type"] == type_]


def more(page: Page, name: str) -> None:
    bar(page).get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=name).click()


def test_every_look_of_a_halt_shuts_nobody_out(open_page: Opener, orders: Server, look: Look, axe: str) -> None:
    address = halted(
        orders, f"ui-halt-{look.width}", {"node": "*", "on": "failure"}, {"variable": "limit", "timeout": "10m", "halts": "all"}
    )
    page = open_page(f"{address}?tab=debug", look)
    expect(bar(page).get_by_text("by check of anonymous")).to_be_visible()
    expect(page.get_by_role("region", name="check halts").get_by_text('"sum"')).to_be_attached()
    expect(page.get_by_text("once limit changes · all halts · at most 10 min")).to_be_attached()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    more(page, "Change what it sees …")
    expect(page.get_by_role("dialog").get_by_label("Value (JSON)")).to_have_value("1")
    assert violations(page, axe) == []


def test_one_steps_changes_and_completes_and_follows_what_halts_next(open_page: Opener, orders: Server) -> None:
    page = open_page(halted(orders, "ui-debug-steps"))
    expect(page.get_by_role("img", name="halts here")).to_be_visible()
    more(page, "Change what it sees …")
    page.get_by_role("dialog").get_by_label("Value (JSON)").fill("{")
    expect(page.get_by_role("dialog").get_by_text("This is no JSON")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Value (JSON)").fill("100")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(bar(page).get_by_text("changed by anonymous")).to_be_visible()
    bar(page).get_by_role("button", name="Step over").click()
    expect(bar(page).get_by_text("each halts")).to_be_visible()
    expect(page.get_by_role("img", name="breakpoint")).to_be_visible()
    bar(page).get_by_role("button", name="Step into").click()
    expect(bar(page).get_by_text("each[0]/pack halts")).to_be_visible()
    expect(page.get_by_role("complementary").get_by_text("each[0]/pack")).to_be_visible()
    more(page, "Run to …")
    page.get_by_role("dialog").get_by_label("Node").select_option("ship")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(bar(page).get_by_text("ship halts")).to_be_visible()
    more(page, "Complete it …")
    page.get_by_role("dialog").get_by_label("Value (JSON)").fill('{"by": "hand"}')
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.locator("header").get_by_text("completed")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    assert [one["data"]["how"] for one in events(orders, "ui-debug-steps", "HaltEnded")] == ["over", "into", "to", "complete"]
    assert orders.get("/v1/executions/ui-debug-steps").json["output"] == {"by": "hand"}


def test_keys_set_a_breakpoint_and_go_on_also_from_the_past(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{halted(orders, 'ui-debug-keys')}?at=3")
    expect(bar(page).get_by_text("You look at event 3; what you do here happens now.")).to_be_visible()
    expect(page.get_by_role("img", name="halts here")).to_have_count(0)
    page.get_by_role("group", name="Graph of ui_debug").get_by_text("refuse").click()
    page.keyboard.press("b")
    expect(page.get_by_role("img", name="breakpoint")).to_have_count(2)
    page.keyboard.press("d")
    page.keyboard.press("c")
    expect(bar(page).get_by_text("refuse halts")).to_be_visible()
    assert "at=3" in page.url
    page.keyboard.press("l")
    expect(page.get_by_role("img", name="halts here")).to_be_visible()
    page.get_by_role("tab", name="Debug").click()
    page.get_by_role("button", name="Take away check").click()
    expect(page.get_by_role("img", name="breakpoint")).to_have_count(0)
    expect(page.get_by_text("continued by anonymous")).to_be_visible()


def test_who_comes_second_is_told_what_has_become_of_the_halt(open_page: Opener, orders: Server) -> None:
    page = open_page(halted(orders, "ui-debug-second"))
    more(page, "Let it fail …")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Message").fill("not today")
    ada = {"Refold-Person": "ada"}
    assert (
        orders.ask("POST", "/v1/executions/ui-debug-second/halts/change", {"path": "check", "variables": {"limit": 7}}, ada).status == 200
    )
    page.get_by_role("button", name="Let it fail", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("ada")
    expect(dialog.get_by_label("Message")).to_have_value("not today")
    page.get_by_role("button", name="Let it fail", exact=True).click()  # with what one has seen now
    expect(bar(page)).to_have_count(0)
    open_page.wrong = [one for one in open_page.wrong if "409" not in one]  # that is what it was about


def test_an_execution_is_started_with_breakpoints(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/workflows/ui_debug")
    page.get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog", name="Start ui_debug")
    dialog.get_by_label("Total").fill("4")
    dialog.get_by_text("Breakpoints (0)").click()
    dialog.get_by_label("Node; * is every one").fill("ship")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog.get_by_role("listitem")).to_have_text("before ship")
    dialog.get_by_label("Halts", exact=True).select_option("change")
    dialog.get_by_label("Variable").fill("limit")
    dialog.get_by_label("Node; * is every one").wait_for(state="detached")
    dialog.get_by_label("Halts", exact=True).select_option("begin")
    dialog.get_by_label("Node; * is every one").fill("refuse")
    dialog.get_by_label("Id of the execution").fill("ui-debug-begun")
    dialog.get_by_role("button", name="Start", exact=True).click()
    dialog.get_by_role("link", name="Open ui-debug-begun").click()
    expect(bar(page).get_by_text("refuse halts")).to_be_visible()
    found = orders.get("/v1/executions/ui-debug-begun/debugger").json["breakpoints"]
    assert [one["name"] for one in found] == ["ship", "refuse"]


def test_where_nothing_is_debugged_the_page_says_so_and_lets_it_go_on(open_page: Opener, orders: Server, tmp_path: Path) -> None:
    begun = publish(Server(tmp_path))
    halted(begun, "ui-debug-off")
    begun.stop()
    server = Server(tmp_path, engine={"debugger": False})
    try:
        page = open_page(f"{server.url}/executions/ui-debug-off?tab=debug")
        expect(page.get_by_text("its setting debugger is off")).to_be_visible()
        expect(page.get_by_role("button", name="Set a breakpoint …")).to_have_count(0)
        expect(bar(page).get_by_role("button", name="Step over")).to_have_attribute("aria-disabled", "true")
        bar(page).get_by_role("button", name="Continue").click()
        expect(bar(page)).to_have_count(0)
        page.goto("about:blank")
    finally:
        server.stop()
