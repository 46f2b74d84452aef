"""Schedules and triggers: when they fire, what they passed over, paused, resumed and back-filled from a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to


def starts(name: str, *triggers: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "triggers": list(triggers), "nodes": [{"id": "done", "type": "end"}]}


HOURLY: dict[str, Any] = {"id": "hourly", "type": "schedule", "cron": "0 * * * *"}
JITTERED: dict[str, Any] = {"id": "soon", "type": "schedule", "every": "1s", "jitter": "3s"}


@pytest.fixture(scope="module")
def scheduled(server: Server) -> Server:
    server.post("/v1/workflows", starts("ui_starts", HOURLY, {"id": "by_hand", "type": "manual"}))
    server.post("/v1/triggers/ui_starts.by_hand/fire", {})
    return server


def test_every_look_of_a_trigger_shuts_nobody_out(open_page: Opener, scheduled: Server, look: Look, axe: str) -> None:
    page = open_page(f"{scheduled.url}/triggers", look)
    page.locator("[role=row][aria-selected]", has_text="ui_starts.hourly").click()
    expect(page.get_by_role("heading", name="ui_starts.hourly")).to_be_visible()
    expect(page.locator("h3", has_text="Next runs").locator("xpath=..").get_by_role("listitem")).to_have_count(10)
    assert violations(page, axe) == []
    page.get_by_role("button", name="Back-fill").click()
    expect(page.get_by_role("button", name="Back-fill 24 times")).to_be_enabled()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_trigger_is_paused_with_a_reason_and_goes_on_by_keyboard_alone(open_page: Opener, server: Server) -> None:
    server.post("/v1/workflows", starts("ui_holds", HOURLY))
    page = open_page(f"{server.url}/executions")
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("s")
    row = page.locator("[role=row][aria-selected]", has_text="ui_holds.hourly")
    walk_to(page, page.get_by_role("grid", name="Schedules and triggers"), row)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause").press("Enter")
    page.get_by_label("Reason").focus()
    page.keyboard.type("the bank is <b>closed</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("by anonymous: the bank is <b>closed</b>")).to_be_visible()
    expect(row).to_contain_text("paused")
    assert server.get("/v1/triggers/ui_holds.hourly").json["paused"]["reason"] == "the bank is <b>closed</b>"
    page.get_by_role("button", name="Resume").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Resume").press("Enter")
    expect(row).to_contain_text("active")


def test_a_back_fill_says_how_many_and_then_what_became_of_each(open_page: Opener, server: Server) -> None:
    server.post("/v1/workflows", starts("ui_fills", HOURLY))
    page = open_page(f"{server.url}/triggers?trigger=ui_fills.hourly", timezone_id="Asia/Kathmandu")
    page.get_by_role("button", name="Back-fill").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From").fill("2026-01-01T05:45")
    dialog.get_by_label("Before").fill("2026-01-01T05:45")
    expect(dialog.get_by_text("It has to be later than the first one")).to_be_visible()
    dialog.get_by_label("Before").fill("2026-01-01T08:45")
    dialog.get_by_role("button", name="Back-fill 3 times").click()
    expect(page.get_by_text("Back-filled: 3 started, 0 there already, 0 refused")).to_be_visible()
    page.get_by_role("button", name="Back-fill").click()
    dialog.get_by_label("From").fill("2026-01-01T05:45")
    dialog.get_by_label("Before").fill("2026-01-01T09:45")
    with page.expect_response(lambda one: '"dry_run":false' in (one.request.post_data or "")) as filled:
        dialog.get_by_role("button", name="Back-fill 4 times").click()
    expect(page.get_by_text("Back-filled: 1 started, 3 there already, 0 refused")).to_be_visible()
    found = server.get(f"/v1/executions?workflow=ui_fills&min_position={filled.value.headers['refold-position']}").json["executions"]
    assert len(found) == 4


def test_a_long_range_is_back_filled_some_at_a_time_with_how_far_that_is_and_can_be_stopped(open_page: Opener, server: Server) -> None:
    server.post("/v1/workflows", starts("ui_fills_many", {**HOURLY, "cron": "*/10 * * * *"}))
    page = open_page(f"{server.url}/triggers?trigger=ui_fills_many.hourly", timezone_id="UTC")
    page.get_by_role("button", name="Back-fill").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From").fill("2026-01-01T00:00")
    dialog.get_by_label("Before").fill("2026-01-02T00:00")
    expect(dialog.get_by_text("and 139 more")).to_be_visible()
    held: list[Any] = []
    page.route(
        "**/backfill",
        lambda route: held.append(route) if held or '"2026-01-01T08:20' in (route.request.post_data or "") else route.continue_(),
    )
    dialog.get_by_role("button", name="Back-fill 144 times").click()
    expect(dialog.get_by_text("50 times so far")).to_be_visible()
    expect(dialog.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "35")
    dialog.get_by_role("button", name="Stop here").click()
    held[0].continue_()
    expect(page.get_by_text("Back-filled: 100 started, 0 there already, 0 refused")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_a_schedule_says_its_skew_its_drift_and_what_it_missed(open_page: Opener, server: Server) -> None:
    server.post("/v1/workflows", starts("ui_fires_late", JITTERED))
    page = open_page(f"{server.url}/triggers?trigger=ui_fires_late.soon")
    skew = server.get("/v1/triggers/ui_fires_late.soon").json["jitter_ms"]
    assert 0 < skew < 3_000, "it follows from the name"
    facts = page.locator("dl > div")
    expect(facts.filter(has_text="Skew")).to_contain_text("after what its line says, always the same (jitter)")
    expect(facts.filter(has_text="Drift")).to_contain_text("later than that, the last time", timeout=30_000)
    expect(facts.filter(has_text="Missed")).to_contain_text("none lately")
    server.post("/v1/triggers/ui_fires_late.soon/pause", {})


def test_a_trigger_that_is_not_there_is_said(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/triggers?trigger=ui_nothing.at_all")
    expect(page.get_by_role("heading", name="There is no trigger ui_nothing.at_all here")).to_be_visible()
    open_page.wrong = [one for one in open_page.wrong if "404" not in one]
