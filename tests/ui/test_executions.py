"""The list of executions, and what stands around every page."""

from __future__ import annotations

import re
from typing import Any, Final

from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import ROOT, Look, Opener, violations
from .weights import weigh

STATIC: Final = ROOT / "api" / "static"
FIRST_PAGE_BYTES_MAX: Final = 170_000
"""JavaScript and CSS of the first page, compressed by gzip."""
DIVIDES: dict[str, Any] = {
    "name": "ui_divides",
    "settings": {"on_failure": "fail"},
    "nodes": [{"id": "divide", "type": "code", "config": {"source": "12 // input", "input": "{{ input }}"}}],
}


def test_every_look_of_the_list_shuts_nobody_out(open_page: Opener, server: Server, look: Look, axe: str) -> None:
    page = open_page(server.url, look)
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    assert page.url == f"{server.url}/executions"
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_first_page_is_light(open_page: Opener, server: Server) -> None:
    page = open_page("about:blank")
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(server.url)
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    files = [STATIC / url.removeprefix(f"{server.url}/") for url in asked if url.endswith((".js", ".css"))]
    assert len(files) >= 5
    weights = weigh(files)
    print(weights.table())
    assert weights.total <= FIRST_PAGE_BYTES_MAX, f"{weights.total:,} bytes:\n{weights.table()}"


def test_a_filter_stands_in_the_address_and_back_takes_it_away(open_page: Opener, server: Server) -> None:
    server.publish(DIVIDES)
    for number in (0, 1, 0):
        server.start("ui_divides", number, wait=30)
    page = open_page(f"{server.url}/executions?workflow=ui_divides")
    rows = page.locator("[role=row][aria-selected]")
    expect(rows).to_have_count(3)
    page.get_by_label("State").select_option("failed")
    expect(page).to_have_url(re.compile(r"/executions\?(?=.*workflow=ui_divides).*status=failed"))
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="failed")).to_have_count(2)
    page.get_by_label("Filter").fill("workflow == 'waits'")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No execution is like that")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/executions\?workflow=ui_divides$"))
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="completed")).to_have_count(1)


def test_what_happens_is_there_without_asking_again(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/executions?filter=execution_id+%3D%3D+'live-1'")
    expect(page.get_by_text("No execution is like that")).to_be_visible()
    server.post("/v1/workflows/waits/executions", {"input": {"order": "A-2"}, "execution_id": "live-1"})
    row = page.locator("[role=row][aria-selected]")
    expect(row).to_contain_text("waiting")
    server.post("/v1/executions/live-1/signals/approved", {})
    expect(row).to_contain_text("completed")


def test_the_palette_and_the_keys_are_there(open_page: Opener, server: Server, axe: str) -> None:
    page = open_page(f"{server.url}/executions?status=failed")
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search and commands").fill("exec")
    assert violations(page, axe) == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/executions")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press(",")
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 19)"


def test_a_filter_that_cannot_be_asked_says_so_where_it_is_typed(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/executions?filter=nothing+%3D%3D")
    expect(page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Filter").fill("workflow == 'hello'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid")).to_be_visible()
