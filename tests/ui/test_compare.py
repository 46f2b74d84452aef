"""Two executions beside each other, or two moments of one: where they part, and what is other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to

FORKS: dict[str, Any] = {
    "name": "ui_forks",
    "variables": {"seen": None},
    "nodes": [
        {"id": "note", "type": "set_variable", "config": {"name": "seen", "value": "{{ input.limit }}"}},
        {"id": "big", "type": "condition", "config": {"expression": "input.amount > 100"}},
        {"id": "review", "type": "wait_signal", "config": {"name": "ok"}},
        {"id": "pay", "type": "code", "config": {"source": "input * 2", "input": "{{ input.amount }}"}},
        {"id": "done", "type": "end", "config": {"output": {"limit": "{{ vars.seen }}", "amount": "{{ input.amount }}"}}},
    ],
    "edges": [
        {"from": "note", "to": "big"},
        {"from": "big.true", "to": "review"},
        {"from": "big.false", "to": "pay"},
        {"from": "pay", "to": "done"},
        {"from": "review.received", "to": "done"},
    ],
}


@pytest.fixture(scope="module")
def forked(server: Server) -> str:
    """One that was large, two that were small; the address of the page."""
    server.publish(FORKS)
    for name, amount in (("fork-large", 500), ("fork-small", 5), ("fork-other", 7)):
        at = server.start("ui_forks", {"amount": amount, "limit": 1}, execution_id=name, wait=30 if amount < 100 else 0)["position"]
        server.get(f"/v1/executions?limit=1&min_position={at}")
    return f"{server.url}/compare"


def differing(page: Page) -> Locator:
    return page.get_by_role("grid", name="What did otherwise").locator("[role=row][aria-selected]")


def test_every_look_of_two_beside_each_other_shuts_nobody_out(open_page: Opener, forked: str, look: Look, axe: str) -> None:
    page = open_page(f"{forked}?left=fork-large&right=fork-small", look)
    expect(page.get_by_text("4 nodes did otherwise")).to_be_visible()
    expect(page.get_by_role("group", name="Left: fork-large")).to_be_visible()
    expect(page.get_by_role("group", name="Right: fork-small")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("tab", name="Values").click()
    expect(page.get_by_role("heading", name="Output")).to_be_visible()
    assert violations(page, axe) == []


def test_where_they_part_is_said_and_leads_to_the_reason(open_page: Opener, forked: str) -> None:
    page = open_page(f"{forked}?left=fork-large&right=fork-small")
    expect(page.get_by_text("The first event that is another one")).to_contain_text("NodeStarted review | NodeSkipped review")
    first = page.get_by_text("The first node that did otherwise")
    expect(first).to_contain_text("big, which way it went on (Left: completed by true")
    left = page.get_by_role("group", name="Left: fork-large")
    expect(left.locator("[data-path=big]")).to_contain_text("differs")
    expect(left.locator("[data-path=note]")).not_to_contain_text("differs")
    first.get_by_role("link", name="Why it went so").first.click()
    expect(page).to_have_url(re.compile(r"/executions/fork-large\?.*node=big.*tab=why|/executions/fork-large\?.*tab=why.*node=big"))


def test_values_are_told_line_by_line(open_page: Opener, forked: str) -> None:
    page = open_page(f"{forked}?left=fork-small&right=fork-other")
    expect(differing(page).filter(has_text="pay")).to_contain_text("what it gave")
    differing(page).filter(has_text="pay").click()
    expect(page).to_have_url(re.compile("run=pay"))
    page.get_by_role("tab", name="Values").click()
    gave = page.get_by_role("group", name="Output of pay")
    expect(gave.locator("del")).to_have_text("10")
    expect(gave.locator("ins")).to_have_text("14")
    output = page.get_by_role("group", name="Output", exact=True)
    expect(output.locator("ins")).to_have_text(re.compile('"amount": 7'))
    expect(page.locator("section", has=page.get_by_role("heading", name="Variables"))).to_contain_text("the same on both sides")


def test_where_one_graph_is_moved_the_other_follows(open_page: Opener, forked: str) -> None:
    page = open_page(f"{forked}?left=fork-small&right=fork-other")
    moved = page.locator(".react-flow__viewport")
    expect(moved).to_have_count(2)
    before = moved.nth(1).get_attribute("style")
    page.get_by_role("group", name="Left: fork-small").press("+")
    expect(moved.nth(1)).not_to_have_attribute("style", before or "")
    assert moved.nth(0).get_attribute("style") == moved.nth(1).get_attribute("style")


def test_two_moments_of_one_by_keyboard_alone(open_page: Opener, forked: str, server: Server) -> None:
    page = open_page(f"{server.url}/executions?filter=workflow+%3D%3D+'ui_forks'")
    grid = page.get_by_role("grid", name="Executions", exact=True)
    rows = grid.locator("[role=row][aria-selected]")
    expect(rows).to_have_count(3)
    walk_to(page, grid, rows.filter(has_text="fork-small"))
    page.keyboard.press("x")
    walk_to(page, grid, rows.filter(has_text="fork-large"))
    page.keyboard.press("x")
    page.get_by_role("link", name="Compare the two").press("Enter")
    expect(page.get_by_text("4 nodes did otherwise")).to_be_visible()
    page.get_by_label("Left: Execution").fill("fork-small")
    page.get_by_label("Left: After event").fill("4")
    page.get_by_label("Right: Execution").fill("fork-small")
    page.get_by_label("Right: Execution").press("Enter")
    expect(page).to_have_url(re.compile(r"left=fork-small(@|%40)4&right=fork-small"))
    expect(page.get_by_text("The first event that is another one: 5")).to_be_visible()
    grid = page.get_by_role("grid", name="What did otherwise")
    walk_to(page, grid, differing(page).filter(has_text="pay"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("run=pay"))


def test_what_is_not_there_is_said(open_page: Opener, forked: str) -> None:
    page = open_page(f"{forked}?left=fork-small&right=nobody")
    expect(page.get_by_role("alert")).to_contain_text("there is no execution nobody")
    page.goto(forked)
    expect(page.get_by_role("heading", name="Two executions beside each other")).to_be_visible()
    open_page.wrong.clear()  # that it is unknown
