"""Incidents of all executions: by their cause, resolved one by one or all of a cause."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to


def needs(name: str) -> dict[str, Any]:
    """A workflow that stops at `check`, with the text that it is told; tried again it goes on once `vars.ok` is true."""
    fails = {"id": "check", "type": "fail", "config": {"type": "order.odd", "message": 'no "order" {{ input }} at {{ input }}\'s'}}
    return {"name": name, "nodes": [fails]}


def stop(server: Server, name: str, *ids: str) -> None:
    server.post("/v1/workflows", needs(name))
    for one in ids:
        at = server.post(f"/v1/workflows/{name}/executions?wait=30", {"input": 7, "execution_id": one}).json["position"]
        server.get(f"/v1/incidents?min_position={at}")


def rows(page: Page, grid: str) -> Any:
    return page.get_by_role("grid", name=grid, exact=True).locator("[role=row][aria-selected]")


@pytest.fixture(scope="module")
def stopped(server: Server) -> Server:
    stop(server, "ui_looks", "looks-1", "looks-2", "looks-3")
    return server


def test_every_look_of_a_cause_shuts_nobody_out(open_page: Opener, stopped: Server, look: Look, axe: str) -> None:
    page = open_page(f"{stopped.url}/incidents", look)
    causes = rows(page, "Incidents")
    expect(causes.filter(has_text='no "order" # at #\'s')).to_be_visible()
    assert violations(page, axe) == []
    causes.filter(has_text='no "order" # at #\'s').click()
    expect(rows(page, "Incidents of this cause")).to_have_count(3)
    page.get_by_role("button", name="Resolve all").click()
    expect(page.get_by_text("3 executions, as of now:")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_incident_leads_to_its_node_and_is_resolved_alone(open_page: Opener, server: Server) -> None:
    stop(server, "ui_alone", "alone-1", "alone-2")
    page = open_page(f"{server.url}/incidents?workflow=ui_alone&node=check&type=order.odd&shape=no+%22order%22+%23+at+%23%27s")
    found = rows(page, "Incidents of this cause")
    found.filter(has_text="alone-1").get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Let it fail", exact=True).first.click()
    dialog.get_by_role("button", name="Let it fail").click()
    expect(found).to_have_count(1)
    assert server.get("/v1/executions/alone-1").json["status"] == "failed"
    found.filter(has_text="alone-2").click()
    expect(page).to_have_url(re.compile(r"/executions/alone-2\?node=check$"))
    page.go_back()
    expect(found).to_have_count(1)


def test_all_of_a_cause_are_resolved_by_keyboard_alone_with_a_result_for_each(open_page: Opener, server: Server) -> None:
    ids = [f"many-{number}" for number in range(4)]
    stop(server, "ui_many", *ids)
    page = open_page(f"{server.url}/executions")
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("n")
    causes = page.get_by_role("grid", name="Incidents", exact=True)
    cause = rows(page, "Incidents").filter(has_text="ui_many")
    walk_to(page, causes, cause)
    page.keyboard.press("Enter")
    expect(rows(page, "Incidents of this cause")).to_have_count(4)
    page.get_by_role("button", name="Resolve all").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("4 executions, as of now:")).to_be_visible()
    dialog.get_by_role("radio", name="Try again").focus()
    page.keyboard.press("ArrowRight")
    dialog.get_by_role("button", name="Let it fail: 4").press("Enter")
    expect(page.get_by_text("4 of 4: 4 done, 0 passed over, 0 failed")).to_be_visible()
    assert sorted(rows(page, "What became of each").locator("code").all_inner_texts()) == ids
    assert [server.get(f"/v1/executions/{one}").json["status"] for one in ids] == ["failed"] * 4
    page.reload()
    expect(page.get_by_text("4 of 4: 4 done, 0 passed over, 0 failed")).to_be_visible()
    page.get_by_role("button", name="Close").press("Enter")
    expect(page.get_by_text("All of this cause are resolved")).to_be_visible()


def test_where_nothing_is_open_it_says_when_the_last_one_was_resolved(open_page: Opener, server: Server, axe: str) -> None:
    stop(server, "ui_last", "last-1")
    for one in server.get("/v1/incidents?limit=500").json["incidents"]:
        server.post(f"/v1/executions/{one['execution_id']}/incidents/{one['incident']}/resolve", {"action": "fail"})
    page = open_page(f"{server.url}/incidents")
    expect(page.get_by_role("heading", name="Nothing needs you.")).to_be_visible()
    expect(page.get_by_text(re.compile("The last one was resolved "))).to_be_visible()
    assert violations(page, axe) == []
    stop(server, "ui_last", "last-2")
    expect(rows(page, "Incidents").filter(has_text="ui_last")).to_be_visible()
