"""The form of a node and completion: what is filled in is a splice of the text, and what an expression gives is shown beside it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

TEXT = """\
# Priced, then looked at
name: ui_forms
input:
  type: object
  properties: {order_id: {type: string, description: which order}, amount: {type: number}}
variables: {approved: false}
nodes:
  - id: price   # doubled
    type: transform
    config: {operation: value, value: {total: "{{ input.amount * 2 }}"}}
  - id: big
    type: condition
    config: {expression: "input.amount > 100"}   # in crowns
  - id: wait
    type: delay
    config: {for: 1s}
    retry: {max_attempts: 3, multiplier: 2.0}
  - {id: done, type: end, config: {outcome: shipped}}
edges:
  - {from: price, to: big}
  - {from: big.true, to: wait}
  - {from: big.false, to: done}
  - {from: wait, to: done}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def formed(server: Server) -> Server:
    """A server with `ui_forms`, which has run once, and others like it for tests that change them."""
    for name in ("ui_forms", "ui_forms_text", "ui_forms_keys", "ui_forms_fix"):
        assert server.ask("POST", "/v1/workflows", TEXT.replace("ui_forms", name).encode(), YAML).status == 201
        begin(server, name, {"order_id": "A-1", "amount": 60.50}, f"{name}-1")
    return server


def form(page: Page, node: str) -> Any:
    return page.get_by_role("region", name=f"Node {node}")


def text_of(page: Page) -> Any:
    return page.get_by_role("textbox", name="Text of the definition")


def kept(page: Page, server: Server, name: str) -> str:
    """The text as the draft keeps it."""
    expect(page.get_by_text("Draft kept")).to_be_visible()
    return str(server.get(f"/v1/drafts/{name}").json["text"])


def test_every_look_of_the_form_shuts_nobody_out(open_page: Opener, formed: Server, look: Look, axe: str) -> None:
    page = open_page(f"{formed.url}/workflows/ui_forms/edit?node=big", look)
    expect(form(page, "big")).to_contain_text("= false")
    expect(form(page, "big")).to_contain_text("As big saw it")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_filled_in_is_a_splice_and_is_undone_where_the_text_is(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_forms_text/edit?node=wait")
    text = TEXT.replace("ui_forms", "ui_forms_text")
    shown = form(page, "wait")
    expect(shown.get_by_role("textbox", name="multiplier")).to_have_value("2.0")
    shown.get_by_role("textbox", name="max_attempts").fill("5")
    expect(text_of(page)).to_contain_text("retry: {max_attempts: 5, multiplier: 2.0}")
    assert kept(page, formed, "ui_forms_text") == text.replace("max_attempts: 3", "max_attempts: 5")
    shown.get_by_role("combobox", name="on_error").select_option("continue")
    expect(text_of(page)).to_contain_text("on_error: continue")
    shown.get_by_role("textbox", name="max_attempts").fill("five")
    expect(shown).to_contain_text("This is no number")
    shown.get_by_role("textbox", name="max_attempts").fill("5")
    shown.get_by_role("textbox", name="max_attempts").press("Control+z")
    expect(text_of(page)).not_to_contain_text("on_error: continue")
    shown.get_by_role("textbox", name="max_attempts").press("Control+z")
    expect(shown.get_by_role("textbox", name="max_attempts")).to_have_value("3")
    shown.get_by_label("Id", exact=True).fill("pause")
    shown.get_by_label("Id", exact=True).press("Enter")
    expect(form(page, "pause")).to_be_visible()
    expect(text_of(page)).to_contain_text("{from: pause, to: done}")
    form(page, "pause").get_by_label("Kind").select_option("condition")
    expect(page.get_by_role("region", name="Problems")).to_contain_text("for")


def test_an_expression_is_completed_and_previewed_by_keyboard_alone(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_forms_keys/edit?node=big")
    code = form(page, "big").get_by_role("textbox", name="expression *")
    expect(code).to_be_visible()
    form(page, "big").get_by_label("Kind").focus()
    while page.evaluate("document.activeElement.shadowRoot?.activeElement?.ariaLabel ?? ''") != "expression *":
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("nodes.pr")
    expect(page.get_by_role("option", name=re.compile("price"))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type(".output.to")
    expect(page.get_by_role("option", name=re.compile("^total"))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type(" > 100.0")
    expect(form(page, "big")).to_contain_text("= true")
    expect(text_of(page)).to_contain_text('{expression: "nodes.price.output.total > 100.0"}   # in crowns')
    page.keyboard.type(" + nodes.nobody.output")
    expect(form(page, "big")).to_contain_text("≠")
    expect(form(page, "big")).to_contain_text("nobody")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot?.activeElement?.ariaLabel ?? ''") != "expression *"


def test_the_text_is_completed_says_what_a_field_is_and_offers_what_was_meant(open_page: Opener, formed: Server) -> None:
    page = open_page(f"{formed.url}/workflows/ui_forms_fix/edit?node=done")
    expect(form(page, "done")).to_be_visible()
    text_of(page).click()
    page.keyboard.press("Control+f")
    page.keyboard.type("outcome: shipped")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.insert_text("outcom: shipped, ou")
    page.keyboard.type("tp")
    offered = page.locator(".cm-tooltip-autocomplete")
    expect(offered.get_by_role("option", name=re.compile("^output"))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type('"{{ input.or')
    expect(offered.get_by_role("option", name=re.compile("^order_id"))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type(" }}")
    expect(text_of(page)).to_contain_text('{outcom: shipped, output: "{{ input.order_id }}"}')
    page.locator(".cm-lintRange-error").first.hover()
    page.get_by_role("button", name="Write outcome").click()
    expect(text_of(page)).to_contain_text('{outcome: shipped, output: "{{ input.order_id }}"}')
    expect(page.get_by_text("It can be published")).to_be_visible()
    text_of(page).get_by_text("max_attempts").hover()
    expect(page.locator(".cm-described")).to_contain_text("attempts in all, the first one included")
