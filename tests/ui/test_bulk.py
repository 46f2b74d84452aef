"""The list of executions at work: what is marked and done with many at once, filters by conditions, columns, and saved views."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from refold.client.blocking import Client
from tests.api.conftest import Server

from .conftest import Look, Opener, violations

KEEPS: dict[str, Any] = {
    "name": "ui_keeps",
    "tags": ["ui-bulk"],
    "settings": {"search": {"group": "input.group", "place": "input.place"}},
    "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go", "count": 3}}],
}
ASKS: dict[str, Any] = {
    "name": "ui_asks",
    "nodes": [
        {"id": "ask", "type": "human_task", "config": {"kind": "confirmation", "question": "Pay?", "assignees": ["ada@example.com"]}}
    ],
}


def group(server: Server, name: str, count: int) -> str:
    """So many executions that wait, once they can be found; the address of their list, the oldest first."""
    server.publish(KEEPS)
    with Client(server.url) as client:
        client.start_many("ui_keeps", [{"group": name, "place": place} for place in range(count)], idempotency_key=name)
    at = server.get(f"/v1/executions/{name}-{count - 1}").json["position"]
    server.get(f"/v1/executions?limit=1&min_position={at}")
    return f"{server.url}/executions?sort=created_at&filter=search.group+%3D%3D+%22{name}%22"


def server_counts(server: Server) -> dict[str, int]:
    rows = server.get("/v1/executions?limit=500").json
    rows["executions"] += server.get(f"/v1/executions?limit=500&cursor={rows['next']}").json["executions"]
    return dict(Counter(row["status"] for row in rows["executions"]))


def rows(page: Page) -> Locator:
    return page.get_by_role("grid", name="Executions", exact=True).locator("[role=row][aria-selected]")


@pytest.fixture(scope="module")
def looked(server: Server) -> str:
    return group(server, "looked", 5)


def test_every_look_of_what_is_marked_shuts_nobody_out(open_page: Opener, looked: str, look: Look, axe: str) -> None:
    page = open_page(f"{looked}+%26%26+status+!%3D+%22failed%22", look)
    expect(rows(page)).to_have_count(5)
    page.get_by_role("checkbox", name="Mark all that are here").click()
    expect(page.get_by_text("5 marked")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Do something with them").click()
    expect(page.get_by_role("button", name="Pause: 5")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_role("dialog", name="Columns")).to_be_visible()
    assert violations(page, axe) == []


def test_some_are_marked_and_held_and_let_go_again_by_keyboard_alone(open_page: Opener, server: Server) -> None:
    page = open_page(group(server, "byhand", 6))
    server.post("/v1/executions/byhand-2/pause")
    expect(rows(page).nth(2)).to_contain_text("paused")
    page.get_by_role("grid", name="Executions").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("4 marked")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("3 marked")).to_be_visible()
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("One is passed over: it is paused already (byhand-2)")).to_be_visible()
    dialog.get_by_role("button", name="Pause: 2").press("Enter")
    expect(page.get_by_text("3 of 3: 2 done, 1 passed over, 0 failed")).to_be_visible()
    expect(page).to_have_url(re.compile("operation="))
    expect(page.get_by_role("grid", name="What became of each").locator("[role=row][aria-selected]")).to_have_count(3)
    assert [server.get(f"/v1/executions/byhand-{number}").json["status"] for number in range(5)] == [
        "running",
        "paused",
        "paused",
        "paused",
        "running",
    ]
    page.get_by_role("button", name="Take back: 2").press("Enter")
    expect(page.get_by_role("heading", name="Resume")).to_be_visible()
    expect(page.get_by_text("2 of 2: 2 done, 0 passed over, 0 failed")).to_be_visible()
    assert [server.get(f"/v1/executions/byhand-{number}").json["status"] for number in range(4)] == [
        "running",
        "running",
        "paused",
        "running",
    ]


def test_shift_marks_all_up_to_there_and_a_signal_goes_to_all_that_match(open_page: Opener, server: Server) -> None:
    page = open_page(group(server, "mouse", 6))
    boxes = page.get_by_role("grid", name="Executions").get_by_role("checkbox")
    boxes.nth(2).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.get_by_text("4 marked")).to_be_visible()
    page.get_by_role("button", name="All that match").click()
    expect(page.get_by_text("All that the filter takes")).to_be_visible()
    page.get_by_role("button", name="Do something with them").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is done").select_option("signal")
    expect(dialog.get_by_text("Say the name of the signal")).to_be_visible()
    dialog.get_by_label("Name of the signal").fill("go")
    dialog.get_by_label("What it says").fill('{"n": 9007199254740993}')
    dialog.get_by_role("button", name="Send a signal: 6").click()
    expect(page.get_by_text("6 of 6: 6 done, 0 passed over, 0 failed")).to_be_visible()
    received = [one for one in server.get("/v1/executions/mouse-5/history").json["events"] if one["type"] == "SignalReceived"]
    assert [one["data"]["payload"] for one in received] == [{"n": 9007199254740993}]


@pytest.fixture
def own(build: object, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, that it may kill."""
    made = Server(tmp_path / "own")
    yield made
    if made.process.poll() is None:
        made.kill()


def test_an_operation_goes_on_where_it_was_once_the_server_is_killed_in_its_middle(open_page: Opener, own: Server) -> None:
    page = open_page(group(own, "killed", 600))
    page.get_by_role("checkbox", name="Mark all that are here").click()
    page.get_by_role("button", name="All that match").click()
    page.get_by_role("button", name="Do something with them").click()
    page.get_by_role("button", name="Pause: 600").click()
    expect(page.get_by_text(re.compile("^200 of 600"))).to_be_visible(timeout=30_000)
    own.kill()
    again = Server(own.data, "--port", own.url.rpartition(":")[2])
    try:
        expect(page.get_by_text("600 of 600: 600 done, 0 passed over, 0 failed")).to_be_visible(timeout=60_000)
        assert server_counts(again) == {"paused": 600}
    finally:
        again.kill()
        page.close()
        open_page.wrong.clear()  # that nobody answered


def test_conditions_are_chosen_changed_and_taken_away_and_the_expression_says_the_same(open_page: Opener, server: Server) -> None:
    group(server, "terms", 4)
    page = open_page(f"{server.url}/executions?filter=search.group+%3D%3D+'terms'")
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name="Add a condition").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What", exact=True).select_option("search.place")
    dialog.get_by_label("How").select_option(">=")
    dialog.get_by_label("Value").fill("2")
    dialog.get_by_role("button", name="Add").click()
    typed = page.get_by_label("Filter", exact=True)
    expect(typed).to_have_value("search.group == 'terms' && search.place >= 2")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Change: search.place is at least 2").click()
    page.get_by_role("dialog").get_by_label("Value").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Change").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Take away: search.place is at least 3").click()
    expect(typed).to_have_value("search.group == 'terms'")
    expect(rows(page)).to_have_count(4)


def test_names_are_completed_and_what_is_refused_is_marked_where_it_stands(open_page: Opener, looked: str) -> None:
    page = open_page(looked)
    expect(rows(page)).to_have_count(5)
    typed = page.get_by_label("Filter", exact=True)
    typed.fill("")
    typed.press_sequentially("search.gr")
    expect(page.get_by_role("option", name="search.group")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(typed).to_have_value("search.group")
    page.keyboard.type(" == 'looked' && status == 'faled'")
    expect(page.locator("mark")).to_have_text("status == 'faled'")
    expect(typed).to_have_attribute("aria-invalid", "true")
    expect(rows(page)).to_have_count(5)


def test_columns_stand_in_the_address_in_their_order(open_page: Opener, looked: str) -> None:
    page = open_page(looked)
    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog", name="Columns")
    for name in ("Detail", "Took", "Created", "Workflow"):
        dialog.get_by_label(name, exact=True).uncheck()
    dialog.get_by_label("place", exact=True).check()
    dialog.get_by_role("button", name="place: earlier").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader")).to_have_text(["Mark all that are here", "State", "place", "Execution"])
    assert "columns=status&columns=search.place&columns=execution_id" in page.url
    page.reload()
    expect(rows(page).nth(3)).to_contain_text("3looked-3")


def test_a_view_is_saved_found_in_the_palette_changed_and_deleted(open_page: Opener, server: Server, looked: str, axe: str) -> None:
    page = open_page(f"{looked}&columns=execution_id")
    page.get_by_role("button", name="Save the view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("of looked")
    expect(dialog.get_by_text("1 to 63 letters")).to_be_visible()
    dialog.get_by_label("Name").fill("ui-looked")
    assert violations(page, axe) == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="ui-looked")).to_have_attribute("data-shown", "true")
    kept = server.get("/v1/views/ui-looked").json
    assert kept["value"] == {"filter": 'search.group == "looked"', "columns": ["execution_id"], "sort": "created_at"}
    page.goto(f"{server.url}/workers")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search and commands").fill("ui-looked")
    expect(page.get_by_role("option", name="ui-looked")).to_be_visible()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(5)
    page.goto(f"{server.url}/executions?view=ui-looked")
    expect(rows(page).first).to_have_text("Mark looked-0looked-0")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog", name="Columns").get_by_label("State", exact=True).check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="ui-looked changed")).to_be_visible()
    assert server.ask("PUT", "/v1/views/ui-looked", {"filter": "true"}).status == 200
    page.get_by_role("button", name="Save the view").click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("revision")
    open_page.wrong.clear()  # that it was overtaken
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/executions?view=ui-looked")
    page.get_by_role("button", name="Delete the view").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="ui-looked")).to_have_count(0)
    assert server.get("/v1/views/ui-looked").status == 404


def test_who_waits_for_people_is_a_view_that_everybody_has(open_page: Opener, server: Server) -> None:
    server.publish(ASKS)
    at = server.start("ui_asks", {}, execution_id="asks-1")["position"]
    server.get(f"/v1/waiting?limit=1&min_position={at}")
    page = open_page(f"{server.url}/executions")
    page.get_by_role("link", name="All").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("view=:people"))
    expect(rows(page).filter(has_text="asks-1")).to_be_visible()
    expect(rows(page).filter(has_text="ui_keeps")).to_have_count(0)
