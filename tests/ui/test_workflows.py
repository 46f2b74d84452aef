"""The pages of workflows: which there are, the versions of one, and starting it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

FIRST = """\
# What greets people, and why
name: ui_greets
input:
  type: object
  required: [name, limit]
  additionalProperties: false
  properties:
    name: {type: string, minLength: 2, description: whom to greet}
    limit: {type: number}
    big: {type: integer}
nodes:
  - id: greet   # the first
    type: transform
    config: {operation: value, value: "Hello, {{ input.name }}"}
  - {id: done, type: end, config: {output: "{{ input }}"}}
edges:
  - {from: greet, to: done}
"""
SECOND = FIRST.replace("Hello", "Welcome")
THIRD = SECOND.replace("    type: transform\n", "    type: transform\n    position: {x: 40, y: 80}\n").replace(
    "{id: done, type: end,", "{id: done, type: end, position: {x: 400, y: 80},"
)
TEXT = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def greets(server: Server) -> Server:
    """A server with three versions of `ui_greets`, the last of which only moves nodes."""
    for text in (FIRST, SECOND, THIRD):
        assert server.ask("POST", "/v1/workflows", text.encode(), TEXT).status == 201
    return server


def test_every_look_of_the_list_of_workflows_shuts_nobody_out(open_page: Opener, greets: Server, look: Look, axe: str) -> None:
    page = open_page(f"{greets.url}/workflows?find=ui_greets", look)
    expect(page.get_by_role("row", name=re.compile("ui_greets"))).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("tab", ["graph", "text", "diff"])
def test_every_look_of_a_workflow_shuts_nobody_out(open_page: Opener, greets: Server, look: Look, axe: str, tab: str) -> None:
    page = open_page(f"{greets.url}/workflows/ui_greets?version=2&tab={tab}&before=1&as=text", look)
    shown = {
        "graph": "Graph of ui_greets, version 2",
        "text": "Text of ui_greets, version 2",
        "diff": "What is different between version 1 and 2",
    }
    expect(page.get_by_role("group", name=shown[tab])).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_row_is_found_by_a_part_of_its_name_and_leads_to_its_workflow(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows")
    expect(page.get_by_role("grid", name="Workflows")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("GREETS")
    expect(page).to_have_url(re.compile("find=GREETS"))
    expect(page.locator("[role=row][aria-selected]")).to_have_count(1)
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/workflows/ui_greets$"))
    expect(page.get_by_role("heading", name="ui_greets")).to_be_visible()


def test_versions_say_who_published_them_and_which_only_moves_nodes(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows/ui_greets")
    versions = page.get_by_role("region", name="Versions").get_by_role("listitem")
    expect(versions).to_have_count(3)
    expect(versions.nth(0)).to_contain_text("only moved")
    expect(versions.nth(1)).not_to_contain_text("only moved")
    expect(versions.nth(1)).to_contain_text("anonymous")


def test_the_text_is_shown_as_it_was_published_with_its_comments(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows/ui_greets?version=1&tab=text")
    text = page.get_by_role("group", name="Text of ui_greets, version 1")
    expect(text).to_contain_text("# What greets people, and why")
    expect(text).to_contain_text("- id: greet   # the first")


def test_it_is_rolled_back_and_archived_and_each_says_before_what_it_will_do(open_page: Opener, greets: Server) -> None:
    greets.ask("POST", "/v1/workflows", FIRST.replace("ui_greets", "ui_rolls").encode(), TEXT)
    greets.ask("POST", "/v1/workflows", SECOND.replace("ui_greets", "ui_rolls").encode(), TEXT)
    page = open_page(f"{greets.url}/workflows/ui_rolls?version=1")
    expect(page.get_by_text("starts with version 2")).to_be_visible()
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog", name="Roll back to version 1")
    expect(dialog).to_contain_text("Those that run keep the version they were started with")
    dialog.get_by_role("button", name="Roll back to version 1").click()
    expect(page.get_by_text("starts with version 1", exact=True)).to_be_visible()
    assert greets.get("/v1/workflows/ui_rolls").json["version"] == 1
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Archive").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("archived: nothing starts it")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_hidden()


def test_an_execution_is_started_by_keyboard_alone_with_a_form_made_of_the_schema(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows/ui_greets")
    page.get_by_role("button", name="Start", exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Start ui_greets")
    dialog.get_by_label("name", exact=True).focus()
    page.keyboard.type("A")
    page.keyboard.press("Tab")
    page.keyboard.type("10000.0")
    page.keyboard.press("Tab")
    page.keyboard.type("9007199254740993")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("/name")  # too short, says the server
    dialog.get_by_label("name", exact=True).focus()
    page.keyboard.type("da")
    page.keyboard.press("Enter")
    link = dialog.get_by_role("link", name=re.compile("Open "))
    expect(link).to_be_visible()
    link.press("Enter")
    expect(page).to_have_url(re.compile("/executions/"))
    execution = page.url.rsplit("/", 1)[1]
    state = greets.get(f"/v1/executions/{execution}/state").content
    assert b'"limit":10000.0' in state
    assert b"9007199254740993" in state
    open_page.wrong[:] = [one for one in open_page.wrong if "422" not in one]


def test_what_a_button_in_a_row_does_is_in_the_palette_of_the_page_of_its_workflow(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows/ui_greets")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("start")
    page.get_by_role("option", name="Start").first.click()
    expect(page.get_by_role("dialog", name="Start ui_greets")).to_be_visible()


def test_the_same_input_is_written_as_json(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows?find=ui_greets")
    page.get_by_role("button", name="Start ui_greets").click()
    dialog = page.get_by_role("dialog", name="Start ui_greets")
    dialog.get_by_label("limit", exact=True).fill("1.50")
    dialog.get_by_text("JSON", exact=True).click()
    text = dialog.get_by_label("Input (JSON)")
    expect(text).to_have_value('{\n  "name": "",\n  "limit": 1.50\n}')
    text.fill('{"name": "Bob", "limit": 1.50')
    expect(dialog).to_contain_text("This is no JSON")
    text.fill('{"name": "Bob", "limit": 1.50}')
    dialog.get_by_label("Id of the execution").fill("ui-greets-bob")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("link", name="Open ui-greets-bob")).to_be_visible()


def test_a_workflow_that_is_not_there_says_so_and_leads_to_those_that_are(open_page: Opener, greets: Server) -> None:
    page = open_page(f"{greets.url}/workflows/no_such_flow")
    expect(page.get_by_text("There is no workflow no_such_flow here")).to_be_visible()
    page.get_by_role("link", name="All workflows").click()
    expect(page.get_by_role("grid", name="Workflows")).to_be_visible()
    open_page.wrong[:] = [one for one in open_page.wrong if "404" not in one]
