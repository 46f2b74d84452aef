"""Moments of an execution that are marked and compared, loops in the graph, and what the palette and the list of keys reach."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

LOOP: dict[str, Any] = {
    "name": "ui_strip",
    "nodes": [
        {
            "id": "each",
            "type": "for_each",
            "name": "Each of many",
            "config": {
                "items": "input",
                "on_item_error": "collect",
                "body": {"nodes": [{"id": "half", "type": "code", "config": {"input": "{{ iteration.item }}", "source": "1 / input"}}]},
            },
        },
        {"id": "done", "type": "end"},
    ],
    "edges": [{"from": "each", "to": "done"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def looped(server: Server) -> Server:
    """An execution whose iterations 2 and 5 of 8 fail."""
    server.post("/v1/workflows", LOOP)
    server.ask("POST", "/v1/workflows/ui_strip/executions?wait=30", {"input": [1, 2, 0, 4, 5, 0, 7, 8], "execution_id": "strip-1"})
    begin(server, "ui_strip", [1, 1], "strip-2")
    return server


def strip(page: Page) -> Any:
    return page.locator('[data-path="each"]').get_by_role("group", name=re.compile(r"^\d of 8$"))


def test_every_look_of_a_loop_in_the_graph_shuts_nobody_out(open_page: Opener, looped: Server, look: Look, axe: str) -> None:
    page = open_page(f"{looped.url}/executions/strip-1?mark=3", look)
    expect(strip(page)).to_be_visible(timeout=20_000)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_strip_in_the_graph_walks_iterations_and_those_that_failed(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/executions/strip-1?iteration=each:0&node=done")
    expect(strip(page)).to_have_accessible_name("1 of 8", timeout=20_000)
    strip(page).get_by_role("button", name="Next of 2 that failed").click()
    expect(page).to_have_url(re.compile("iteration=each:2"))
    expect(strip(page)).to_have_accessible_name("3 of 8")
    strip(page).get_by_role("button", name="Next of 2 that failed").click()
    expect(page).to_have_url(re.compile("iteration=each:5"))
    expect(page.locator('[data-path="each[]/half"]').get_by_role("img", name="failed")).to_be_visible()
    strip(page).get_by_role("button", name="The iteration before").click()
    expect(page).to_have_url(re.compile("iteration=each:4.*|.*iteration=each:4"))
    expect(page).to_have_url(re.compile("node=done"))


def test_two_moments_are_marked_and_compared(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/executions/strip-2?at=3")
    page.get_by_role("button", name="Mark this moment").click(timeout=20_000)
    expect(page).to_have_url(re.compile("mark=3"))
    page.get_by_role("slider", name=re.compile("All events")).press("Home")
    expect(page).to_have_url(re.compile("at=1(&|$)"))
    page.get_by_role("button", name="Compare with event 3").click()
    expect(page).to_have_url(re.compile(r"/compare\?left=strip-2%?4?0?@?3&right=strip-2%?4?0?@?1$"))
    expect(page.get_by_text(re.compile("did otherwise$"))).to_be_visible()
    page.goto(f"{looped.url}/executions/strip-2?at=3")
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Compare")).click()
    expect(page.get_by_label("Left: After event")).to_have_value("3")


def test_the_palette_reaches_workflows_executions_and_what_can_be_done_here(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/executions/strip-1")
    expect(strip(page)).to_be_visible(timeout=20_000)
    search = page.get_by_role("combobox", name="Search and commands")
    for typed, option in (
        ("strip-2", "strip-2 Execution of ui_strip"), ("Edit ui_strip", "Edit ui_strip Workflows"),
        ("Templates", "Templates Pages"),
        ("Mark this", re.compile("Mark this moment")), ("Variables", "Variables On this page"),
        ("Compare with", re.compile("Compare with")),
    ):  # fmt: skip
        page.keyboard.press("ControlOrMeta+k")
        search.fill(typed)
        expect(page.get_by_role("option", name=option).first).to_be_visible()
        page.keyboard.press("Escape")
    page.keyboard.press("ControlOrMeta+k")
    search.fill("strip-2")
    expect(page.get_by_role("option", name="strip-2 Execution of ui_strip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/executions/strip-2"))
    page.keyboard.press("ControlOrMeta+k")
    search.fill("Variables")
    page.get_by_role("option", name="Variables On this page").click()
    expect(page.get_by_role("tab", name="Variables")).to_have_attribute("aria-selected", "true")


def test_what_comes_while_the_palette_is_open_is_in_it(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/executions/strip-1")
    expect(strip(page)).to_be_visible(timeout=20_000)
    held: list[Route] = []
    page.route("**/v1/executions/strip-2**", lambda route: held.append(route))
    page.evaluate("history.pushState(null, '', '/executions/strip-2'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("tab", name="Variables")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+k")
    page.get_by_role("combobox", name="Search and commands").fill("Variables")
    while held:
        held.pop().continue_()
    page.unroute("**/v1/executions/strip-2**")
    expect(page.get_by_role("option", name="Variables On this page")).to_be_visible()


def test_each_page_is_in_the_palette(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/settings")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("ControlOrMeta+k")
    for name in page.get_by_role("navigation", name="Pages").get_by_role("link").all():
        said = name.get_attribute("aria-label")
        if said != "Refold":
            expect(page.get_by_role("option", name=re.compile(f"^{said} Pages")).first).to_be_visible()


def test_the_list_of_keys_tells_of_the_parts_of_the_page(open_page: Opener, looped: Server) -> None:
    page = open_page(f"{looped.url}/executions/strip-1")
    expect(strip(page)).to_be_visible(timeout=20_000)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    for group in ("While the graph has the focus", "While the reel has the focus", "Anywhere"):
        expect(keys.get_by_role("heading", name=group)).to_be_visible()
    expect(keys).not_to_contain_text("While the text has the focus")
