"""What a hand does on the canvas of the builder."""

from __future__ import annotations

import re
from typing import Any, Final

from playwright.sync_api import Page, expect


def graph(page: Page) -> Any:
    return page.locator("[data-graph]")


def box(page: Page, path: str) -> Any:
    return page.locator(f'[data-path="{path}"]')


STILL: Final = """(selector) => {
  const { x, y, width, height } = document.querySelector(selector)?.getBoundingClientRect() ?? { width: 0 }
  const now = JSON.stringify([selector, x, y, width, height])
  window.stood = window.stood?.at === now ? { at: now, times: window.stood.times + 1 } : { at: now, times: 0 }
  return width > 0 && window.stood.times > 8 ? [x + width / 2, y + height / 2] : null
}"""


def middle(page: Page, selector: str) -> tuple[float, float]:
    """Where it is, once it has stood still for some frames: what is chosen moves into view, and forms take place."""
    x, y = page.wait_for_function(STILL, arg=selector, polling="raf").json_value()
    return x, y


def drag(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move and stay: whoever calls lets go."""
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=5)


def rename(page: Page, to: str) -> None:
    expect(graph(page)).to_be_focused()
    page.keyboard.press("F2")
    expect(page.get_by_role("dialog").get_by_label("Id", exact=True)).to_be_focused()
    page.keyboard.type(to)
    page.keyboard.press("Enter")
    expect(box(page, page.url.rsplit("node=", 1)[1].replace("%2F", "/"))).to_be_visible()


def lead(page: Page, port: str | None, to: str) -> None:
    """Connect the node that is chosen."""
    page.keyboard.press("c")
    if port is not None:
        expect(page.get_by_role("combobox", name=re.compile("^From which port"))).to_be_focused()
        page.keyboard.type(port)
        page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name=re.compile("^Where does"))).to_be_focused()
    page.keyboard.type(to)
    page.keyboard.press("Enter")
    expect(graph(page)).to_be_focused()


def fill(page: Page, before: str, after: str) -> None:
    """Replace a text, once."""
    page.get_by_role("textbox", name="Text of the definition").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+f")
    page.keyboard.type(before)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.insert_text(after)


def nodes_of(definition: Any) -> list[Any]:
    """All nodes, those of bodies too."""
    own: list[Any] = definition["nodes"]
    return own + [inner for node in own for body in node.get("config", {}).get("branches", {}).values() for inner in nodes_of(body)]


def edges_of(definition: Any) -> set[tuple[str, str]]:
    """From where to where, in all bodies."""
    inner = [body for node in definition["nodes"] for body in node.get("config", {}).get("branches", {}).values()]
    return {(edge["from"].removesuffix(".out"), edge["to"]) for edge in definition.get("edges", [])}.union(
        *(edges_of(body) for body in inner)
    )
