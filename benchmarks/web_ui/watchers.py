"""What 20 open pages cost W1: the CPU of server and projector for an execution, with and without them, in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.refold_server import RefoldServer
from benchmarks.served import MEASURES
from benchmarks.web_ui.browser import Watched
from benchmarks.workloads import WORKLOADS, Workload

PAGES: Final = 20
TURNS: Final = 5
SAMPLES: Final = 40
"""So many times the heap would be looked at; a fifth of them is left out, in which what a page needs comes to be there."""
SAMPLES_MIN: Final = 3
W1: Final = next(one for one in WORKLOADS if one.name == "w1")


def measure(server: RefoldServer, browser: Any, scale: float) -> Iterator[tuple[str, float]]:
    """The ratio is that of the medians."""
    workload = W1.scaled(0.3 * scale)
    _cost(server, workload)
    alone, watched = [], []
    for _ in range(TURNS):
        alone.append(_cost(server, workload))
        contexts = [browser.new_context() for _ in range(PAGES)]
        for context in contexts:
            page = context.new_page()
            page.goto(f"{server.url}/executions")
            page.locator("[role=row][aria-selected]").first.wait_for()
        watched.append(_cost(server, workload))
        for context in contexts:
            context.close()
    yield "w1_alone_us", statistics.median(alone)
    yield "w1_watched_us", statistics.median(watched)
    yield "watchers_percent", 100 * (statistics.median(watched) / statistics.median(alone) - 1)


def _cost(server: RefoldServer, workload: Workload) -> float:
    """CPU µs of an execution: of the server and of its projector."""
    figures = MEASURES["w1"](server, workload)
    return (figures["cpu_ms.server"] + figures["cpu_ms.projector"]) * 1_000


def heap(server: RefoldServer, watched: Watched, seconds: float) -> Iterator[tuple[str, float]]:
    """A live list under W1, for so long: what the page holds after a fifth of it, and at the end, and how that grows from there."""
    watched.page.goto(f"{server.url}/executions")
    watched.page.locator("[role=row][aria-selected]").first.wait_for()
    begun = time.monotonic()
    samples: list[tuple[float, float]] = []
    executions = 0
    while (passed := time.monotonic() - begun) < seconds or len(samples) < SAMPLES_MIN:
        executions += W1.scaled(0.1).executions
        MEASURES["w1"](server, W1.scaled(0.1))
        if passed >= seconds * (1 / 5 + len(samples) / SAMPLES):
            samples.append((time.monotonic() - begun, watched.heap_mb()))
    yield "heap_minutes", (time.monotonic() - begun) / 60
    yield "heap_executions", executions
    yield "heap_early_mb", samples[0][1]
    yield "heap_late_mb", samples[-1][1]
    yield "heap_most_mb", max(heap for _, heap in samples)
    yield "heap_slope_mb_per_h", 3_600 * statistics.linear_regression(*zip(*samples, strict=True)).slope
