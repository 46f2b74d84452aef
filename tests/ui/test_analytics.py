"""Analytics: what began and ended, and how long it took; each point and each row leads to its executions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Position, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to

HALVES: dict[str, Any] = {
    "name": "ui_halves",
    "settings": {"on_failure": "fail"},
    "nodes": [{"id": "divide", "type": "code", "config": {"source": "12 // input", "input": "{{ input }}"}}],
}
ROWS = "[role=row][aria-selected]"


@pytest.fixture(scope="module")
def counted(server: Server) -> str:
    """Three that are completed and two that failed; the address of the page, of their workflow."""
    server.publish(HALVES)
    at = [server.start("ui_halves", number, wait=30)["position"] for number in (1, 2, 3, 0, 0)][-1]
    server.get(f"/v1/analytics?min_position={at}")
    return f"{server.url}/analytics?workflow=ui_halves"


def numbers(page: Page) -> Locator:
    return page.get_by_role("grid", name="Numbers").locator(ROWS)


def test_every_look_shuts_nobody_out(open_page: Opener, counted: str, look: Look, axe: str) -> None:
    page = open_page(counted, look)
    expect(page.get_by_role("img", name=re.compile("^Began and ended"))).to_be_visible()
    expect(numbers(page)).to_have_count(1)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_numbers_are_those_of_the_api_and_a_row_leads_to_its_executions_by_keyboard_alone(open_page: Opener, counted: str) -> None:
    page = open_page(counted)
    row = numbers(page).first
    expect(row.get_by_role("gridcell").nth(1)).to_have_text("5")
    expect(row.get_by_role("gridcell").nth(2)).to_have_text("3")
    expect(row.get_by_role("gridcell").nth(3)).to_have_text("2")
    walk_to(page, page.get_by_role("grid", name="Numbers"), row)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/executions\?filter=workflow"))
    expect(page.get_by_role("grid", name="Executions", exact=True).locator(ROWS)).to_have_count(5)


def test_a_point_of_what_failed_leads_to_what_failed_then(open_page: Opener, counted: str) -> None:
    page = open_page(counted)
    over = page.locator("[data-chart='Began and ended'] .u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box is not None
    place: Position = {
        "x": box["width"] * (1 - 0.5 / 24),
        "y": box["height"] * (1 - 2 / 5.4),
    }  # two failed, five began, and the axis goes a bit beyond
    over.hover(position=place)
    over.click(position=place)
    expect(page).to_have_url(re.compile("failed"))
    expect(page.get_by_role("button", name="Change: status is failed")).to_be_visible()
    expect(page.get_by_role("grid", name="Executions", exact=True).locator(ROWS)).to_have_count(2)


def test_what_is_told_apart_stands_in_the_address_and_leads_deeper(open_page: Opener, server: Server, counted: str) -> None:
    page = open_page(f"{server.url}/analytics?last=30d")
    page.locator("fieldset").get_by_text("Workflow", exact=True).click()
    expect(page).to_have_url(re.compile("group=workflow"))
    numbers(page).filter(has_text="ui_halves").click()
    expect(page).to_have_url(re.compile("workflow=ui_halves"))
    expect(numbers(page)).to_have_text([re.compile("ui_halves 1")])
    page.locator("fieldset").get_by_text("Node", exact=True).click()
    numbers(page).filter(has_text="divide").click()
    expect(page).to_have_url(re.compile("node=divide"))
    expect(page.get_by_text("How long the node took")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("group=node"))


def test_where_nothing_has_happened_it_says_so(open_page: Opener, server: Server, counted: str, axe: str) -> None:
    page = open_page(f"{server.url}/analytics?workflow=ui_halves&from=2020-01-01&to=2020-01-02")
    expect(page.get_by_role("heading", name="Nothing has happened in this time")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Look at the last 30 days").click()
    expect(page.get_by_role("img", name=re.compile("^Began and ended"))).to_be_visible()


def test_what_draws_the_charts_is_loaded_there_alone(open_page: Opener, server: Server) -> None:
    page = open_page("about:blank")
    loaded: list[str] = []
    page.on("response", lambda answer: loaded.append(answer.text()) if answer.url.endswith(".js") else None)
    page.goto(f"{server.url}/executions")
    expect(page.get_by_role("grid", name="Executions", exact=True)).to_be_visible()
    assert loaded
    assert not any("u-legend" in text for text in loaded)
