"""How long a partition makes no decisions when its owner is killed or asked to stop, and when all engines are restarted in turn.

Two engines, each with a partition, and a worker on the log. A client signals executions of the first engine's partition, one
after the other, through the second: each answer is a decision that is durable. What is taken is the longest time between two
answers, which for a `kill -9` is the session (6 s), what detecting it takes, and the takeover itself.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks.client import carry_out
from benchmarks.kafka_server import KafkaServer, Setup, gauge
from benchmarks.load import Plan, Request
from benchmarks.refold_server import WAIT_S, request_of
from benchmarks.report import Figures, Table, shown
from benchmarks.waiting import until
from refold import Client, Refused
from refold.errors import Unavailable

EVENTS_OF_W1 = 32
"""Events of a sequence of ten steps."""
PROBES = 3_000
CLIENTS = 8
ROWS = {
    "kill_10": "kill -9: a short history",
    "kill_events": "kill -9: {events:,.0f} events in the journal",
    "kill_open": "kill -9: {open:,.0f} open executions",
    "stop": "SIGTERM: planned hand-over",
    "rolling": "all engines restarted in turn under load: longest time without an execution that ends",
}


def measure(folder: Path, scale: float) -> Figures:
    """Seconds without a decision, for each of ROWS."""
    events, opened = round(1_000_000 * scale), round(100_000 * scale)
    found: Figures = {"takeover.events": events, "takeover.open": opened}
    for name, prepare, act in (
        ("kill_10", lambda system: None, _kill),
        ("kill_events", lambda system: _run(system, events // EVENTS_OF_W1), _kill),
        ("kill_open", lambda system: _open(system, opened), _kill),
        ("stop", lambda system: None, _stop),
    ):
        found[f"takeover.{name}_s"] = _longest(folder / name, prepare, act)
        print(f"{name} {found[f'takeover.{name}_s']:.2f} s", end="  ", flush=True)
    found["takeover.rolling_s"] = _rolling(folder / "rolling")
    return found


def table(figures: Figures) -> Table:
    """A line for each."""
    lines = [
        [title.format(**_counts(figures)), shown(figures[f"takeover.{key}_s"])]
        for key, title in ROWS.items()
        if f"takeover.{key}_s" in figures
    ]
    return [["longest time between two decisions", "s"], *lines] if lines else []


def _counts(figures: Figures) -> dict[str, float]:
    return {key: figures.get(f"takeover.{key}", 0) for key in ("events", "open")}


@contextmanager
def _system(folder: Path) -> Iterator[KafkaServer]:
    system = KafkaServer(folder, Setup(worker="log", engines=2, partitions=2))
    try:
        system.wait_ready()
        yield system
    finally:
        system.stop()


# What is done to it.


def _kill(system: KafkaServer) -> None:
    system.servers[0].kill()


def _stop(system: KafkaServer) -> None:
    threading.Thread(target=system.servers[0].stop).start()


def _run(system: KafkaServer, executions: int) -> None:
    """Executions of ten steps on the partition of the first engine."""
    request = request_of("w1")
    carry_out(Plan(urls=system.urls[:1], requests=request, count=executions, outstanding=100, limit_s=1_800.0))
    system.settle()


def _open(system: KafkaServer, executions: int) -> None:
    """Executions there that wait for a signal."""
    request = Request(path="/v1/workflows/w4/executions", body='{"input":{}}')
    carry_out(Plan(urls=system.urls[:1], requests=request, count=executions, outstanding=100, limit_s=1_800.0))
    system.settle()


# One partition.


def _longest(folder: Path, prepare: Callable[[KafkaServer], None], act: Callable[[KafkaServer], None]) -> float:
    """The longest time between two answers from when something is done until it is over."""
    with _system(folder) as system:
        with Client(system.urls[0]) as client:
            probes = [client.start("w4", {})["execution_id"] for _ in range(PROBES)]
        prepare(system)
        answers: list[float] = []
        stopped = threading.Event()
        thread = threading.Thread(target=_signal_all, args=(system.urls[1], probes, answers, stopped))
        thread.start()
        try:
            until("some signals were answered", lambda: len(answers) >= 20)
            acted = time.perf_counter()
            act(system)
            until("the next owner decides", lambda: len(answers) > 20 and answers[-1] - acted > 1.0, limit_s=120.0)
        finally:
            stopped.set()
            thread.join()
        return max(later - earlier for earlier, later in pairwise(answers) if later > acted)


def _signal_all(url: str, executions: list[str], answers: list[float], stopped: threading.Event) -> None:
    with Client(url) as client:
        for execution in executions:
            if stopped.is_set():
                return
            client.signal(execution, "go")
            answers.append(time.perf_counter())


# All of them.


def _rolling(folder: Path) -> float:
    """The longest time between two ends while all engines are restarted one after the other."""
    with _system(folder) as system:
        ends: list[float] = []
        stopped = threading.Event()
        threads = [threading.Thread(target=_run_on, args=(system.urls, number, ends, stopped)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            until("some have ended", lambda: len(ends) >= 100)
            began = time.perf_counter()
            for number, url in enumerate(system.urls):
                system.restart(number)
                until("it has its partition again", partial(_has_claimed, url))
            over = time.perf_counter()
            until("it went on", lambda: ends[-1] > over + 1.0)
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        return max(later - earlier for earlier, later in pairwise(sorted(ends)) if later > began)


def _has_claimed(url: str) -> bool:
    return gauge(url, "refold_claims_total") >= 1


def _run_on(urls: list[str], number: int, ends: list[float], stopped: threading.Event) -> None:
    """Run one execution after the other, at the other engine where one does not answer."""
    count = turn = 0
    while not stopped.is_set():
        key, count = f"{number}-{count}", count + 1
        while not stopped.is_set():
            with contextlib.suppress(Unavailable, Refused), Client(urls[turn % len(urls)]) as client:
                if client.start("w3", {"v": ""}, wait_s=WAIT_S, idempotency_key=key)["status"] == "completed":
                    ends.append(time.perf_counter())
                    break
            turn += 1
