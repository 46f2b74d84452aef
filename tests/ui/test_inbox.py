"""The inbox: what people are asked, answered from a browser, by keyboard and on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations, walk_to

ASKS: dict[str, Any] = {
    "name": "ui_asks",
    "nodes": [
        {
            "id": "approve",
            "type": "human_task",
            "config": {
                "kind": "confirmation",
                "question": "Pay {{ input.amount }} € to {{ input.payee }}?",
                "details": {"amount": "{{ input.amount }}"},
                "assignees": ["ada@example.com"],
                "form": {
                    "type": "object",
                    "required": ["reason"],
                    "properties": {"reason": {"type": "string", "title": "Reason"}, "limit": {"type": "number"}},
                },
            },
        },
        {"id": "done", "type": "end", "config": {"output": "{{ data }}"}},
    ],
    "edges": [{"from": "approve.approved", "to": "done"}],
}


@pytest.fixture(scope="module")
def asks(server: Server) -> Server:
    server.post("/v1/workflows", ASKS)
    return server


def ask(server: Server, name: str) -> None:
    begin(server, "ui_asks", {"amount": 10, "payee": name}, f"ui-{name}")


def be(page: Any, person: str) -> None:
    """Say who one is, as a person does."""
    page.get_by_role("button", name="Look, time and you").click()
    page.get_by_label("Who you are").fill(person)
    page.keyboard.press("Escape")


def test_every_look_of_a_task_shuts_nobody_out(open_page: Opener, asks: Server, look: Look, axe: str) -> None:
    ask(asks, "looks")
    page = open_page(f"{asks.url}/inbox/ui-looks~approve@1?which=all", look)
    expect(page.get_by_role("heading", name="Pay 10 € to looks?")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_name_in_any_script_with_a_space_in_it_is_typed_and_is_who_acts(open_page: Opener, asks: Server) -> None:
    anybody = {"id": "approve", "type": "human_task", "config": {"kind": "confirmation", "question": "Is it so?"}}
    asks.post("/v1/workflows", {"name": "ui_anybody", "nodes": [anybody]})
    begin(asks, "ui_anybody", None, "ui-names")
    page = open_page(f"{asks.url}/inbox/ui-names~approve@1?which=all")
    page.get_by_role("button", name="Look, time and you").click()
    page.get_by_label("Who you are").press_sequentially("Łucja Nowak")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take it upon me").click()
    expect(page.get_by_text("Taken by Łucja Nowak")).to_be_visible()
    expect(page.get_by_role("button", name="Give it back")).to_be_visible()
    assert asks.get("/v1/tasks/ui-names~approve@1").json["claimed_by"] == "Łucja Nowak"
    asks.post("/v1/executions/ui-names/terminate", {})  # what anybody is asked would stand in the lists of other tests


def test_whoever_is_asked_answers_and_what_was_begun_is_kept_until_it_counts(open_page: Opener, asks: Server) -> None:
    ask(asks, "keeps")
    page = open_page(f"{asks.url}/inbox")
    be(page, "ada@example.com")
    page.locator("[role=row][aria-selected]", has_text="keeps").click()
    expect(page).to_have_url(re.compile("ui-keeps~approve(@|%40)1"))
    page.get_by_label("Reason").fill("as agreed")
    page.get_by_label("limit").fill("10000.0")
    page.reload()
    expect(page.get_by_label("Reason")).to_have_value("as agreed")
    page.get_by_role("button", name="approved").click()
    expect(page.get_by_text(re.compile("This task is over: answered"))).to_be_visible()
    assert b'"limit":10000.0' in asks.get("/v1/executions/ui-keeps/history?from=1&limit=100").content


def test_an_answer_of_somebody_else_is_refused_in_words_and_nothing_is_lost(open_page: Opener, asks: Server, axe: str) -> None:
    ask(asks, "refuses")
    page = open_page(f"{asks.url}/inbox/ui-refuses~approve@1?which=all")
    be(page, "eve@example.com")
    page.get_by_label("Reason").fill("because")
    page.get_by_role("button", name="approved").click()
    expect(page.get_by_role("alert")).to_contain_text("eve@example.com")
    expect(page.get_by_label("Reason")).to_have_value("because")
    assert violations(page, axe) == []
    open_page.wrong = [one for one in open_page.wrong if "403" not in one]


def test_a_task_is_answered_by_keyboard_alone(open_page: Opener, asks: Server) -> None:
    ask(asks, "keys")
    page = open_page(f"{asks.url}/inbox")
    be(page, "ada@example.com")
    page.keyboard.press("g")
    page.keyboard.press("i")
    walk_to(page, page.get_by_role("grid", name="Inbox"), page.locator("[role=row][aria-selected]", has_text="keys"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pay 10 € to keys?")).to_be_visible()
    page.get_by_label("Reason").focus()
    page.keyboard.type("fine")
    page.get_by_role("button", name="approved").press("Enter")
    expect(page.get_by_text(re.compile("This task is over: answered"))).to_be_visible()


def test_what_is_said_and_taken_is_there_for_all(open_page: Opener, asks: Server) -> None:
    ask(asks, "talks")
    page = open_page(f"{asks.url}/inbox/ui-talks~approve@1?which=all")
    be(page, "ada@example.com")
    page.get_by_role("button", name="Take it upon me").click()
    expect(page.get_by_text("Taken by ada@example.com")).to_be_visible()
    page.get_by_label("Say", exact=True).fill("<b>who</b> is this?")
    page.get_by_role("button", name="Say", exact=True).click()
    expect(page.get_by_text("<b>who</b> is this?")).to_be_visible()
    page.locator("input[type=file]").set_input_files({"name": "offer.txt", "mimeType": "text/plain", "buffer": b"10 EUR"})
    expect(page.get_by_role("link", name="Get offer.txt")).to_be_visible()
    with page.expect_download() as got:
        page.get_by_role("link", name="Get offer.txt").click()
    assert got.value.path().read_bytes() == b"10 EUR"
