"""An execution of 100,000 events, or as many as one likes: opened, its list of events scrolled, its reel dragged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.refold_server import WAIT_S
from benchmarks.served import percentile
from benchmarks.web_ui.browser import Watched
from benchmarks.web_ui.graphs import DRAGGED, hold, moved
from refold import Client

EVENTS: Final = 100_000
ITEMS: Final = 1_000
AT_A_TIME: Final = 100
EVENTS_OF_A_ROUND: Final = 4 * ITEMS + 4
FRAMES: Final = 240
SCROLL: Final = """(frames) => new Promise((done) => {
  const table = document.querySelector("[role=grid][aria-label=Events]");
  const times = [];
  let before = null;
  const next = (now) => {
    if (before !== null) times.push(now - before);
    before = now;
    table.scrollTop += times.length % 60 === 59 ? table.scrollHeight / 6 : 240;
    if (times.length < frames) requestAnimationFrame(next); else done(times);
  };
  requestAnimationFrame(next);
})"""


FINE: Final = [0.95 - 0.0005 * step for step in range(24)]
"""Where the mouse is after each step of one who looks for something."""


def make(url: str, events: int = EVENTS, execution: str = "ui-long") -> None:
    """It has ended. Many items at a time are decided at once: 2,000,000 events took 132 s."""
    item = {"nodes": [{"id": "n", "type": "noop"}]}
    each = {"id": "each", "type": "for_each", "config": {"items": "input", "concurrency": AT_A_TIME, "body": item}}
    rounds = {"times": max(1, round(events / EVENTS_OF_A_ROUND)), "body": {"nodes": [each]}}
    with Client(url) as client:
        client.publish({"name": execution.replace("-", "_"), "nodes": [{"id": "l", "type": "repeat", "config": rounds}]})
        client.start(execution.replace("-", "_"), list(range(ITEMS)), execution_id=execution)
        client.wait(execution, timeout_s=WAIT_S * 60)


def measure(url: str, watched: Watched, execution: str = "ui-long") -> Iterator[tuple[str, float]]:
    """Seconds until the first events stand there, and until all do, and CPU; milliseconds between frames, and CPU of each and of a step."""
    page = watched.page
    begun = time.monotonic()
    page.goto(f"{url}/executions/{execution}?tab=events&node=*")
    page.locator("[role=grid][aria-label=Events] [role=row]").nth(5).wait_for()
    yield "long_first_s", time.monotonic() - begun
    page.locator("[role=status]", has_text="events are here").wait_for(state="detached", timeout=WAIT_S * 20_000)
    yield "long_whole_s", time.monotonic() - begun
    yield "long_whole_cpu_s", watched.cpu_ms() / 1_000
    yield "long_events", float(page.get_by_role("slider").get_attribute("aria-valuemax") or 0)
    watched.frames(10)
    turns = []
    for _ in range(3):
        before = watched.cpu_ms()
        times = page.evaluate(SCROLL, FRAMES)
        turns.append((percentile(times, 0.95), (watched.cpu_ms() - before) / FRAMES))
    yield "scroll_p95_ms", min(p95 for p95, _ in turns)
    yield "scroll_cpu_ms", min(cpu for _, cpu in turns)
    hold(page)
    yield "long_drag_ms", min(moved(watched, FINE) for _ in range(3))
    yield "long_swing_ms", min(moved(watched, DRAGGED) for _ in range(3))
    page.mouse.up()
    yield "long_heap_mb", watched.heap_mb()
