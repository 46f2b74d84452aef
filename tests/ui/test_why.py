"""The tab *Why?*: the chain that led to what is chosen, with each expression and its values."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

ORDER: dict[str, Any] = {
    "name": "ui_why",
    "variables": {"paid": None},
    "nodes": [
        {"id": "ask", "type": "condition", "config": {"expression": "input.amount > 100 && input.customer.is_new"}},
        {"id": "review", "type": "wait_signal", "config": {"name": "reviewed"}},
        {"id": "pay", "type": "set_variable", "config": {"name": "paid", "value": True}},
        {"id": "note", "type": "wait_signal", "config": {"name": "noted"}},
        {"id": "after", "type": "set_variable", "config": {"name": "paid", "value": False}},
    ],
    "edges": [
        {"from": "ask.true", "to": "review"},
        {"from": "ask.false", "to": "pay"},
        {"from": "pay", "to": "note", "when": "input.lines.exists(line, line.n > 1)"},
        {"from": "note.received", "to": "after"},
    ],
}
GIVEN = {"amount": 250, "customer": {"is_new": False}, "lines": [{"n": 0}, {"n": 2}]}


@pytest.fixture(scope="module")
def asked(server: Server) -> str:
    """Where the page is of an execution that waits at `note`, and skipped `review`."""
    server.post("/v1/workflows", ORDER)
    begin(server, "ui_why", GIVEN, "ui-why")
    return f"{server.url}/executions/ui-why"


def test_a_skipped_node_says_which_way_was_not_taken_and_what_was_asked(open_page: Opener, asked: str, look: Look, axe: str) -> None:
    page = open_page(f"{asked}?node=review&tab=why", look)
    chain = page.get_by_role("list", name="What led there")
    expect(chain).to_contain_text("No edge to it was taken.")
    expect(chain).to_contain_text("not taken: it left by false")
    parts = page.get_by_role("list", name="Asked at config.expression")
    expect(parts).to_contain_text(re.compile(r"input\.amount > 100\s*true\s*input\.amount\s*250\s*input\.customer\.is_new\s*false"))
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_waits_says_who_can_release_it_and_a_link_leads_to_the_moment(open_page: Opener, asked: str) -> None:
    page = open_page(f"{asked}?node=note&tab=why")
    expect(page.get_by_text("Whoever sends it releases it")).to_be_visible()
    expect(page.get_by_role("list", name="Asked at when")).to_contain_text("line.n > 1")
    page.get_by_role("button", name=re.compile("v4: ask")).first.click()
    expect(page).to_have_url(re.compile(r"at=4\b"))
    expect(page.get_by_role("list", name="What led there")).to_contain_text("not reached")


def test_what_was_not_reached_says_what_is_still_open(open_page: Opener, asked: str) -> None:
    page = open_page(f"{asked}?node=after&tab=why")
    expect(page.get_by_role("list", name="What led there")).to_contain_text("still open: it goes on")
    page.get_by_role("list", name="What led there").get_by_role("button", name="note", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"node=note\b"))
