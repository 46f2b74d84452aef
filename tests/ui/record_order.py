"""The whole of it, recorded: an example is built by hand, published, started, approved on a phone, and looked back at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import ROOT, Server

from .conftest import Look, Opener
from .hand import box, drag, edges_of, fill, graph, lead, middle, rename
from .recording import Recording

EXAMPLE: Final = (ROOT / "examples" / "order_fulfilment.yaml").read_text()
ORDER: Final = yaml.safe_load(EXAMPLE)
HEAD: Final = EXAMPLE[EXAMPLE.index("name: ") : EXAMPLE.index("nodes:\n")].rstrip()
GUIDE: Final = ROOT / "docs" / "how-to" / "use-the-web-ui.md"
DESK: Final = Look(1200, 720)


@pytest.fixture
def empty(build: object, tmp_path: Path) -> Iterator[Server]:
    """A server on which nothing was done yet."""
    server = Server(tmp_path / "data")
    yield server
    server.stop()


def test_an_order_is_built_by_hand_published_started_approved_on_a_phone_and_looked_back_at(empty: Server, open_page: Opener) -> None:
    page, recording = open_page(f"{empty.url}/workflows", DESK), Recording()
    page.get_by_role("button", name="New workflow").click()
    expect(box(page, "done")).to_be_visible()
    recording.frame(page, "A new workflow: the text at one side, its graph at the other")
    draw(page, recording)
    expect(page.get_by_text("It can be published")).to_be_visible()
    publish(page)
    assert comparable(yaml.safe_load(empty.get("/v1/workflows/order_fulfilment/source").content)) == comparable(ORDER)
    start(page, recording)
    approve(page, recording)
    look_back(page, recording, empty)
    shown = re.findall(r"!\[(.*)\]\(\.\./pictures/recording/(\d\d)\.png\)", GUIDE.read_text())
    assert shown == [(caption, f"{at:02}") for at, caption in enumerate(recording.captions, 1)]


def draw(page: Page, recording: Recording) -> None:
    """The graph, and what each node does, from left to right as they come to mind."""
    fill(page, "name: my_workflow", HEAD)
    page.keyboard.press("Home")
    box(page, "start").click()
    page.keyboard.press("Delete")
    expect(box(page, "start")).to_have_count(0)
    page.get_by_role("button", name="Add a node", exact=True).click()
    expect(page.get_by_role("option", name=re.compile("^code"))).to_be_visible()
    recording.frame(page, "The library of kinds: a click or a drag puts a node in")
    take(page, "code", "charge", node("charge"))
    recording.frame(page, "What the node does is filled in; each field is a few letters of the text")
    drag(page, middle(page, '[data-path="charge"] [data-handleid=out]'), middle(page, '[data-path="done"]'))
    expect(page.get_by_text("connect → done")).to_be_visible()
    recording.frame(page, "An edge is drawn from a port to a node")
    page.mouse.up()
    between(page, "charge", "done", "parallel", "prepare")
    fill(page, "left:", "stock:")
    fill(page, "right:", "fraud:")
    for branch, first, then in (("stock", "ask_warehouse", "reserve"), ("fraud", "ask_agency", "score")):
        inner = {one["id"]: one for one in node("prepare")["config"]["branches"][branch]["nodes"]}
        page.get_by_role("button", name="Add the first node").first.click()
        take(page, "delay", first, inner[first])
        add(page, "code", then, inner[then])
    recording.frame(page, "Two branches at the same time, each a body of its own")
    for before, kind, one in (
        ("prepare", "condition", "honest"), ("honest", "condition", "big"), ("big", "wait_signal", "approval"),
        ("approval", "delay", "pack"), ("pack", "code", "ship"),
    ):  # fmt: skip
        between(page, before, "done", kind, one)
    graph(page).focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("node=done$"))
    fill_in(page, node("done"))
    walk_left(page, "ship", "pack", "approval")
    add(page, "fail", "too_late", node("too_late"))
    walk_left(page, "approval", "big")
    lead(page, "false", "pack")
    walk_left(page, "honest")
    add(page, "fail", "fraud", node("fraud"))
    graph(page).focus()
    page.keyboard.press("f")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    recording.frame(page, "The whole order: what is published is this text")


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publish").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Publish")
    expect(sure).not_to_have_attribute("aria-disabled", "true")
    sure.click()
    expect(page).to_have_url(re.compile("/workflows/order_fulfilment$"))
    expect(page.get_by_role("heading", name="order_fulfilment")).to_be_visible()


def start(page: Page, recording: Recording) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile("^order_id")).fill("A-2")
    dialog.get_by_label(re.compile("^amount")).fill("25000")
    dialog.get_by_label(re.compile("^Id of the execution")).fill("big-1")
    recording.frame(page, "Version 1 is published, and started by the form that its input describes")
    dialog.get_by_role("button", name="Start").click()
    dialog.get_by_role("link", name="Open big-1").click()
    put_away(page)
    expect(page.get_by_text("waiting for a signal")).to_be_visible()
    recording.frame(page, "The order is big: it waits for somebody to approve it")


def approve(page: Page, recording: Recording) -> None:
    """On the width of a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Send a signal").click()
    dialog = page.get_by_role("dialog", name="Send a signal")
    dialog.get_by_label("Payload (JSON)").fill('{"order_id": "A-2", "by": "Ada"}')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    recording.frame(page, "On a phone it is approved, by the signal that it waits for")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("tabpanel")).to_contain_text("trk-A-2")
    expect(page.get_by_role("tabpanel")).to_contain_text("Ada")
    put_away(page)
    recording.frame(page, "It goes on, and is done")


def look_back(page: Page, recording: Recording, server: Server) -> None:
    """Drag the reel to an event in the middle, and everything is as it was then."""
    page.set_viewport_size({"width": DESK.width, "height": DESK.height})
    page.get_by_role("tab", name="Variables").click()
    expect(page.get_by_text("completed", exact=True).first).to_be_visible()
    frame = page.get_by_role("slider", name=re.compile("All events")).bounding_box()
    assert frame is not None
    drag(page, (frame["x"] + frame["width"] - 2, frame["y"] + 20), (frame["x"] + frame["width"] * 0.45, frame["y"] + 20))
    page.mouse.up()
    assert page.evaluate("String(getSelection())") == ""
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_visible()
    at = int(re.findall(r"[?&]at=(\d+)", page.url)[0])
    before = server.get(f"/v1/executions/big-1/history?from=1&limit={at}").json["events"]
    then = {event["path"] for event in before if event["type"] == "NodeCompleted"}
    assert "charge" in then
    assert "prepare" not in then
    for path in (
        "charge",
        "prepare",
        "prepare.stock/ask_warehouse",
        "prepare.stock/reserve",
        "prepare.fraud/ask_agency",
        "prepare.fraud/score",
    ):
        expect(box(page, path).get_by_role("img", name="completed")).to_have_count(int(path in then))
    assert server.get(f"/v1/executions/big-1/state?at={at}").json["variables"] == {}
    expect(page.get_by_role("tabpanel")).to_contain_text("There are no variables.")
    recording.frame(page, "The reel is dragged back, and all of it is as it was after that event")
    address = page.url
    page.keyboard.press("l")
    expect(page.get_by_role("button", name=re.compile("As of"))).to_be_hidden()
    page.goto(address)
    expect(page.get_by_role("button", name=f"As of {at}")).to_be_visible()
    expect(box(page, "charge").get_by_role("img", name="completed")).to_be_visible()
    expect(box(page, "prepare").get_by_role("img", name="completed")).to_have_count(0)


def put_away(page: Page) -> None:
    """What was said of what was done."""
    said = page.get_by_role("status").get_by_role("button", name="Close")
    said.first.click()
    expect(said).to_have_count(0)


def walk_left(page: Page, *nodes: str) -> None:
    """Against the edges, from node to node."""
    graph(page).focus()
    for one in nodes:
        page.keyboard.press("ArrowLeft")
        expect(page).to_have_url(re.compile(f"node={one}$"))


def between(page: Page, before: str, after: str, kind: str, to: str) -> None:
    """Put a node onto an edge."""
    page.get_by_role("button", name=f"Put a node between {before} and {after}").click()
    take(page, kind, to, node(to))


def add(page: Page, kind: str, to: str, given: dict[str, Any]) -> None:
    """Put one behind the node that is chosen, by keys."""
    graph(page).focus()
    page.keyboard.press("a")
    take(page, kind, to, given)


def take(page: Page, kind: str, to: str, given: dict[str, Any]) -> None:
    """Of the library that is open."""
    search = page.get_by_role("combobox", name="Search kinds")
    expect(search).to_be_focused()
    page.keyboard.type(kind)
    page.keyboard.press("Enter")
    expect(search).to_have_count(0)
    rename(page, to)
    fill_in(page, given)


def fill_in(page: Page, given: dict[str, Any]) -> None:
    """The form of a node, with all that the example says of it but for its bodies."""
    form = page.get_by_role("region", name=f"Node {given['id']}")
    expect(form).to_be_visible()
    if "name" in given:
        form.get_by_role("textbox", name="Name", exact=True).fill(given["name"])
    for name, value in given.get("config", {}).items():
        if name != "branches":
            put(form, name, value)
    settings = {name: given[name] for name in ("join", "retry", "compensate") if name in given}
    if settings:
        form.locator("summary", has_text="Settings of the node").press("Enter")
    for name, value in settings.items():
        part = form
        if isinstance(value, dict):
            part = form.locator(f"details:has(> summary:text-is('{name}'))").first
            part.locator("> summary").press("Enter")
        for inner, one in value.items() if isinstance(value, dict) else [(name, value)]:
            put(part, inner, one)


def put(form: Locator, name: str, value: Any) -> None:
    field = form.get_by_label(re.compile(rf"^{name}( \*)?$")).locator("visible=true").first
    if field.evaluate("(one) => one.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value if isinstance(value, str) else json.dumps(value))


def node(name: str) -> dict[str, Any]:
    return next(one for one in ORDER["nodes"] if one["id"] == name)


def comparable(definition: dict[str, Any]) -> dict[str, Any]:
    """Without what only says where it stands in its file: the order of nodes and edges, the port `out`, and positions."""
    nodes = {one["id"]: {name: value for name, value in one.items() if name != "position"} for one in definition["nodes"]}
    for one in nodes.values():
        branches = one.get("config", {}).get("branches", {})
        if branches:
            one["config"] = {**one["config"], "branches": {name: comparable(body) for name, body in branches.items()}}
    own = {**definition, "edges": []}
    return {**own, "nodes": nodes, "edges": edges_of({"nodes": [], "edges": definition["edges"]})}
