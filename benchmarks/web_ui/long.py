"""An execution of 100,000 events, whose list of events is scrolled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.refold_server import WAIT_S
from benchmarks.served import percentile
from benchmarks.web_ui.browser import Watched
from refold import Client

EVENTS: Final = 100_000
EVENTS_OF_A_ROUND: Final = 4
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


def make(url: str, events: int = EVENTS, execution: str = "ui-long") -> None:
    """It has ended."""
    loop = {"times": events // EVENTS_OF_A_ROUND, "body": {"nodes": [{"id": "n", "type": "noop"}]}}
    with Client(url) as client:
        client.publish({"name": "ui_long", "nodes": [{"id": "l", "type": "repeat", "config": loop}]})
        client.start("ui_long", execution_id=execution)
        client.wait(execution, timeout_s=WAIT_S * 10)


def measure(url: str, watched: Watched, execution: str = "ui-long") -> Iterator[tuple[str, float]]:
    """Seconds until the first events stand there, and until all do; milliseconds between frames on the wall, and CPU of each."""
    page = watched.page
    begun = time.monotonic()
    page.goto(f"{url}/executions/{execution}?tab=events&node=*")
    page.locator("[role=grid][aria-label=Events] [role=row]").nth(5).wait_for()
    yield "long_first_s", time.monotonic() - begun
    page.locator("[role=status]", has_text="events are here").wait_for(state="detached", timeout=WAIT_S * 10_000)
    yield "long_whole_s", time.monotonic() - begun
    watched.frames(10)
    turns = []
    for _ in range(3):
        before = watched.cpu_ms()
        times = page.evaluate(SCROLL, FRAMES)
        turns.append((percentile(times, 0.95), (watched.cpu_ms() - before) / FRAMES))
    yield "scroll_p95_ms", min(p95 for p95, _ in turns)
    yield "scroll_cpu_ms", min(cpu for _, cpu in turns)
