"""What one sees before a version is published or rolled back: what changes by node, as one graph and as text, and who keeps running."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, begin, violations

FIRST = """\
name: ui_published
nodes:
  - {id: start, type: start}
  - {id: wait, type: wait_signal, config: {name: go}}
  - id: each
    type: for_each
    config: {items: input.items, body: {nodes: [{id: charge, type: noop}, {id: ship, type: log, config: {message: sent}}]}}
  - {id: tell, type: log, config: {message: done}}
edges:
  - {from: start, to: wait}
  - {from: wait.received, to: each}
  - {from: each, to: tell}
"""
SECOND = (
    FIRST.replace("{id: tell, type: log,", "{id: inform, type: log,")
    .replace("to: tell", "to: inform")
    .replace(
        "{id: ship, type: log, config: {message: sent}}", "{id: ship, type: log, config: {message: on its way}}, {id: note, type: noop}"
    )
    .replace("  - {id: start, type: start}\n", "")
    .replace("  - {from: start, to: wait}\n", "")
)
THIRD = SECOND.replace("{id: wait,", "{id: wait, position: {x: 40, y: 80},")
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def published(server: Server) -> Server:
    for text in (FIRST, SECOND, THIRD):
        assert server.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201, text
    begin(server, "ui_published", {"items": []}, "ui-published-1")
    return server


@pytest.mark.parametrize("view", ["nodes", "graph", "text"])
def test_every_look_of_a_comparison_shuts_nobody_out(open_page: Opener, published: Server, look: Look, axe: str, view: str) -> None:
    page = open_page(f"{published.url}/workflows/ui_published?version=2&before=1&tab=diff&as={view}", look)
    shown = {"nodes": "section li", "graph": "[aria-roledescription=graph]", "text": "ins"}[view]
    expect(page.locator(shown).first).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_versions_are_compared_by_node_and_a_rename_is_no_rewiring(open_page: Opener, published: Server) -> None:
    page = open_page(f"{published.url}/workflows/ui_published?version=2&before=1&tab=diff")
    changes = page.get_by_role("region", name="5 changes")
    expect(changes).to_contain_text("renamed inform from tell")
    expect(changes).to_contain_text("removed start")
    expect(changes).to_contain_text("added each[]/note")
    expect(changes.get_by_role("listitem").filter(has_text="each[]/ship").first).to_contain_text('config.message "sent" → "on its way"')
    expect(changes).not_to_contain_text("each -> inform")
    changes.get_by_role("button", name="each[]/ship").press("Enter")
    expect(page).to_have_url(re.compile("as=graph.*node=|node=.*as=graph"))
    expect(page.locator('[data-path="each[]/ship"]')).to_contain_text("changed")


def test_both_versions_are_one_graph_whose_marks_are_shapes_and_words(open_page: Opener, published: Server) -> None:
    page = open_page(f"{published.url}/workflows/ui_published?version=2&before=1&tab=diff&as=graph")
    for path, word in {"start": "removed", "inform": "renamed", "each[]/note": "added", "each[]/ship": "changed"}.items():
        expect(page.locator(f'[data-path="{path}"]').get_by_text(word)).to_be_visible()
    expect(page.locator('[data-path="wait"]').get_by_text(re.compile("added|removed|changed"))).to_have_count(0)
    styles = "(box) => getComputedStyle(box).borderTopStyle + ' ' + getComputedStyle(box).borderTopWidth"
    assert len({page.locator(f'[data-path="{path}"]').evaluate(styles) for path in ("start", "each[]/note", "each[]/ship", "wait")}) == 4


def test_what_only_moved_is_hidden_behind_a_mark(open_page: Opener, published: Server) -> None:
    page = open_page(f"{published.url}/workflows/ui_published?version=3&before=2&tab=diff")
    changes = page.get_by_role("region", name="0 changes")
    expect(changes).to_contain_text("They differ in nothing but where nodes stand in the picture")
    expect(changes.get_by_role("listitem")).to_have_count(0)
    changes.get_by_role("checkbox").check()
    expect(page).to_have_url(re.compile("layout=yes"))
    expect(changes).to_contain_text("moved wait")


def test_before_it_is_published_the_draft_is_shown_by_node_and_as_one_graph_with_its_warnings(
    open_page: Opener, published: Server, axe: str
) -> None:
    text = FIRST.replace("ui_published", "ui_shown")
    assert published.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201
    typed = text.replace("{id: tell, type: log,", "{id: tell, type: ui_unheard_of,").replace("name: go", "name: gone") + "# typed\n"
    body = {"text": typed, "workflow": "ui_shown", "base_version": 1}
    assert published.ask("PUT", "/v1/drafts/ui_shown?revision=0", body).status == 200
    page = open_page(f"{published.url}/workflows/ui_shown/edit")
    expect(page.get_by_text("It can be published")).to_be_visible()
    page.get_by_role("button", name="Publish").press("Enter")
    dialog = page.get_by_role("dialog", name="Publish ui_shown")
    expect(dialog.get_by_role("list", name="0 problems, one warning")).to_contain_text("ui_unheard_of")
    changes = dialog.get_by_role("region", name="2 changes")
    expect(changes).to_contain_text('config.name "go" → "gone"')
    assert violations(page, axe) == []
    dialog.get_by_role("radio", name="Graph").press("Space")
    expect(dialog.locator('[data-path="tell"]')).to_contain_text("changed")
    dialog.get_by_role("radio", name="Text").press("Space")
    expect(dialog.locator("ins").last).to_contain_text("# typed")
    dialog.get_by_role("button", name="Publish").press("Enter")
    expect(page).to_have_url(re.compile("/workflows/ui_shown$"))
    assert published.get("/v1/workflows/ui_shown").json["version"] == 2


def test_what_if_says_what_the_text_would_have_made_of_what_was_recorded(open_page: Opener, published: Server, axe: str) -> None:
    text = """name: ui_what_if
nodes:
  - {id: check, type: condition, config: {expression: "input.amount > 100"}}
  - {id: paid, type: end, config: {outcome: paid}}
  - {id: refused, type: end, config: {outcome: refused}}
edges: [{from: check.true, to: refused}, {from: check.false, to: paid}]
"""
    assert published.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201
    for number, amount in enumerate((5, 80)):
        body = {"input": {"amount": amount}, "execution_id": f"ui-what-if-{number}"}
        assert published.post("/v1/workflows/ui_what_if/executions?wait=30", body).json["status"] == "completed"
    draft = {"text": text.replace("> 100", "> 60"), "workflow": "ui_what_if", "base_version": 1}
    assert published.ask("PUT", "/v1/drafts/ui_what_if?revision=0", draft).status == 200
    page = open_page(f"{published.url}/workflows/ui_what_if/edit")
    expect(page.get_by_text("It can be published")).to_be_visible()
    page.get_by_role("button", name="Publish").press("Enter")
    found = page.get_by_role("dialog", name="Publish ui_what_if").get_by_role("region", name="What if")
    found.get_by_role("button", name="What if?").press("Enter")
    expect(found.get_by_role("status")).to_contain_text("Of 2 recorded executions:")
    expect(found).to_contain_text("1 unchanged")
    expect(found.get_by_role("listitem").filter(has_text="1 with another outcome")).to_contain_text(
        "ui-what-if-1 completed paid → completed refused · first at check"
    )
    assert violations(page, axe) == []


def test_rolling_back_says_what_becomes_of_those_that_run_and_what_changes(open_page: Opener, published: Server, axe: str) -> None:
    for number in (1, 2):
        text = (FIRST if number == 1 else SECOND).replace("ui_published", "ui_back")
        assert published.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201
        begin(published, "ui_back", {"items": []}, f"ui-back-{number}")
    page = open_page(f"{published.url}/workflows/ui_back?version=1")
    page.get_by_role("button", name="Do", exact=True).press("Enter")
    page.get_by_role("menuitem", name="Roll back to version 1").press("Enter")
    dialog = page.get_by_role("dialog", name="Roll back to version 1")
    expect(dialog).to_contain_text("Now one runs with version 2, one runs with version 1.")
    expect(dialog.get_by_role("group", name="What is different between version 2 and 1")).to_contain_text("start")
    assert violations(page, axe) == []
    dialog.get_by_role("button", name="Roll back to version 1").press("Enter")
    expect(page.get_by_text("starts with version 1", exact=True)).to_be_visible()
    assert published.get("/v1/workflows/ui_back").json["version"] == 1
    assert published.get("/v1/executions/ui-back-2").json["version"] == 2
