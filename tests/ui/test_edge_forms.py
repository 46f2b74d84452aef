"""The forms of edges, of the workflow itself, and of branches: each change is a splice, and all else stays as it was written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations
from .hand import graph

TEXT = """\
# Priced, then looked at
name: NAME
description: what it is for
input:
  type: object
  properties: {amount: {type: number}}   # in crowns
nodes:
  - {id: price, type: transform, config: {operation: value, value: {total: "{{ input.amount * 2 }}"}}}
  - id: both
    type: parallel
    config:
      branches:
        left:   # the first
          nodes: [{id: one, type: noop}]
        right: {nodes: [{id: two, type: noop}]}
  - {id: done, type: end}
edges:
  - {from: price, to: both}   # always
  - {from: price, to: done, when: "data.total > 1000"}
  - {from: both, to: done}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def formed(server: Server) -> Server:
    for name in ("ui_edge_look", "ui_edge", "ui_edge_keys", "ui_head", "ui_branches"):
        assert server.ask("POST", "/v1/workflows", TEXT.replace("NAME", name).encode(), YAML).status == 201
        begin(server, name, {"amount": 60.50}, f"{name}-1")
    return server


def text_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of the definition")


def kept(page: Page, server: Server, name: str) -> Any:
    expect(page.get_by_text("Draft kept")).to_be_visible()
    return server.get(f"/v1/drafts/{name}").json["text"]


@pytest.mark.parametrize("chosen", ["edge=:1", "form=head", "node=both"])
def test_every_look_of_a_form_shuts_nobody_out(open_page: Opener, formed: Server, look: Look, axe: str, chosen: str) -> None:
    page = open_page(f"{formed.url}/workflows/ui_edge_look/edit?{chosen}", look)
    expect(page.get_by_role("region", name=re.compile("^(Edge from price to done|The workflow|Node both)$"))).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_an_edge_takes_is_previewed_as_its_node_left_it(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_edge/edit?edge=:1")
    form = page.get_by_role("region", name="Edge from price to done")
    expect(form).to_be_visible(timeout=20_000)
    expect(form).to_contain_text("= false")
    expect(form).to_contain_text("As price left it")
    when = form.get_by_role("textbox", name="when")
    when.fill("data.total > 100")
    expect(form).to_contain_text("= true")
    form.get_by_label("From").select_option("price.error")
    expect(text_of(page)).to_contain_text('{from: price.error, to: done, when: "data.total > 100"}')
    form = page.get_by_role("region", name="Edge from price.error to done")
    form.get_by_label("To").select_option("both")
    text = TEXT.replace("NAME", "ui_edge")
    expect(text_of(page)).to_contain_text("{from: price.error, to: both")
    assert kept(page, formed, "ui_edge") == text.replace(
        '{from: price, to: done, when: "data.total > 1000"}', '{from: price.error, to: both, when: "data.total > 100"}'
    )
    page.get_by_role("button", name="Delete the edge").click()
    expect(text_of(page)).not_to_contain_text("price.error")
    expect(page.get_by_role("region", name=re.compile("^Edge"))).to_have_count(0)


def test_an_edge_is_filled_in_by_keys_and_completed(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_edge_keys/edit?node=price")
    expect(page.get_by_role("region", name="Node price")).to_be_visible(timeout=20_000)
    graph(page).focus()
    page.keyboard.press("e")
    expect(page.get_by_role("region", name="Edge from price to both")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("data.to")
    expect(page.get_by_role("option", name=re.compile("^total"))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type(" > 1.0")
    expect(page.get_by_role("region", name="Edge from price to both")).to_contain_text("= true")
    page.keyboard.press("Escape")
    expect(graph(page)).to_be_focused()
    expect(page.get_by_role("region", name=re.compile("^Edge"))).to_have_count(0)
    text = TEXT.replace("NAME", "ui_edge_keys")
    assert kept(page, formed, "ui_edge_keys") == text.replace("to: both}   # always", 'to: both, when: "data.total > 1.0"}   # always')


def test_the_workflow_has_a_form_of_its_own(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_head/edit")
    page.get_by_role("button", name="The workflow").click()
    form = page.get_by_role("region", name="The workflow")
    form.get_by_role("textbox", name="Description").fill("for whom it is")
    form.get_by_role("textbox", name="tags").fill("a\nb")
    expect(form.get_by_role("textbox", name="input")).to_have_value(re.compile('"amount"'))
    form.locator("summary", has_text=re.compile("^settings$")).press("Enter")
    form.get_by_role("textbox", name="timeout").first.fill("7d")
    expect(text_of(page)).to_contain_text("settings: {timeout: 7d}")
    form.get_by_role("button", name="Open the text: input").click()
    expect(text_of(page)).to_be_focused()
    text = TEXT.replace("NAME", "ui_head").replace("what it is for", "for whom it is")
    assert kept(page, formed, "ui_head") == f"{text}tags: [a, b]\nsettings: {{timeout: 7d}}\n"


def test_branches_are_named_added_and_taken_out(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_branches/edit?node=both")
    form = page.get_by_role("region", name="Node both")
    form.get_by_role("textbox", name="Key 1 of branches").fill("near")
    form.get_by_role("textbox", name="Key 1 of branches").press("Enter")
    expect(text_of(page)).to_contain_text("near:   # the first")
    form.get_by_role("textbox", name="Key 2 of branches").fill("near")
    form.get_by_role("textbox", name="Key 2 of branches").press("Enter")
    expect(page.get_by_role("status").filter(has_text="there is a near already")).to_be_visible()
    form.get_by_role("textbox", name="Key 2 of branches").fill("right")
    form.get_by_role("button", name="Add to branches").click()
    expect(form.get_by_role("textbox", name="Key 3 of branches")).to_have_value("branch_1")
    form.get_by_role("button", name="Remove branches 2").click()
    expect(text_of(page)).not_to_contain_text("id: two")
    text = TEXT.replace("NAME", "ui_branches").replace("left:", "near:")
    right = "        right: {nodes: [{id: two, type: noop}]}\n"
    assert kept(page, formed, "ui_branches") == text.replace(right, "        branch_1:\n          nodes: []\n")
