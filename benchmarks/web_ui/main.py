"""`make bench ARGS=ui`: each figure of the web UI beside its bound and what the prototype took."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.machine import machine
from benchmarks.processes import ROOT
from benchmarks.refold_server import RefoldServer
from benchmarks.web_ui import graphs, live, long, sizes, watchers
from benchmarks.web_ui.browser import Watched, browser

RESULTS: Final = ROOT / "benchmarks" / "results" / "ui.json"
PARTS: Final = ("sizes", "graphs", "long", "live", "watchers", "heap")


class Row(NamedTuple):
    """What is shown of a figure."""

    says: str
    bound: float | None = None
    prototype: float | None = None


ROWS: Final = {
    "first_page_kb": Row("first page, kB gzip", 170, 114),
    "execution_kb": Row("execution beyond it, kB gzip", 110, 74),
    "builder_kb": Row("builder beyond both, kB gzip", 210, 163),
    "first_drawn_ms": Row("2,000 nodes drawn for the first time, ms"),
    "drawn_ms": Row("2,000 nodes drawn, their layout known, ms", 250, 136),
    "layout_s": Row("their layout in the worker, s", 2),
    "idle_ms": Row("a frame in which the mouse moves (taken off what follows), ms"),
    "pan_near_ms": Row("pan, near, ms a frame", 8, 2.2),
    "pan_far_ms": Row("pan, far, ms a frame", 8, 6.2),
    "zoom_near_ms": Row("zoom, near, ms a frame", 8),
    "zoom_far_ms": Row("zoom, far, ms a frame", 8),
    "still_ms": Row("a frame in which a move is heard by nothing (taken off the two below)"),
    "states_ms": Row("every state changed, ms", 8, 2.9),
    "drag_ms": Row("a step of the reel, ms", 8),
    "heap_mb": Row("heap of the page with it, MB", None, 7),
    "long_first_s": Row("a long history: until its first events are on the page, s"),
    "long_whole_s": Row("until all of them are, s"),
    "long_whole_cpu_s": Row("the same, CPU s of the page"),
    "long_events": Row("how many they are"),
    "scroll_p95_ms": Row("all of them scrolled, p95 between frames, ms", 20, 16.8),
    "scroll_cpu_ms": Row("the same, CPU ms a frame"),
    "long_drag_ms": Row("a step of its reel, looking for something, ms"),
    "long_swing_ms": Row("a step of its reel, from one end to the other in 24, ms"),
    "long_heap_mb": Row("heap of the page with it, MB"),
    "live_events_per_s": Row("events/s that were live"),
    "live_p50_ms": Row("from recorded to painted, p50, ms"),
    "live_p95_ms": Row("from recorded to painted, p95, ms", 200, 34),
    "cuts": Row("connections cut, three of them by kill -9 of the server"),
    "gaps": Row("events lacking then", 0),
    "doubles": Row("events heard twice", 0),
    "signals_lost": Row("signals lost", 0),
    "w1_alone_us": Row("W1, CPU µs of server and projector each"),
    "w1_watched_us": Row("the same with 20 open pages"),
    "watchers_percent": Row("what they cost, %", 3),
    "heap_minutes": Row("minutes that a list was live under W1"),
    "heap_executions": Row("executions that began meanwhile"),
    "heap_early_mb": Row("its heap after a fifth of them, MB"),
    "heap_late_mb": Row("its heap at the end, MB"),
    "heap_most_mb": Row("the most of it, MB"),
    "heap_slope_mb_per_h": Row("by how much it grows, MB an hour"),
}


def main(words: Sequence[str]) -> None:
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=ui", description="Measure the web UI in a browser.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="shorter (0.2) or longer (60: a heap for an hour)")
    parser.add_argument("--events", type=int, default=long.EVENTS, help=f"how long the long history is, {long.EVENTS:,} without it")
    arguments = parser.parse_args(words)
    only = arguments.only.split(",")
    if unknown := sorted(set(only) - set(PARTS)):
        parser.error(f"expected some of {', '.join(PARTS)}; found {', '.join(unknown)}")
    folder = Path(tempfile.mkdtemp(prefix="refold-bench-"))
    figures: dict[str, float] = {}
    try:
        for name, value in _measure(folder, only, arguments.scale, arguments.events):
            figures[name] = value
            print(_line(name, value), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "scale": arguments.scale, **figures}, indent=2) + "\n")


def _measure(folder: Path, only: Sequence[str], scale: float, events: int) -> Iterator[tuple[str, float]]:
    server = RefoldServer(folder / "refold")
    try:
        server.wait_ready()
        with browser() as opened:
            if {"sizes", "graphs"} & set(only):
                graphs.make(server.url)
            if "sizes" in only:
                yield from sizes.measure(opened, server.url)
            if "graphs" in only:
                yield from graphs.measure(server.url, Watched(opened))
            if "long" in only:
                long.make(server.url, events)
                yield from long.measure(server.url, Watched(opened))
            if "live" in only:
                live.make(server.url)
                yield from live.measure(server, Watched(opened), 20 * scale)
            if "watchers" in only:
                yield from watchers.measure(server, opened, scale)
            if "heap" in only:
                yield from watchers.heap(server, Watched(opened), 60 * scale)
    finally:
        server.stop()


def _line(name: str, value: float) -> str:
    row = ROWS[name]
    bound = "" if row.bound is None else f"≤ {row.bound:g}{'' if value <= row.bound else '  missed'}"
    prototype = "" if row.prototype is None else f"prototype {row.prototype:g}"
    shown = f"{value:10.4g}" if value < 10_000 else f"{value:10,.0f}"
    return f"{row.says:66}{shown}   {bound:16}{prototype}".rstrip()
