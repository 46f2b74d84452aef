"""Whoever types faster than the page follows loses nothing: no value, no key, and the focus stays where it is."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener
from .hand import box, graph

TEXT = """\
# As it was written
name: NAME
input: {type: object}
nodes:
  - {id: first, type: code, config: {source: "1"}}   # kept
  - {id: second, type: delay, config: {for: 1s}}
  - id: third
    type: log
    config: {message: hello}
  - {id: done, type: end}
edges:
  - {from: first, to: second}
  - {from: second, to: third}
  - {from: third, to: done}
"""
YAML = {"Content-Type": "application/yaml"}
FOCUSED = "(() => { let one = document.activeElement; while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement; return one?.ariaLabel || one?.labels?.[0]?.textContent || one?.textContent || '' })()"  # noqa: E501


def opened(open_page: Opener, server: Server, name: str, node: str, slow: int = 4) -> Page:
    """A builder on a machine that is slower than who types."""
    assert server.ask("POST", "/v1/workflows", TEXT.replace("NAME", name).encode(), YAML).status == 201
    page = open_page(f"{server.url}/workflows/{name}/edit?node={node}", Look(1600, 1000))
    expect(page.get_by_role("region", name=f"Node {node}")).to_be_visible(timeout=20_000)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    return page


def tab_to(page: Page, label: str) -> None:
    for _ in range(40):
        if page.evaluate(FOCUSED) == label:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to {label}")


def kept(page: Page, server: Server, name: str) -> Any:
    """The draft as the server keeps it, once it does."""
    expect(page.get_by_text("Draft kept")).to_be_visible(timeout=20_000)
    return yaml.safe_load(server.get(f"/v1/drafts/{name}").json["text"])


def nodes(definition: Any) -> dict[str, Any]:
    return {one["id"]: one for one in definition["nodes"]}


def test_a_form_is_filled_in_as_fast_as_keys_can_be_pressed(open_page: Opener, server: Server) -> None:
    page = opened(open_page, server, "ui_fast", "first")
    page.get_by_role("region", name="Node first").get_by_label("Id", exact=True).focus()
    keys = page.keyboard
    keys.press("Control+a")
    keys.type("charge")
    keys.press("Tab")
    keys.type("Charge the card")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("What is owed, at once")
    for _ in range(3):
        keys.press("Backspace")
    tab_to(page, "source *")
    keys.press("Control+a")
    keys.type("a = 1\nb = [a, 2]\nb")
    assert page.evaluate(FOCUSED) == "source *"
    keys.press("Tab")
    tab_to(page, "Settings of the node")
    keys.press("Enter")
    tab_to(page, "on_error")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    definition = kept(page, server, "ui_fast")
    node = nodes(definition)["charge"]
    assert (node["name"], node["description"]) == ("Charge the card", "What is owed, at o")
    assert node["config"]["source"] == "a = 1\nb = [a, 2]\nb"
    options = page.get_by_role("combobox", name="on_error").locator("option").all_inner_texts()
    assert node["on_error"] == options[1]
    assert definition["edges"][0] == {"from": "charge", "to": "second"}
    assert "# kept" in server.get("/v1/drafts/ui_fast").json["text"]
    expect(page.get_by_role("region", name="Node charge").get_by_label("Name", exact=True)).to_have_value("Charge the card")


def test_what_is_emptied_typed_anew_or_becomes_another_sort_of_value_keeps_its_field(open_page: Opener, server: Server) -> None:
    page = opened(open_page, server, "ui_fast_sorts", "second")
    form = page.get_by_role("region", name="Node second")
    form.locator("summary", has_text="Settings of the node").press("Enter")
    form.locator("summary", has_text=re.compile("^retry$")).first.press("Enter")
    attempts = form.get_by_role("textbox", name="max_attempts")
    attempts.focus()
    page.keyboard.type("7")
    expect(page.get_by_role("textbox", name="Text of the definition")).to_contain_text("max_attempts: 7")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("textbox", name="Text of the definition")).not_to_contain_text("max_attempts")
    assert page.evaluate(FOCUSED) == "max_attempts"
    page.keyboard.type("12")
    form.get_by_label(re.compile("^for")).first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("{{ input.pause")
    expect(page.get_by_role("textbox", name="Text of the definition")).to_contain_text("input.pause")
    page.keyboard.type(" }}")
    page.keyboard.press("Control+End")
    page.keyboard.press("Tab")
    node = nodes(kept(page, server, "ui_fast_sorts"))["second"]
    assert node["retry"] == {"max_attempts": 12}
    assert node["config"] == {"for": "{{ input.pause }}"}


def test_what_is_typed_goes_to_its_node_also_where_the_text_has_changed_since(open_page: Opener, server: Server) -> None:
    """A node comes in before it in the moment in which the last letter is typed."""
    page = opened(open_page, server, "ui_fast_behind", "third")
    page.get_by_role("region", name="Node third").get_by_role("textbox", name="message").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("one, two")
    page.get_by_role("button", name="Put a node between first and second").click()
    page.keyboard.type("delay")
    page.keyboard.press("Enter")
    definition = kept(page, server, "ui_fast_behind")
    assert nodes(definition)["third"]["config"]["message"] == "one, two"
    assert [one["id"] for one in definition["nodes"]] == ["first", "delay", "second", "third", "done"]


def test_a_graph_is_built_by_keys_as_fast_as_they_can_be_pressed(open_page: Opener, server: Server) -> None:
    page = opened(open_page, server, "ui_fast_keys", "first")
    graph(page).focus()
    for kind, to in (("delay", "a_while"), ("code", "reckon"), ("log", "said"), ("transform", "shaped")):
        page.keyboard.press("a")
        page.keyboard.type(kind)
        page.keyboard.press("Enter")
        page.keyboard.press("F2")
        page.keyboard.type(to)
        page.keyboard.press("Enter")
    for key in ("ArrowLeft", "ArrowLeft", "F2"):
        page.keyboard.press(key)
    page.keyboard.type("reckoned")
    page.keyboard.press("Enter")
    definition = kept(page, server, "ui_fast_keys")
    ways = [(edge["from"], edge["to"]) for edge in definition["edges"]]
    one_row = ["first", "a_while", "reckoned", "said", "shaped", "second", "third", "done"]
    assert sorted(ways) == sorted(pairwise(one_row))


def test_arrows_walk_as_often_as_they_are_pressed_and_what_is_chosen_stays_so(open_page: Opener, server: Server) -> None:
    page = opened(open_page, server, "ui_fast_walk", "first")
    form = page.get_by_role("region", name="Node first")
    form.get_by_label("Name", exact=True).focus()
    page.keyboard.type("A longer name than there was, so that all lines below stand elsewhere " * 3)
    graph(page).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("node=third$"))
    kept(page, server, "ui_fast_walk")
    expect(page).to_have_url(re.compile("node=third$"))
    expect(page.get_by_role("region", name="Node third")).to_be_visible()
    expect(box(page, "third")).to_be_visible()


def test_what_was_typed_a_moment_before_the_page_was_loaded_anew_is_there(open_page: Opener, server: Server) -> None:
    page = opened(open_page, server, "ui_fast_anew", "third", slow=1)
    page.get_by_role("region", name="Node third").get_by_label("Name", exact=True).focus()
    page.keyboard.type("Said")
    page.reload()
    expect(page.get_by_role("region", name="Node third").get_by_label("Name", exact=True)).to_have_value("Said")
    assert nodes(kept(page, server, "ui_fast_anew"))["third"]["name"] == "Said"
