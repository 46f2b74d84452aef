"""The builder: the text and its graph, drafts that keep themselves, and publishing the text itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

TEXT = """\
# Why this is here
name: ui_built
variables: {limit: 10000.0, id: 9007199254740993}
nodes:
  - id: first   # the first
    type: delay
    config: {for: 1s}
  - {id: done, type: end}
edges:
  - {from: first, to: done}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def built(server: Server) -> Server:
    """A server with `ui_built`, and others like it for tests that change them."""
    for name in ("ui_built", "ui_built_kept", "ui_built_away", "ui_built_published"):
        assert server.ask("POST", "/v1/workflows", TEXT.replace("ui_built", name).encode(), YAML).status == 201
    return server


def text_of(page: Page) -> Any:
    return page.get_by_role("textbox", name="Text of the definition")


def box(page: Page, path: str) -> Any:
    return page.locator(f'[data-path="{path}"]')


def type_over(page: Page, before: str, after: str) -> None:
    """Put the cursor behind a text, take it out, and type another one."""
    text_of(page).click()
    page.keyboard.press("Control+f")
    page.keyboard.type(before)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.insert_text(after)


def test_every_look_of_the_builder_shuts_nobody_out(open_page: Opener, built: Server, look: Look, axe: str) -> None:
    page = open_page(f"{built.url}/workflows/ui_built/edit?node=first", look)
    expect(page.get_by_role("group", name="Graph of what is typed")).to_be_visible()
    expect(page.get_by_text("It can be published")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_graph_follows_what_is_typed_and_stays_grey_while_the_text_is_broken(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/new")
    expect(page).to_have_url(re.compile("draft=new-"))
    expect(box(page, "done")).to_be_visible()
    type_over(page, "id: done", "id: over")
    expect(box(page, "over")).to_be_visible()
    expect(box(page, "done")).to_have_count(0)
    type_over(page, "nodes:", "nodes: [")
    expect(page.get_by_text(re.compile(r"Line \d+ is broken"))).to_be_visible()
    expect(box(page, "over")).to_be_visible()
    expect(page.get_by_role("region", name="Problems")).to_contain_text("not YAML")
    text_of(page).press("Control+z")
    expect(page.get_by_text(re.compile(r"Line \d+ is broken"))).to_be_hidden()


def test_a_problem_stands_at_its_line_and_its_node_with_its_fix(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/ui_built/edit")
    expect(box(page, "first")).to_be_visible()
    type_over(page, "{for: 1s}", "{fr: 1s}")
    problems = page.get_by_role("region", name="Problems")
    expect(problems).to_contain_text("did you mean `for`?")
    expect(box(page, "first").get_by_role("img", name="there is a problem")).to_be_visible()
    expect(box(page, "done").get_by_role("img", name="there is a problem")).to_have_count(0)
    problems.get_by_role("button", name=re.compile("line 7")).first.click()
    expect(page).to_have_url(re.compile("node=first"))
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("dialog")).to_contain_text("There are problems")
    assert built.get("/v1/workflows/ui_built").json["version"] == 1


def test_keys_that_lead_elsewhere_are_letters_in_the_text(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/new")
    text_of(page).click()
    page.keyboard.type("g e?")
    expect(text_of(page)).to_contain_text("g e?")
    assert "/workflows/new" in page.url


def test_a_draft_keeps_itself_and_is_there_again(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/ui_built_kept/edit")
    type_over(page, "# Why this is here", "# Because")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    kept = built.get("/v1/drafts/ui_built_kept").json
    assert kept["text"] == TEXT.replace("ui_built", "ui_built_kept").replace("# Why this is here", "# Because")
    assert (kept["workflow"], kept["base_version"]) == ("ui_built_kept", 1)
    page.reload()
    expect(text_of(page)).to_contain_text("# Because")
    page.get_by_role("button", name="Discard the draft").click()
    page.get_by_role("menuitem", name="Discard the draft").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard the draft").click()
    expect(page).to_have_url(re.compile("/workflows/ui_built_kept$"))
    assert built.ask("GET", "/v1/drafts/ui_built_kept").status == 404


def test_what_is_typed_while_the_server_is_away_outlives_the_page(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/ui_built_away/edit")
    expect(box(page, "first")).to_be_visible()
    page.route("**/v1/**", lambda route: route.abort())
    type_over(page, "# Why this is here", "# Away")
    expect(page.get_by_text("The draft is kept in this browser")).to_be_visible()
    page.unroute("**/v1/**")
    page.reload()
    expect(text_of(page)).to_contain_text("# Away")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    assert "# Away" in built.get("/v1/drafts/ui_built_away").json["text"]
    open_page.wrong.clear()  # a browser says of each request that nobody answered


def test_it_is_published_by_keyboard_alone_as_the_text_that_it_is(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/ui_built_published/edit")
    expect(box(page, "first")).to_be_visible()
    text_of(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# mended\n")
    type_over(page, "for: 1s", "for: 2s")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    expect(page.get_by_text("It can be published")).to_be_visible()
    page.get_by_role("button", name="Publish").press("Enter")
    dialog = page.get_by_role("dialog", name="Publish ui_built_published")
    expect(dialog.locator("ins")).to_contain_text('"2s"')
    dialog.get_by_role("radio", name="Text").press("Space")
    expect(dialog.locator("ins").first).to_contain_text("# mended")
    expect(dialog.locator("del")).to_contain_text("for: 1s")
    dialog.get_by_role("button", name="Publish").press("Enter")
    expect(page).to_have_url(re.compile("/workflows/ui_built_published$"))
    expect(page.get_by_text("Version 2 of ui_built_published is stored, and active.")).to_be_visible()
    source = built.get("/v1/workflows/ui_built_published/source").content.decode()
    assert source == "# mended\n" + TEXT.replace("ui_built", "ui_built_published").replace("for: 1s", "for: 2s")
    assert built.ask("GET", "/v1/drafts/ui_built_published").status == 404


def test_a_draft_of_a_new_workflow_is_found_again_above_the_list(open_page: Opener, built: Server) -> None:
    page = open_page(f"{built.url}/workflows/new")
    type_over(page, "# What it does, in a sentence", "# Begun")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    draft = page.url.rsplit("draft=", 1)[1].split("&")[0]
    page.goto(f"{built.url}/workflows")
    page.get_by_role("region", name="Drafts").get_by_role("link", name=draft).click()
    expect(text_of(page)).to_contain_text("# Begun")
