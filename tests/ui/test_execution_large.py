"""The page of an execution where it is large: many events, a graph seen from far away, values of megabytes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from benchmarks.web_ui import graphs, sizes
from benchmarks.web_ui.browser import Watched
from tests.api.conftest import Server

from .conftest import Opener, begin

BOUNDS: dict[str, float] = {"drawn": 250, "drag": 8, "states": 8}
"""Milliseconds of the main thread for 2,000 nodes, as `make bench ARGS=ui` has them."""
SPARE = 1.5
LOADED_KB_MAX = {"first_page_kb": 170, "execution_kb": 110, "builder_kb": 210}
"""All JavaScript and CSS until the page rests, its workers' too, as `make bench ARGS=ui` has it: each beyond those before it."""
TURNS = 8

LOOP: dict[str, Any] = {
    "name": "ui_large_loop",
    "nodes": [
        {"id": "each", "type": "for_each", "config": {"items": "input.items", "body": {"nodes": [{"id": "one", "type": "noop"}]}}},
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
    ],
    "edges": [{"from": "each", "to": "wait"}],
}
LONG: dict[str, Any] = {
    "name": "ui_large_long",
    "nodes": [{"id": "round", "type": "repeat", "config": {"times": 2_600, "body": {"nodes": [{"id": "one", "type": "noop"}]}}}],
}
BIG: dict[str, Any] = {
    "name": "ui_large_value",
    "nodes": [{"id": "done", "type": "end", "config": {"output": "{{ input }}"}}],
}
LOST: dict[str, Any] = {
    "name": "ui_large_lost",
    "settings": {"on_failure": "fail"},
    "nodes": [
        {
            "id": "each",
            "type": "for_each",
            "config": {
                "items": "[1, 2]",
                "body": {"nodes": [{"id": "no", "type": "fail", "config": {"type": "lost", "message": "<b>gone</b>"}}]},
            },
        }
    ],
}


@pytest.fixture(scope="module")
def large(server: Server) -> Server:
    """A server with a loop of 400 iterations, an output of a megabyte, and an execution that failed in a loop."""
    for definition in (LOOP, BIG, LOST):
        server.post("/v1/workflows", definition)
    begin(server, "ui_large_loop", {"items": list(range(400))}, "ui-loop")
    given = {"text": "x" * 1_000_000, "last": 10000.0}
    server.post("/v1/workflows/ui_large_value/executions?wait=30", {"input": given, "execution_id": "ui-big"})
    server.post("/v1/workflows/ui_large_lost/executions?wait=30", {"input": {}, "execution_id": "ui-lost"})
    return server


@pytest.fixture(scope="module")
def graph(large: Server) -> Server:
    """The same, with 2,000 nodes."""
    graphs.make(large.url)
    return large


def test_of_many_events_only_those_in_view_are_there(open_page: Opener, large: Server) -> None:
    page = open_page(f"{large.url}/executions/ui-loop?tab=events")
    expect(page.get_by_text("waiting for a signal")).to_be_visible(timeout=60_000)
    table = page.get_by_role("grid", name="Events")
    expect(table.get_by_role("row").nth(5)).to_be_visible()
    assert table.evaluate("(element) => element.scrollHeight > 10 * element.clientHeight")
    assert table.get_by_role("row").count() < 100
    table.press("End")
    expect(table.get_by_role("row").last).to_contain_text(str(table.evaluate("(element) => element.ariaRowCount - 1")))


def test_of_a_long_history_the_beginning_is_there_at_once_and_says_that_it_is_not_all(open_page: Opener, large: Server) -> None:
    large.post("/v1/workflows", LONG)
    done = large.post("/v1/workflows/ui_large_long/executions?wait=60", {"execution_id": "ui-long"}).json
    assert done["status"] == "completed"
    last = large.get("/v1/executions/ui-long/state").json["at"]
    assert last > 10_000
    page = open_page("about:blank")
    rest: list[Route] = []
    page.route(re.compile(r"/trace\?since=10000"), lambda route: rest.append(route))
    page.goto(f"{large.url}/executions/ui-long")
    expect(page.get_by_text(f"10,000 of {last:,} events are here")).to_be_visible()
    expect(page.get_by_text("completed", exact=True).first).to_be_visible()
    reel = page.get_by_role("slider", name=re.compile("All events"))
    reel.press("Home")
    expect(page.get_by_role("button", name=re.compile("As of 1 "))).to_be_visible()
    rest[0].continue_()
    expect(page.get_by_text("events are here")).to_have_count(0)
    expect(reel).to_have_attribute("aria-valuemax", str(last))
    expect(page).to_have_url(re.compile("at=1$"))


def test_from_far_away_a_graph_is_moved_zoomed_and_clicked(open_page: Opener, large: Server) -> None:
    page = open_page(f"{large.url}/executions/ui-loop")
    expect(page.locator('[data-path="wait"]')).to_be_visible()
    found = page.locator('[data-path="each"]').bounding_box()
    assert found is not None
    x, y = found["x"] + found["width"] / 2, found["y"] + found["height"] / 2
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, 240)
    expect(page.locator('[data-path="wait"]')).to_be_hidden()
    page.keyboard.up("Control")
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile("node=each"))
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    expect(page.locator('[data-path="each"]')).to_be_visible()


def test_of_a_big_value_its_size_and_its_beginning_are_shown_and_all_of_it_on_demand(open_page: Opener, large: Server) -> None:
    page = open_page(f"{large.url}/executions/ui-big")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("These are the first 64 KiB of 1 MB.")
    first = panel.locator("pre")
    expect(first).to_contain_text('{"text":"xxx')
    assert len(first.inner_text()) == 65_536
    with page.expect_download() as kept:
        panel.get_by_role("link", name="Save as a file").click()
    assert kept.value.path().read_text() == '{"text":"' + "x" * 1_000_000 + '","last":10000.0}'
    panel.get_by_role("button", name="Show all of it").click()
    expect(panel.get_by_role("group", name="Output")).to_contain_text("10000.0")
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("grid", name="Events").get_by_role("row").nth(1).click()
    panel.get_by_role("button", name="Show its beginning").first.click()
    expect(panel.locator("pre")).to_contain_text("xxxxx")


def test_a_failure_leads_to_the_run_that_failed(open_page: Opener, large: Server) -> None:
    page = open_page(f"{large.url}/executions/ui-lost?node=*")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("<b>gone</b>")
    expect(panel).not_to_contain_text("It has given nothing yet.")
    panel.get_by_role("button", name=re.compile("each.*no")).click()
    expect(page).to_have_url(re.compile(r"node=each.*no&iteration=each:0"))
    expect(panel).to_contain_text("gone")


def test_a_page_has_loaded_no_more_than_it_may_once_it_rests(browser: Browser, graph: Server) -> None:
    found = dict(sizes.measure(browser, graph.url))
    assert {name: found[name] for name, most in LOADED_KB_MAX.items() if not 50 < found[name] <= most} == {}


def test_two_thousand_nodes_are_drawn_and_dragged_within_their_bounds(browser: Browser, graph: Server) -> None:
    watched = Watched(browser)
    try:
        assert graphs.within(graph.url, watched, {name: SPARE * bound for name, bound in BOUNDS.items()}, TURNS) == []
    finally:
        watched.close()
