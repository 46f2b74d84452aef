"""Test runs in the builder: a text is tried as it stands, with results that are given to it, and nothing is published."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import LOOKS, Look, Opener, violations

TEXT = """\
name: ui_tested
input: {type: object, properties: {order: {type: string}, amount: {type: number}}}
nodes:
  - {id: score, type: http_request, config: {url: "https://risk.example/score"}}
  - {id: cool, type: delay, config: {for: 24h}}
  - {id: high, type: condition, config: {expression: "nodes.score.output.points > 10"}}
  - {id: refuse, type: end, config: {outcome: refused}}
  - {id: paid, type: end, config: {outcome: paid}}
edges:
  - {from: score, to: cool}
  - {from: cool, to: high}
  - {from: high.true, to: refuse}
  - {from: high.false, to: paid}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def tested(server: Server) -> Server:
    """A server with `ui_tested`, and one like it whose draft is changed."""
    for name in ("ui_tested", "ui_tested_draft"):
        assert server.ask("POST", "/v1/workflows", TEXT.replace("ui_tested", name).encode(), YAML).status == 201
    return server


def panel(page: Page) -> Any:
    return page.get_by_role("region", name="Test run", exact=True)


def run(page: Page) -> Any:
    return page.get_by_role("region", name=re.compile("^Test run .+"))


def kept(server: Server, **plan: Any) -> Any:
    """What a browser has kept of an earlier test of `ui_tested`."""
    said = {"input": "{}", "pins": {}, "all": "", "stops": [], "skip": "waits", "unpinned": "refuse", **plan}
    entry = {"name": "refold.test.ui_tested", "value": json.dumps(said)}
    return {"cookies": [], "origins": [{"origin": server.url, "localStorage": [entry]}]}


def given(output: str, port: str = "") -> dict[str, str]:
    return {"as": "output", "output": output, "port": port, "type": "", "message": "", "execution": ""}


def tab_to(page: Page, target: Any) -> None:
    """Go on by Tab until something has the focus."""
    for _ in range(80):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def test_a_draft_is_tried_by_keyboard_alone_and_nothing_is_published(open_page: Opener, tested: Server) -> None:
    page = open_page(f"{tested.url}/workflows/ui_tested_draft/edit")
    text = page.get_by_role("textbox", name="Text of the definition")
    expect(page.get_by_text("It can be published")).to_be_visible()
    text.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("description: not published\n")
    expect(page.get_by_text("It can be published")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).focus()
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("button", name="Run", exact=True)).to_be_focused()
    expect(panel(page)).to_contain_text("Nothing goes out: what nothing is pinned for fails")
    tab_to(page, panel(page).get_by_role("combobox", name="Node"))
    page.keyboard.type("score")
    expect(page).to_have_url(re.compile("node=score"))
    tab_to(page, panel(page).get_by_role("radio", name="Nothing"))
    page.keyboard.press("ArrowRight")
    output = panel(page).get_by_role("textbox", name="Result of score (JSON)")
    tab_to(page, output)
    page.keyboard.press("Control+a")
    page.keyboard.type('{"points": 30.0, "id": 9007199254740993}')
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(panel(page).get_by_role("combobox", name="Node")).to_be_focused()
    page.keyboard.type("high")
    tab_to(page, panel(page).get_by_role("checkbox", name="Stop before high"))
    page.keyboard.press("Space")
    begin = panel(page).get_by_role("button", name="Run", exact=True)
    begin.focus()
    page.keyboard.press("Enter")
    expect(run(page)).to_contain_text("It stands before high.")
    expect(run(page).get_by_role("listitem").filter(has_text="score")).to_contain_text('{"points":30.0,"id":9007199254740993}')
    expect(page.locator('[data-path="cool"]').get_by_role("img", name="completed")).to_be_visible()
    page.reload()  # where it stands is in the address
    step = run(page).get_by_role("button", name="Step")
    step.focus()
    page.keyboard.press("Enter")
    expect(run(page)).to_contain_text("It stands before refuse.")
    go = run(page).get_by_role("button", name="Continue")
    go.focus()
    page.keyboard.press("Enter")
    expect(run(page)).to_contain_text("It has ended: refused.")
    execution = page.url.split("test=")[1].split("&")[0]
    state = tested.get(f"/v1/executions/{execution}/state").json
    assert (state["status"], state["outcome"], state["version"]) == ("completed", "refused", 0)
    assert state["test"]["unpinned"] == "refuse"
    assert tested.get("/v1/workflows/ui_tested_draft").json["version"] == 1
    run(page).get_by_role("link", name=f"Open {execution}").press("Enter")
    expect(page).to_have_url(re.compile(f"/executions/{execution}"))
    expect(page.get_by_text("not published")).to_be_visible()
    expect(page.locator("header").get_by_text("Test", exact=True)).to_be_visible()
    expect(page.locator('[data-path="refuse"]').get_by_role("img", name="completed")).to_be_visible()


def test_what_has_run_is_pinned_for_the_next_run_and_its_port_and_error_by_hand(open_page: Opener, tested: Server) -> None:
    page = open_page(f"{tested.url}/workflows/ui_tested/edit?test=open", storage_state=kept(tested, pins={"score": given('{"points": 3}')}))
    panel(page).get_by_role("textbox", name="order (may be left out)").fill("A-1")
    panel(page).get_by_role("button", name="Run", exact=True).click()
    expect(run(page)).to_contain_text("It has ended: paid.")
    first = page.url.split("test=")[1].split("&")[0]
    run(page).get_by_role("button", name="Pin this result of score").click()
    expect(panel(page).get_by_role("list", name="What is given")).to_contain_text(f"as in {first}")
    panel(page).get_by_role("combobox", name="Node").select_option("high")
    panel(page).locator("label", has_text="Result").click()
    panel(page).get_by_role("combobox", name="Port").select_option("true")
    panel(page).get_by_role("button", name="Run again").click()
    expect(run(page)).to_contain_text("It has ended: refused.")
    second = page.url.split("test=")[1].split("&")[0]
    assert tested.get(f"/v1/executions/{second}/state").json["input"] == {"order": "A-1"}
    panel(page).locator("label", has_text="Error").click()
    panel(page).get_by_role("textbox", name="Type of the error").fill("broken")
    panel(page).get_by_role("button", name="Run again").click()
    expect(run(page)).to_contain_text("broken")
    page.goto(f"{tested.url}/executions?filter=test+%3D%3D+true")
    expect(page.get_by_role("row").filter(has_text=second).get_by_text("Test", exact=True)).to_be_visible()


def test_what_is_refused_stands_at_its_pin_with_the_way_out(open_page: Opener, tested: Server) -> None:
    had = kept(tested, pins={"high": given("{}", "tru"), "gone": given("1")})
    page = open_page(f"{tested.url}/workflows/ui_tested/edit?test=open&node=high", storage_state=had)
    panel(page).get_by_role("button", name="Run", exact=True).click()
    rows = panel(page).get_by_role("list", name="What is given").locator("> li")
    expect(rows.filter(has_text="by tru")).to_contain_text("did you mean `true`?")
    expect(rows.filter(has_text="gone")).to_contain_text("there is no node gone in workflow ui_tested")
    open_page.wrong.clear()  # a browser notes each 422


def test_every_look_of_a_test_run_shuts_nobody_out(open_page: Opener, tested: Server, look: Look, axe: str) -> None:
    had = kept(tested, pins={"score": given('{"points": 30}')}, stops=["high"])
    page = open_page(f"{tested.url}/workflows/ui_tested/edit?test=open&node=score", look, storage_state=had)
    panel(page).get_by_role("button", name="Run", exact=True).click()
    expect(run(page)).to_contain_text("It stands before high.")
    expect(run(page).get_by_role("listitem")).to_have_count(3)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if look != LOOKS["phone"]:
        expect(page.locator('[data-path="score"]').get_by_role("img", name="completed")).to_be_visible()
