"""The audit in a browser: who did what, found by filters that stand in the address, followed live, and led on from."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations, walk_to

WAITS = {"name": "ui_audited", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}


@pytest.fixture(scope="module")
def acted(server: Server) -> Server:
    server.publish(WAITS)
    begin(server, "ui_audited", {}, "ui-audited-1")
    server.post("/v1/executions/ui-audited-1/pause", {"reason": "the bank is <b>closed</b>"})
    server.post("/v1/credentials", {"name": "ui_audited_key", "kind": "bearer", "values": {"token": "t0ken-of-nobody"}})
    return server


def test_every_look_of_the_audit_shuts_nobody_out(open_page: Opener, acted: Server, look: Look, axe: str) -> None:
    page = open_page(f"{acted.url}/audit?workflow=ui_audited", look)
    expect(page.locator("[role=row][aria-selected]", has_text="paused")).to_be_visible()
    expect(page.locator("[role=row][aria-selected]", has_text="published")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_filters_stand_in_the_address_and_back_takes_them_away(open_page: Opener, acted: Server) -> None:
    page = open_page(f"{acted.url}/audit")
    page.get_by_label("Did").select_option("PauseExecution")
    page.get_by_label("Execution", exact=True).fill("ui-audited-1")
    page.get_by_label("Execution", exact=True).press("Enter")
    expect(page).to_have_url(f"{acted.url}/audit?command=PauseExecution&execution=ui-audited-1")
    row = page.locator("[role=row][aria-selected]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("the bank is <b>closed</b>")
    page.go_back()
    expect(page).to_have_url(f"{acted.url}/audit?command=PauseExecution")
    page.goto(f"{acted.url}/audit?after=2026-01-01T05:45:00.000Z&before=2026-01-01T06:45:00.000Z")
    expect(page.get_by_role("heading", name="Nobody has done anything like that")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page).to_have_url(f"{acted.url}/audit")
    page.get_by_label("Filter").fill("nobody == 1")
    page.get_by_label("Filter").press("Enter")
    expect(page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")
    open_page.wrong = [one for one in open_page.wrong if "422" not in one]


def test_rows_lead_on_by_keyboard_alone(open_page: Opener, acted: Server) -> None:
    page = open_page(f"{acted.url}/executions")
    expect(page.get_by_role("heading", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    grid = page.get_by_role("grid", name="Audit")
    walk_to(page, grid, page.locator("[role=row][aria-selected]", has_text="ui-audited-1").filter(has_text="paused"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{acted.url}/executions/ui-audited-1?at=4")
    page.go_back()
    walk_to(page, grid, page.locator("[role=row][aria-selected]", has_text="ui_audited_key"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{acted.url}/credentials?chosen=ui_audited_key")
    page.go_back()
    walk_to(page, grid, page.locator("[role=row][aria-selected]", has_text="published").filter(has_text="ui_audited"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{acted.url}/workflows/ui_audited?version=1")


def test_what_happens_is_there_by_itself(open_page: Opener, acted: Server) -> None:
    page = open_page(f"{acted.url}/audit?workflow=ui_audited&command=CreateExecution")
    rows = page.locator("[role=row][aria-selected]")
    expect(rows).to_have_count(1)
    acted.start("ui_audited", {}, execution_id="ui-audited-2")
    expect(page.locator("[role=row][aria-selected]", has_text="ui-audited-2")).to_be_visible()
