"""The canvas of the builder: what is done on it, by mouse and by keys, becomes a few lines of the text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations
from .hand import box, drag, edges_of, fill, graph, lead, middle, nodes_of, rename

EXAMPLE: Final = Path(__file__).parents[2] / "examples/order_fulfilment.yaml"
TEXT: Final = """\
# Why this is here
name: ui_canvas
nodes:
  - id: first   # the first
    type: delay
    config: {for: 1s}   # a second

  - {id: each, type: for_each, config: {items: [1], body: {nodes: []}}}
  - {id: done, type: end, config: {output: "{{ nodes.first.output }} of nodes.first"}}
edges:
  - {from: first, to: each}   # and on
  - {from: each, to: done}
"""


@pytest.fixture(scope="module")
def drawn(server: Server) -> Server:
    """A server with drafts of it, each for a test that changes it."""
    for name in ("ui_canvas", "ui_canvas_mouse", "ui_canvas_keys", "ui_canvas_nest", "ui_canvas_broken", "ui_canvas_preset"):
        body = {"text": TEXT.replace("ui_canvas", name), "syntax": "yaml", "workflow": None, "base_version": None}
        assert server.ask("PUT", f"/v1/drafts/{name}", body).status == 200
    return server


def draft(server: Server, page: Page, name: str) -> str:
    """The text as the server keeps it, once it does."""
    expect(page.get_by_text("Draft kept")).to_be_visible()
    return str(server.get(f"/v1/drafts/{name}").json["text"])


def add(page: Page, kind: str, to: str) -> None:
    """Add a node behind the one that is chosen, and call it so, by keys alone."""
    page.keyboard.press("a")
    search = page.get_by_role("combobox", name="Search kinds")
    expect(search).to_be_focused()
    page.keyboard.type(kind)
    page.keyboard.press("Enter")
    expect(search).to_have_count(0)
    rename(page, to)


def test_every_look_of_the_canvas_shuts_nobody_out(open_page: Opener, drawn: Server, look: Look, axe: str) -> None:
    page = open_page(f"{drawn.url}/workflows/new?draft=ui_canvas&edge=:0", look)
    expect(page.get_by_role("region", name="Edge from first to each")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Add a node", exact=True).click()
    expect(page.get_by_role("option").first).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_by_mouse_nodes_are_put_in_connected_moved_and_tidied(open_page: Opener, drawn: Server) -> None:
    name = "ui_canvas_mouse"
    page = open_page(f"{drawn.url}/workflows/new?draft={name}", Look(2400, 1400))
    expect(box(page, "done")).to_be_visible()
    page.get_by_role("button", name="Put a node between first and each").click()
    page.get_by_role("option", name=re.compile("^log")).click()
    expect(page.get_by_role("region", name="Node log")).to_be_visible()
    drag(page, middle(page, '[data-path="log"] [data-handleid=error]'), middle(page, '[data-path="first"]'))
    expect(page.get_by_text("connect → first")).to_be_visible()
    page.mouse.move(*middle(page, '[data-path="done"]'), steps=3)
    page.mouse.up()
    expect(page.get_by_text("error", exact=True).first).to_be_visible()
    drag(page, middle(page, '[data-path="log"] [data-handleid=out]'), middle(page, '[data-path="each"]'))
    expect(page.get_by_text("log leads to each already")).to_be_visible()
    page.mouse.up()
    x, y = middle(page, '[data-path="log"]')
    drag(page, (x, y), (x, y + 160))
    page.mouse.up()
    expect(page.get_by_role("textbox", name="Text of the definition")).to_contain_text("position")
    text = draft(drawn, page, name)
    moved = re.search(r"  - \{id: log, type: log, position: \{x: -?\d+, y: -?\d+\}\}\n", text)
    assert moved is not None, text
    page.get_by_role("button", name="Tidy").click()
    expect(page.get_by_role("textbox", name="Text of the definition")).not_to_contain_text("position")
    before = TEXT.replace("ui_canvas", name)
    after = before.replace("  - {from: first, to: each}   # and on\n", "  - {from: first, to: log}   # and on\n  - {from: log, to: each}\n")
    after = after.replace("  - {id: each, type", "  - {id: log, type: log}\n\n  - {id: each, type", 1).replace(
        "# a second\n\n", "# a second\n"
    )
    assert draft(drawn, page, name) == after + "  - {from: log.error, to: done}\n"
    graph(page).focus()
    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(box(page, "log")).to_have_count(0)
    assert draft(drawn, page, name) == before


def test_a_kind_that_asks_models_begins_with_a_model_of_the_provider_that_is_picked(open_page: Opener, drawn: Server) -> None:
    page = open_page(f"{drawn.url}/workflows/new?draft=ui_canvas_preset")
    expect(box(page, "done")).to_be_visible()
    graph(page).focus()
    page.keyboard.press("a")
    page.get_by_role("combobox", name="Search kinds").fill("claude")
    kinds = page.get_by_role("option")
    expect(kinds.filter(has_text="agent · Claude")).to_be_visible()
    kinds.filter(has_text="llm · Claude").click()
    expect(page.get_by_role("region", name="Node llm")).to_be_visible()
    nodes = yaml.safe_load(draft(drawn, page, "ui_canvas_preset"))["nodes"]
    made = next(node for node in nodes if node["type"] == "llm")
    assert made["config"]["model"].startswith("anthropic:")


def test_what_is_dropped_into_a_body_is_in_it(open_page: Opener, drawn: Server) -> None:
    name = "ui_canvas_nest"
    page = open_page(f"{drawn.url}/workflows/new?draft={name}", Look(2400, 1400))
    expect(page.get_by_role("button", name="Add the first node")).to_be_visible()
    page.get_by_role("button", name="Add a node", exact=True).click()
    page.get_by_role("option", name=re.compile("^log")).drag_to(page.get_by_role("button", name="Add the first node"))
    expect(box(page, "each[]/log")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Node log")).to_be_visible()
    x, y = middle(page, '[data-path="each[]/log"]')
    drag(page, middle(page, '[data-path="first"]'), (x, y))
    page.mouse.up()
    expect(box(page, "each[]/first")).to_be_visible()
    nodes = yaml.safe_load(draft(drawn, page, name))["nodes"]
    assert [node["id"] for node in nodes] == ["each", "done"]
    assert [node["id"] for node in nodes[0]["config"]["body"]["nodes"]] == ["log", "first"]
    assert "id: first   # the first" in draft(drawn, page, name)


def test_a_node_is_renamed_copied_cut_and_pasted_by_keys(open_page: Opener, drawn: Server) -> None:
    name = "ui_canvas_keys"
    page = open_page(f"{drawn.url}/workflows/new?draft={name}&node=first", permissions=["clipboard-read", "clipboard-write"])
    expect(box(page, "first")).to_be_visible()
    graph(page).focus()
    rename(page, "begin")
    renamed = (
        TEXT.replace("ui_canvas", name)
        .replace("id: first", "id: begin")
        .replace("from: first", "from: begin")
        .replace("{{ nodes.first.", "{{ nodes.begin.")
    )
    assert draft(drawn, page, name) == renamed
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "- id: begin   # the first\n  type: delay\n  config: {for: 1s}\n"
    page.keyboard.press("Control+v")
    expect(box(page, "begin_2")).to_be_visible()
    page.keyboard.press("Control+x")
    expect(box(page, "begin_2")).to_have_count(0)
    page.keyboard.press("Home")
    page.keyboard.press("e")
    expect(page.get_by_role("region", name="Edge from begin to each")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("input.ok")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Text of the definition")).to_contain_text("when: input.ok")
    assert draft(drawn, page, name) == renamed.replace("from: begin, to: each}", "from: begin, to: each, when: input.ok}")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+z")
    assert "when: input.ok" in draft(drawn, page, name)


def test_a_broken_text_is_drawn_as_before_and_not_changed_from_the_canvas(open_page: Opener, drawn: Server) -> None:
    page = open_page(f"{drawn.url}/workflows/new?draft=ui_canvas_broken&node=first")
    expect(box(page, "first")).to_be_visible()
    text = page.get_by_role("textbox", name="Text of the definition")
    text.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("broken: [\n")
    expect(page.get_by_text(re.compile(r"^Line \d+ is broken"))).to_be_visible()
    box(page, "first").click()
    graph(page).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("status").last).to_contain_text("is broken")
    expect(box(page, "first")).to_be_visible()
    expect(text).to_contain_text("id: first")


def test_an_unknown_kind_is_a_red_node_that_keeps_its_text(open_page: Opener, drawn: Server) -> None:
    page = open_page(f"{drawn.url}/workflows/new?node=done")
    expect(box(page, "done")).to_be_visible()
    text = page.get_by_role("textbox", name="Text of the definition")
    fill(page, "to: done}", "to: done}\n  - {from: start.gone, to: done}")
    fill(page, "type: end}", "type: end}\n  - {id: odd, type: no_such_kind, config: {own: [1, 2.0]}}")
    expect(box(page, "odd").get_by_role("img", name="there is a problem")).to_be_visible()
    expect(page.locator("path[class*=wrongLink]")).to_have_count(1)
    box(page, "odd").click()
    graph(page).focus()
    rename(page, "strange")
    expect(text).to_contain_text("{id: strange, type: no_such_kind, config: {own: [1, 2.0]}}")


def test_an_order_is_built_by_keyboard_alone_and_published(open_page: Opener, drawn: Server) -> None:
    page = open_page(f"{drawn.url}/workflows/new", Look(1440))
    expect(box(page, "done")).to_be_visible()
    graph(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    expect(box(page, "start")).to_have_count(0)
    page.keyboard.press("Escape")
    build(page)
    example = yaml.safe_load(EXAMPLE.read_text())
    fill(page, "name: my_workflow", "name: ui_order_by_hand")
    for kind, config in (("code", '{source: "1"}'), ("fail", "{type: order.lost, message: lost}")):
        for node in [one for one in nodes_of(example) if one["type"] == kind]:
            fill(page, f"id: {node['id']}, type: {kind}", f"id: {node['id']}, type: {kind}, config: {config}")
    expect(page.get_by_text("It can be published")).to_be_visible()
    page.get_by_role("button", name="Publish").press("Enter")
    sure = page.get_by_role("dialog").get_by_role("button", name="Publish")
    expect(sure).not_to_have_attribute("aria-disabled", "true")
    sure.press("Enter")
    expect(page).to_have_url(re.compile("/workflows/ui_order_by_hand$"))
    built = drawn.get("/v1/workflows/ui_order_by_hand").json["definition"]
    assert edges_of(built) == edges_of(example)
    assert {node["id"]: node["type"] for node in nodes_of(built)} == {node["id"]: node["type"] for node in nodes_of(example)}


def build(page: Page) -> None:
    """The graph of the example, from nothing but an end."""
    add(page, "code", "charge")
    add(page, "parallel", "prepare")
    for place, first, then in ((0, ("delay", "ask_warehouse"), ("code", "reserve")), (1, ("delay", "ask_agency"), ("code", "score"))):
        page.keyboard.press("i")
        expect(page.get_by_role("combobox", name="Into which body?")).to_be_focused()
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        pick(page, *first)
        add(page, *then)
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile("node=prepare$"))
    add(page, "condition", "honest")
    add(page, "condition", "big")
    add(page, "wait_signal", "approval")
    add(page, "delay", "pack")
    add(page, "code", "ship")
    lead(page, None, "done")
    walk(page, "ArrowLeft", "pack")
    walk(page, "ArrowLeft", "approval")
    add(page, "fail", "too_late")
    walk(page, "ArrowLeft", "approval")
    walk(page, "ArrowLeft", "big")
    lead(page, "false", "pack")
    walk(page, "ArrowLeft", "honest")
    add(page, "fail", "fraud")


def pick(page: Page, kind: str, to: str) -> None:
    """Of the library that is open."""
    expect(page.get_by_role("combobox", name="Search kinds")).to_be_focused()
    page.keyboard.type(kind)
    page.keyboard.press("Enter")
    rename(page, to)


def walk(page: Page, key: str, to: str) -> None:
    page.keyboard.press(key)
    expect(page).to_have_url(re.compile(f"node={to}$"))
