"""A graph of 2,000 nodes: drawn, moved, all its states changed, dragged through its history; and laid out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks.web_ui.browser import Watched
from refold import Client

NODES: Final = 2_000
TURNS: Final = 5
"""Each figure is the least of so many: other processes of the machine only add to it."""
STEPS: Final = 24
GRAPH: Final = "canvas[class*=far], .react-flow__node"
ROW: Final = "[role=row][aria-selected]"
LAYOUT: Final = """([source, outline]) => new Promise((done) => {
  const worker = new Worker(source, { type: "module" });
  const begun = performance.now();
  worker.onmessage = () => { done((performance.now() - begun) / 1000); worker.terminate(); };
  worker.postMessage({ id: 1, outline, closed: [] });
})"""
MOVES: Final = """([shares, isReel]) => new Promise((done) => {
  const reel = document.querySelector("[role=slider]");
  const { left, top, width } = reel.getBoundingClientRect();
  let at = 0;
  const next = () => {
    if (at === shares.length) return done();
    const moved = { bubbles: true, pointerId: 1, clientX: left + width * shares[at++], clientY: top + 20 };
    (isReel ? reel : document.body).dispatchEvent(new PointerEvent("pointermove", moved));
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
"""A move a frame, of the mouse that is held down on the reel: sent from outside, they come so late that the page rests between."""
DRAGGED: Final = [0.95 - 0.9 * step / STEPS for step in range(STEPS)]
SWUNG: Final = [0.01 if step % 2 else 0.98 for step in range(STEPS)]
"""From one end to the other: every state is another one."""


def definition(name: str) -> dict[str, Any]:
    """So many nodes that each lead to three others."""
    nodes = [{"id": f"n{at}", "type": "set_variable", "config": {"name": "x", "value": at}} for at in range(NODES)]
    edges = [{"from": f"n{(at - 1) // 3}", "to": f"n{at}"} for at in range(1, NODES)]
    return {"name": name, "variables": {"x": 0}, "nodes": nodes, "edges": edges}


def make(url: str) -> None:
    """An execution of it that has ended."""
    with Client(url) as client:
        client.publish(definition("ui_graph"))
        client.start("ui_graph", execution_id="ui-graph", wait_s=60)


def measure(url: str, watched: Watched) -> Iterator[tuple[str, float]]:
    """Milliseconds of the main thread, and seconds of the worker."""
    page = watched.page
    page.goto(f"{url}/executions?workflow=ui_graph")
    page.locator(ROW).first.wait_for()
    yield "first_drawn_ms", _draw(watched)
    yield "drawn_ms", min(_again(watched) for _ in range(TURNS))
    yield "layout_s", _layout(watched)
    frame = page.locator(".react-flow__pane").bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.keyboard.press("f")
    rest = _least(watched, lambda step: page.mouse.move(x + step % 2, y))
    yield "idle_ms", rest
    for name, key in (("far", "f"), ("near", "0")):
        page.keyboard.press(key)
        yield f"pan_{name}_ms", _least(watched, lambda step: page.mouse.wheel(12 if step % 12 < 6 else -12, 4)) - rest
        page.keyboard.down("Control")
        yield f"zoom_{name}_ms", _least(watched, lambda step: page.mouse.wheel(0, 6 if step % 12 < 6 else -6)) - rest
        page.keyboard.up("Control")
    page.keyboard.press("f")
    hold(page)
    still = min(moved(watched, SWUNG, is_reel=False) for _ in range(TURNS))
    yield "still_ms", still
    yield "drag_ms", min(moved(watched, DRAGGED) for _ in range(TURNS)) - still
    yield "states_ms", min(moved(watched, SWUNG) for _ in range(TURNS)) - still
    page.mouse.up()
    page.keyboard.press("l")
    yield "heap_mb", watched.heap_mb()


def within(url: str, watched: Watched, bounds: dict[str, float], turns: int) -> list[str]:
    """What misses its bound however often it is tried: `drawn`, its layout known, `drag`, a step of the reel, and `states`. For CI."""
    page = watched.page
    page.goto(f"{url}/executions?workflow=ui_graph")
    page.locator(ROW).first.wait_for()
    _draw(watched)
    drawn = _until_within(bounds["drawn"], turns, lambda: _again(watched))
    page.keyboard.press("f")
    hold(page)
    still = min(moved(watched, SWUNG, is_reel=False) for _ in range(2))
    drag = _until_within(bounds["drag"], turns, lambda: moved(watched, DRAGGED) - still)
    states = _until_within(bounds["states"], turns, lambda: moved(watched, SWUNG) - still)
    page.mouse.up()
    found = {"drawn": drawn, "drag": drag, "states": states}
    return [f"{name}: {found[name]:.1f} ms, {bound:g} allowed" for name, bound in bounds.items() if found[name] > bound]


def _until_within(bound: float, turns: int, measure: Callable[[], float]) -> float:
    """The first that is within its bound, else the least: other processes only add to it."""
    least = math.inf
    for _ in range(turns):
        least = min(least, measure())
        if least <= bound:
            break
    return least


def hold(page: Any) -> None:
    """Press the mouse on the reel, near its end."""
    reel = page.get_by_role("slider").first.bounding_box()
    page.mouse.move(reel["x"] + 0.99 * reel["width"], reel["y"] + 20)
    page.mouse.down()


def moved(watched: Watched, shares: list[float], is_reel: bool = True) -> float:
    """The CPU of a step and the frame that shows it; `is_reel`: else the moves are heard by nothing."""
    watched.frames(3)
    before = watched.cpu_ms()
    watched.page.evaluate(MOVES, [shares, is_reel])
    watched.frames()
    return (watched.cpu_ms() - before) / len(shares)


def _draw(watched: Watched) -> float:
    before = watched.cpu_ms()
    watched.page.locator(ROW).first.click()
    watched.page.locator(GRAPH).first.wait_for()
    watched.frames(3)
    return watched.cpu_ms() - before


def _again(watched: Watched) -> float:
    """The same where its layout is known."""
    watched.page.go_back()
    watched.page.locator(ROW).first.wait_for()
    watched.frames(3)
    return _draw(watched)


def _least(watched: Watched, step: Callable[[int], object]) -> float:
    """The CPU of a step and the frame that shows it."""

    return min(_turn(watched, step) for _ in range(TURNS))


def _turn(watched: Watched, step: Callable[[int], object]) -> float:
    watched.frames(3)
    before = watched.cpu_ms()
    for at in range(STEPS):
        step(at)
        watched.frames()
    return (watched.cpu_ms() - before) / STEPS


def _layout(watched: Watched) -> float:
    """As the page has it laid out, in a worker of its own."""
    page = watched.page
    source = next(one for one in page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)") if "layout.worker" in one)
    boxes: list[dict[str, Any]] = [
        {"path": f"n{at}", "where": [], "id": f"n{at}", "kind": "code", "says": f"n{at}", "rooms": [], "position": None}
        for at in range(NODES)
    ]
    links = [
        {"id": f":{at}", "from": f"n{(at - 1) // 3}", "to": f"n{at}", "port": "out", "when": None, "isBack": False, "type": "main"}
        for at in range(1, NODES)
    ]
    outline = {"path": "", "label": "", "boxes": boxes, "links": links}
    return min(float(page.evaluate(LAYOUT, [source, outline])) for _ in range(3))
