"""Open executions go on by another version: planned, rehearsed, done, shown by the version of each moment, and taken back; and coverage."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

FIRST = """\
name: ui_moves
nodes:
  - {id: big, type: condition, config: {expression: "input.total > 100"}}
  - {id: approve, type: noop}
  - {id: paid, type: wait_signal, join: any, config: {name: paid}}
edges:
  - {from: big.true, to: approve}
  - {from: big.false, to: paid}
  - {from: approve, to: paid}
"""
SECOND = FIRST.replace("id: paid", "id: payment").replace("to: paid", "to: payment") + "  - {from: payment.received, to: thank}\n"
SECOND = SECOND.replace("edges:", "  - {id: thank, type: noop}\nedges:")
NAMES = ["moves-0", "moves-1", "moves-2"]


@pytest.fixture(scope="module")
def moves(server: Server) -> Server:
    """A server with three executions that wait by version 1 of a workflow, which has a version 2."""
    for text in (FIRST, SECOND):
        assert server.ask("POST", "/v1/workflows", text.encode(), {"Content-Type": "application/yaml"}).status == 201
        if text is FIRST:
            for name in NAMES:
                begin(server, "ui_moves", {"total": 20}, name)
    return server


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Let open executions go on by another version").click()
    return page.get_by_role("dialog", name="Let open executions of ui_moves go on by another version")


def versions(server: Server) -> list[int]:
    return [server.get(f"/v1/executions/{name}").json["version"] for name in NAMES]


def test_every_look_of_coverage_and_of_a_plan_shuts_nobody_out(open_page: Opener, moves: Server, look: Look, axe: str) -> None:
    page = open_page(f"{moves.url}/workflows/ui_moves?version=1&tab=coverage", look)
    expect(page.get_by_role("region", name="Never taken")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog = opened(page)
    dialog.get_by_role("button", name="Rehearse over their past").click()
    expect(dialog.get_by_text("3 open executions go by version 1")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_graph_says_what_share_took_each_node_and_the_list_what_none_did(open_page: Opener, moves: Server) -> None:
    page = open_page(f"{moves.url}/workflows/ui_moves?version=1&tab=coverage")
    expect(page.get_by_text("3 executions have gone by this version, and took 2 of 3 nodes")).to_be_visible()
    graph = page.get_by_role("group", name="What executions took of ui_moves, version 1")
    expect(graph.locator("[data-path=big]")).to_contain_text("100 %")
    expect(graph.locator("[data-path=approve]")).to_contain_text("never")
    dead = page.get_by_role("region", name="Never taken")
    expect(dead.get_by_role("listitem")).to_have_text(
        [
            "nodes approve",
            "edges big.true -> approve",
            "edges approve -> paid",
            "cases big.true",
            "cases paid.received",
            "cases paid.timeout",
        ]
    )
    dead.get_by_role("button", name="approve", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("node=approve"))
    page.get_by_role("combobox", name="Of the last").select_option("100 executions")
    expect(page).to_have_url(re.compile("last=100"))
    expect(page.get_by_text("3 executions have gone by this version")).to_be_visible()
    page.goto(f"{moves.url}/workflows/ui_moves?version=2&tab=coverage")
    expect(page.get_by_text("None of the last 1,000 executions of this workflow has gone by version 2")).to_be_visible()


def test_they_are_planned_given_a_name_rehearsed_moved_looked_at_and_taken_back(open_page: Opener, moves: Server) -> None:
    page = open_page(f"{moves.url}/workflows/ui_moves?version=1")
    dialog = opened(page)
    expect(dialog.get_by_role("button", name="Migrate: 0")).to_have_attribute("aria-disabled", "true")
    dialog.get_by_role("button", name="Plan", exact=True).press("Enter")
    expect(dialog.get_by_role("status")).to_have_text(re.compile("0 ready, 3 with a node that needs a name, 0 blocked"))
    expect(dialog.get_by_role("table", name="What would become of each").get_by_role("row", name=re.compile("moves-1"))).to_contain_text(
        "paid it is open, and version 2 has no node of this name"
    )
    dialog.get_by_role("combobox", name="paid is called there").select_option("payment")
    expect(dialog.get_by_text("Plan it first.")).to_be_visible()
    dialog.get_by_role("textbox", name="Only those").fill("execution_id != 'moves-2'")
    dialog.get_by_role("button", name="Rehearse over their past").press("Enter")
    expect(dialog.get_by_role("status")).to_have_text(re.compile("2 ready, .* Version 2 over their own past: 2 unchanged"))
    assert versions(moves) == [1, 1, 1]
    dialog.get_by_role("button", name="Migrate: 2").press("Enter")
    expect(page.get_by_role("heading", name="Go on by another version")).to_be_visible()
    expect(page.get_by_text("2 of 2: 2 done, 0 passed over, 0 failed")).to_be_visible()
    assert versions(moves) == [2, 2, 1]
    look_at_the_moved(open_page, moves)
    page.get_by_role("button", name="Take back: 2").press("Enter")
    expect(page.get_by_role("heading", name="Go back to the version before")).to_be_visible()
    expect(page.get_by_text("2 of 2: 2 done, 0 passed over, 0 failed")).to_be_visible()
    assert versions(moves) == [1, 1, 1]


def look_at_the_moved(open_page: Opener, moves: Server) -> None:
    """Its graph is of the version of each moment, and what was renamed goes on under its new name."""
    page = open_page(f"{moves.url}/executions/moves-0")
    expect(page.locator("[data-path=payment]").get_by_role("img")).to_have_accessible_name("waiting")
    expect(page.locator("[data-path=paid]")).to_have_count(0)
    page.goto(f"{moves.url}/executions/moves-0?at=4")
    expect(page.locator("[data-path=paid]")).to_be_visible()
    expect(page.locator("[data-path=payment]")).to_have_count(0)


def test_a_filter_that_says_nothing_is_told_and_nothing_is_lost(open_page: Opener, moves: Server) -> None:
    dialog = opened(open_page(f"{moves.url}/workflows/ui_moves?version=1"))
    dialog.get_by_role("textbox", name="Only those").fill("stat == 1")
    dialog.get_by_role("button", name="Plan", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("stat")
    dialog.get_by_role("combobox", name="To version").select_option("Version 1")
    expect(dialog.get_by_text("They go by this version already.")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Only those")).to_have_value("stat == 1")
    open_page.wrong[:] = [one for one in open_page.wrong if "422" not in one]
