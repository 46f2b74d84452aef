"""A new execution goes on from the event that the reel shows, or before a failure; and a budget that is used up is raised."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

ORDER = """\
name: ui_fork
variables: {limit: 10}
settings: {on_failure: fail}
nodes:
  - {id: price, type: transform, config: {operation: value, value: {sum: "{{ input.total * 2 }}"}}}
  - {id: paid, type: wait_signal, config: {name: paid}}
  - {id: check, type: condition, config: {expression: "nodes.price.output.sum < vars.limit"}}
  - {id: refuse, type: fail, config: {type: too_much, message: "more than the limit"}}
  - {id: done, type: end, config: {outcome: sold, output: "{{ nodes.price.output.sum }}"}}
edges:
  - {from: price, to: paid}
  - {from: paid.received, to: check}
  - {from: check.false, to: refuse}
  - {from: check.true, to: done}
"""
ASKS: dict[str, Any] = {
    "name": "ui_budget",
    "settings": {"budget": {"tokens": 10}},
    "nodes": [{"id": "ask", "type": "llm", "config": {"model": "ollama:none", "prompt": "hello", "max_tokens": 100}}],
}


def publish(server: Server, text: str) -> None:
    assert server.ask("POST", "/v1/workflows", text.encode(), {"Content-Type": "application/yaml"}).status in (200, 201)


@pytest.fixture(scope="module")
def orders(server: Server) -> Server:
    """A server on which `ui-source` waits for its payment after event 5, and `ui-refused` has failed."""
    publish(server, ORDER)
    for name in ("ui-source", "ui-refused"):
        begin(server, "ui_fork", {"total": 20}, name)
    assert server.post("/v1/executions/ui-refused/signals/paid", {}).json["status"] == "failed"
    return server


def item(page: Page, name: str) -> Locator:
    page.get_by_role("button", name="Do", exact=True).click()
    return page.get_by_role("menuitem", name=name)


def history(server: Server, execution: str) -> Any:
    return server.get(f"/v1/executions/{execution}/history").json["events"]


def forked_from(page: Page, source: str) -> str:
    """The execution whose page is shown once a fork of another one has begun."""
    expect(page).not_to_have_url(re.compile(f"/executions/{source}"))
    return re.sub(r".*/executions/([^?]+).*", r"\1", page.url)


def test_every_look_of_a_fork_shuts_nobody_out(open_page: Opener, orders: Server, look: Look, axe: str) -> None:
    page = open_page(f"{orders.url}/executions/ui-source?at=4", look)
    item(page, "Fork from here …").click()
    dialog = page.get_by_role("dialog", name="Fork ui-source")
    expect(dialog.get_by_label("After event")).to_have_value("4")
    dialog.get_by_label("Set before it goes on").fill("nothing")
    expect(dialog.get_by_text("Line 1: expected PATH = JSON").first).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog.get_by_label("Set before it goes on").fill("")
    dialog.get_by_role("button", name="Fork", exact=True).click()
    made = forked_from(page, "ui-source")
    whole = page.get_by_role("complementary", name="What is chosen")
    expect(whole.get_by_role("link", name="Fork of ui-source at event 5")).to_be_visible()
    assert orders.get(f"/v1/executions/{made}/state").json["forked_from"] == {"execution_id": "ui-source", "at": 5}
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_the_moment_that_is_shown_it_goes_on_with_other_values_and_leads_back(open_page: Opener, orders: Server) -> None:
    before = history(orders, "ui-source")
    page = open_page(f"{orders.url}/executions/ui-source?at=5")
    item(page, "Fork from here …").click()
    dialog = page.get_by_role("dialog", name="Fork ui-source")
    expect(dialog.get_by_text("ui-source stays as it is")).to_be_visible()
    dialog.get_by_role("button", name="variables.limit").click()
    edits = dialog.get_by_label("Set before it goes on")
    expect(edits).to_have_value("variables.limit = 10")
    edits.fill('variables.limit = 9007199254740993\ninput = {"total": 20.0}')
    dialog.get_by_role("button", name="Fork", exact=True).click()
    made = forked_from(page, "ui-source")
    state = orders.get(f"/v1/executions/{made}/state")
    assert state.json["variables"] == {"limit": 9007199254740993}
    assert b"20.0" in state.content
    assert history(orders, "ui-source") == before
    box = page.locator('[data-path="price"]')
    expect(box.get_by_role("img", name="completed")).to_be_visible()
    expect(box).not_to_contain_text("NaN")
    box.click()
    page.get_by_role("link", name="as it was in ui-source at event 5").click()
    expect(page).to_have_url(re.compile(r"/executions/ui-source\?.*at=5"))
    expect(page.get_by_role("tabpanel")).to_contain_text('"sum": 40')


def test_live_it_goes_on_from_the_end_and_what_does_not_fit_is_told_and_begins_nothing(open_page: Opener, orders: Server) -> None:
    begin(orders, "ui_fork", {"total": 1}, "ui-odd")
    end = len(history(orders, "ui-odd"))
    page = open_page(f"{orders.url}/executions/ui-odd")
    expect(item(page, "Retry …")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("menuitem", name="Fork from here …").click()
    dialog = page.get_by_role("dialog", name="Fork ui-odd")
    at, edits, go = (
        dialog.get_by_label("After event"),
        dialog.get_by_label("Set before it goes on"),
        dialog.get_by_role("button", name="Fork", exact=True),
    )
    expect(at).to_have_value(str(end))
    for text, said in (
        ("variables.limit = ten", "Line 1: behind = stands no JSON"),
        ("variables.limit = 1\nvariables.limit = 2", "Line 2: variables.limit is set in line 1"),
    ):
        edits.fill(text)
        expect(dialog.get_by_text(said).first).to_be_visible()
        expect(go).to_have_attribute("aria-disabled", "true")
    edits.fill("variables.limt = 3")
    go.click()
    expect(dialog.get_by_role("alert")).to_contain_text("did you mean limit?")
    edits.fill("")
    at.fill("0")
    expect(dialog.get_by_text("Events are whole numbers, from 1 on").first).to_be_visible()
    at.fill("99")
    go.click()
    expect(dialog.get_by_role("alert")).to_contain_text(f"ui-odd has the events 1 to {end}, not 99")
    assert orders.get("/v1/executions?filter=forked_from%20%3D%3D%20%27ui-odd%27").json["executions"] == []
    assert [one for one in open_page.wrong if "422" not in one] == []
    open_page.wrong.clear()


def test_what_has_failed_is_retried_from_the_palette_once_something_is_otherwise(open_page: Opener, orders: Server) -> None:
    page = open_page(f"{orders.url}/executions/ui-refused")
    expect(page.get_by_role("heading", name="ui_fork")).to_be_visible()
    page.keyboard.press("ControlOrMeta+k")
    page.get_by_role("combobox").fill("Retry")
    page.get_by_role("option", name="Retry …").click()
    dialog = page.get_by_role("dialog", name="Retry ui-refused")
    go = dialog.get_by_role("button", name="Retry", exact=True)
    go.click()
    expect(dialog.get_by_role("alert")).to_contain_text("it would fail again")
    dialog.get_by_label("Set before it goes on").fill("variables.limit = 50")
    dialog.get_by_label("Id of the new execution").fill("ui-retried")
    go.click()
    expect(page).to_have_url(re.compile(r"/executions/ui-retried"))
    assert orders.get("/v1/executions/ui-retried/state").json["outcome"] == "sold"
    assert orders.get("/v1/executions/ui-refused/state").json["status"] == "failed"
    assert [one for one in open_page.wrong if "409" not in one] == []
    open_page.wrong.clear()


def test_another_version_goes_on(open_page: Opener, orders: Server) -> None:
    begin(orders, "ui_fork", {"total": 3}, "ui-versions")
    publish(orders, ORDER.replace("sold", "sold_by_another"))
    page = open_page(f"{orders.url}/executions/ui-versions")
    item(page, "Fork from here …").click()
    dialog = page.get_by_role("dialog", name="Fork ui-versions")
    dialog.get_by_label("Goes on by").select_option("2")
    dialog.get_by_role("button", name="Fork", exact=True).click()
    made = forked_from(page, "ui-versions")
    orders.post(f"/v1/executions/{made}/signals/paid", {})
    assert orders.get(f"/v1/executions/{made}/state").json["outcome"] == "sold_by_another"


@pytest.fixture(scope="module")
def spent(server: Server) -> Server:
    """A server on which two executions have a budget that does not do for what they ask."""
    assert server.post("/v1/workflows", ASKS).status == 201
    for name in ("ui-spent", "ui-spent-too"):
        at = server.post("/v1/workflows/ui_budget/executions?wait=30", {"execution_id": name}).json["position"]
        server.get(f"/v1/incidents?min_position={at}")
    return server


def raised(server: Server, execution: str) -> Any:
    return [event["data"] for event in history(server, execution) if event["type"] == "BudgetRaised"]


def test_a_budget_that_is_used_up_says_so_in_words_and_takes_another_limit(open_page: Opener, spent: Server, look: Look, axe: str) -> None:
    name = "ui-spent" if look.width > 400 else "ui-spent-too"
    page = open_page(f"{spent.url}/executions/{name}", look)
    page.get_by_role("button", name="Retry", exact=True).click()
    dialog = page.get_by_role("dialog", name="Retry")
    for said in ("Limit of the execution", "10 tokens", "Spent", "0 tokens", "Set aside for calls under way", "Needed next, at most"):
        expect(dialog.get_by_text(said, exact=True).first).to_be_visible()
    limit = dialog.get_by_label("New limit, in tokens")
    limit.fill("ten")
    expect(dialog.get_by_text("This is no number").first).to_be_visible()
    assert violations(page, axe) == []
    limit.fill("-1")
    dialog.get_by_role("button", name="Retry", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert raised(spent, name) == []
    limit.fill("100000")
    dialog.get_by_role("button", name="Retry", exact=True).click()
    expect(dialog).to_be_hidden()
    (limits,) = raised(spent, name)
    assert limits["limits"]["tokens"] == 100_000
    assert [one for one in open_page.wrong if "422" not in one] == []
    open_page.wrong.clear()


def test_the_page_of_incidents_raises_a_budget_too(open_page: Opener, spent: Server) -> None:
    at = spent.post("/v1/workflows/ui_budget/executions?wait=30", {"execution_id": "ui-spent-third"}).json["position"]
    spent.get(f"/v1/incidents?min_position={at}")
    page = open_page(f"{spent.url}/incidents")
    page.get_by_role("grid", name="Incidents", exact=True).locator("[role=row]").filter(has_text="ui_budget").filter(
        has_text="tokens"
    ).click()
    found = page.get_by_role("grid", name="Incidents of this cause").locator("[role=row][aria-selected]")
    found.filter(has_text="ui-spent-third").get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New limit, in tokens").fill("100000")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_be_hidden()
    assert raised(spent, "ui-spent-third")[0]["limits"]["tokens"] == 100_000
