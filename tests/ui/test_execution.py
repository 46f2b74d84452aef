"""The page of an execution: its graph, the reel, what is known of what is chosen, and what can be done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

ORDERS: dict[str, Any] = {
    "name": "ui_orders",
    "variables": {"seen": None},
    "nodes": [
        {"id": "first", "type": "set_variable", "name": "Remember", "config": {"name": "seen", "value": "{{ input.items }}"}},
        {
            "id": "each",
            "type": "for_each",
            "config": {
                "items": "input.items",
                "on_item_error": "collect",
                "body": {
                    "nodes": [
                        {"id": "odd", "type": "condition", "config": {"expression": "iteration.item == 2"}},
                        {"id": "broken", "type": "fail", "config": {"type": "odd", "message": "two is odd"}},
                        {"id": "fine", "type": "set_variable", "config": {"name": "seen", "value": "{{ iteration.item }}"}},
                    ],
                    "edges": [{"from": "odd.true", "to": "broken"}, {"from": "odd.false", "to": "fine"}],
                },
            },
        },
        {"id": "approval", "type": "wait_signal", "config": {"name": "approved"}},
        {"id": "done", "type": "end", "config": {"output": "{{ data }}"}},
    ],
    "edges": [{"from": "first", "to": "each"}, {"from": "each", "to": "approval"}, {"from": "approval.received", "to": "done"}],
}


@pytest.fixture(scope="module")
def orders(server: Server) -> Server:
    """A server on which `ui-order` waits for a signal, after a loop of which one iteration failed."""
    server.post("/v1/workflows", ORDERS)
    begin(server, "ui_orders", {"items": [1, 2, 3]}, "ui-order")
    return server


def box(page: Page, path: str) -> Any:
    return page.locator(f'[data-path="{path}"]')


def test_every_look_of_an_execution_shuts_nobody_out(open_page: Opener, orders: Server, look: Look, axe: str) -> None:
    page = open_page(f"{orders.url}/executions/ui-order?at=8&node=each", look)
    expect(page.get_by_role("slider", name=re.compile("All events"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_visible()
    expect(page.get_by_role("group", name="Graph of ui_orders")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_row_of_the_list_leads_to_its_execution(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions?workflow=ui_orders")
    page.locator("[role=row][aria-selected]").first.click()
    expect(page).to_have_url(re.compile(r"/executions/ui-order"))
    expect(page.get_by_role("heading", name="ui_orders")).to_be_visible()
    expect(page.get_by_text("waiting for a signal")).to_be_visible()


def test_the_moment_that_is_looked_at_stands_in_the_address_and_back_leads_out_of_it(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/ui-order")
    expect(box(page, "approval").get_by_role("img", name="waiting")).to_be_visible()
    reel = page.get_by_role("slider", name=re.compile("All events"))
    reel.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile(r"at=1\b"))
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_visible()
    expect(box(page, "approval")).to_contain_text("not yet")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"at=2\b"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/ui-order$"))
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_hidden()


def test_the_reel_is_dragged_and_everything_is_as_it_was(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/ui-order?tab=variables")
    frame = page.get_by_role("slider", name=re.compile("All events")).bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + frame["width"] - 2, frame["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + 2, frame["y"] + 20, steps=5)
    expect(page.get_by_text("There are no variables.")).to_be_visible()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"at=1\b"))
    page.keyboard.press("l")
    expect(page.get_by_role("tabpanel")).to_contain_text("seen")


def test_of_a_loop_the_first_iteration_that_failed_is_a_press_away(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/ui-order?node=each")
    chosen = page.get_by_role("complementary", name="What is chosen")
    expect(chosen.get_by_text("3 of 3")).to_be_visible()
    page.get_by_role("button", name="First failed").click()
    expect(chosen.get_by_text("2 of 3")).to_be_visible()
    expect(page).to_have_url(re.compile("iteration=each:1"))
    expect(box(page, "each[]/broken").get_by_role("img", name="failed")).to_be_visible()
    box(page, "each[]/broken").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("two is odd")
    page.get_by_role("tab", name="Why?").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("odd")
    expect(page.get_by_role("tabpanel")).to_contain_text("from each[1]/odd true")


def test_a_link_to_a_run_leads_to_its_node_in_its_iteration(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/ui-order?node=each%5B1%5D/broken")  # as lists of tasks and incidents link
    expect(page.get_by_role("heading", name="broken", level=2)).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text("two is odd")
    expect(box(page, "each[]/broken").get_by_role("img", name="failed")).to_be_visible()


def test_an_execution_is_answered_by_keyboard_alone(open_page: Opener, orders: Server) -> None:
    begin(orders, "ui_orders", {"items": []}, "ui-orders-keys")
    page = open_page(f"{orders.url}/executions/ui-orders-keys")
    graph = page.get_by_role("group", name="Graph of ui_orders")
    expect(box(page, "approval").get_by_role("img", name="waiting")).to_be_visible()
    graph.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("node=approval"))
    page.get_by_role("button", name="Do", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Send a signal")
    expect(dialog.get_by_label("Signal", exact=True)).to_have_value("approved")
    dialog.get_by_label("Payload (JSON)").fill('{"amount": 10000.0, "big": 9007199254740993}')
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(box(page, "done").get_by_role("img", name="completed")).to_be_visible()
    page.get_by_role("button", name="The execution").press("Enter")
    expect(page.get_by_role("tabpanel")).to_contain_text("9007199254740993")
    expect(page.get_by_role("tabpanel")).to_contain_text("10000.0")


def test_what_is_not_there_says_what_was_looked_for(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/no-such-one")
    expect(page.get_by_text("There is no execution no-such-one here")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [one for one in open_page.wrong if "404" not in one] == []
    open_page.wrong.clear()
