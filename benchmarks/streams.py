"""Live readers: how soon a thousand of them hear of events, and what W1 loses by them.

Executions of a workflow of their own are started at a steady pace, so that 200 public events are decided a second; the readers
follow that workflow, each all of its events. Meanwhile W1 is measured, with the readers and without, in turns: the pace is the
same in both. The time of an event is from its decision (before it is committed) until a reader has it. What W1 loses is the
median of the turns' ratios; of CPU what all processes but the readers' take for an execution, which other programs change less.
`python -m benchmarks.streams [READERS [TURNS]]` runs this and nothing else.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from benchmarks.client import carry_out
from benchmarks.load import Plan
from benchmarks.processes import cpu_s, python
from benchmarks.refold_server import RefoldServer
from benchmarks.report import Figures, Table, shown
from benchmarks.workloads import chosen
from refold import Client

Kind: TypeAlias = Literal["stream", "socket"]
"""What is read: server-sent events, or the WebSocket."""
READERS: Final = 1_000
EVENTS_PER_S: Final = 200
TURNS: Final = 5
EVENTS_OF_ONE: Final = 2 + 2 * 7 + 1
"""Public events of an execution of seven built-in activities."""
QUIET_S: Final = 10.0
PACED: Final[dict[str, Any]] = {
    "name": "paced",
    "nodes": [{"id": f"n{index}", "type": "noop"} for index in range(7)],
    "edges": [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(6)],
}
ROWS: Final = {
    "p50_ms": "from the decision to the reader, p50 (ms)",
    "p95_ms": "from the decision to the reader, p95 (ms)",
    "p99_ms": "from the decision to the reader, p99 (ms)",
    "server_cpu": "CPU of the server for the readers and the pace (cores)",
    "herald_cpu": "CPU of the herald, which tells them (cores)",
    "server_cpu_without": "CPU of the server for the pace alone (cores)",
    "socket_p95_ms": "the same over as many WebSockets, p95 (ms)",
    "socket_cpu": "CPU of the server for these and the pace (cores)",
    "p95_beside_ms": "the same while W1 runs, p95 (ms)",
    "w1_with": "W1 with the readers (executions/s)",
    "w1_without": "W1 without (executions/s)",
    "w1_ratio": "W1 with the readers / without",
    "w1_cpu_with": "W1 with the readers, CPU of the server (ms per execution)",
    "w1_cpu_without": "W1 without, CPU of the server (ms per execution)",
    "w1_all_cpu_with": "W1 with the readers, CPU of all but their process (ms per execution)",
    "w1_all_cpu_without": "W1 without, CPU of all (ms per execution)",
}


def measure(folder: Path, scale: float, readers: int = READERS, turns: int = TURNS) -> Figures:
    """All of ROWS."""
    system = RefoldServer(folder)
    try:
        system.wait_ready()
        with Client(system.url) as client:
            client.publish(PACED)
        taken: dict[str, list[float]] = {}
        with pace(system.url):
            _note(taken, {"server_cpu_without": _idle(system)["server"]})
            for _ in range(turns):
                _note(taken, _w1(system, scale, "without"))
                with reading(system.url, readers) as told:
                    idle = _idle(system)
                    _note(taken, {"server_cpu": idle["server"], "herald_cpu": idle["herald"]})
                    quiet = told()
                _note(taken, {name: quiet[name] for name in ("p50_ms", "p95_ms", "p99_ms")})
                assert quiet["events_least"] > 0
                assert quiet["doubles"] == quiet["ends"] == 0, quiet
                with reading(system.url, readers) as told:
                    _note(taken, _w1(system, scale, "with"))
                    _note(taken, {"p95_beside_ms": told()["p95_ms"]})
                with reading(system.url, readers, "socket") as told:
                    _note(taken, {"socket_cpu": _idle(system)["server"]})
                    _note(taken, {"socket_p95_ms": told()["p95_ms"]})
                _note(taken, {"w1_ratio": taken["w1_with"][-1] / taken["w1_without"][-1]})
        return {f"streams.{name}": statistics.median(values) for name, values in taken.items()} | {"streams.readers": readers}
    finally:
        system.stop()


def _note(taken: dict[str, list[float]], figures: Figures) -> None:
    for name, value in figures.items():
        taken.setdefault(name, []).append(value)
    print("  ".join(f"{name} {value:,.1f}" if value > 1 else f"{name} {value:.3f}" for name, value in figures.items()), flush=True)


def _idle(system: RefoldServer) -> Figures:
    """How many cores the server, and the herald beside it, take while nothing but the pace goes on."""
    before = _cpu_ms(system)
    time.sleep(QUIET_S)
    return {role: (used - before.get(role, 0.0)) / QUIET_S / 1_000 for role, used in {"herald": 0.0, **_cpu_ms(system)}.items()}


def _w1(system: RefoldServer, scale: float, name: str) -> Figures:
    (workload,) = chosen(["w1"], scale)
    plan = Plan(urls=system.urls, requests=system.request("w1"), count=workload.executions, outstanding=workload.outstanding)
    before = _cpu_ms(system)
    result = carry_out(plan)
    used = {role: (after - before.get(role, 0.0)) / workload.executions for role, after in _cpu_ms(system).items()}
    of_all = sum(used.values()) + result.cpu_s / workload.executions * 1_000
    return {f"w1_{name}": workload.executions / result.seconds, f"w1_cpu_{name}": used["server"], f"w1_all_cpu_{name}": of_all}


def _cpu_ms(system: RefoldServer) -> dict[str, float]:
    return {role: cpu_s(pids) * 1_000 for role, pids in system.processes().items()}


@contextmanager
def pace(url: str) -> Iterator[None]:
    """Start executions, so many a second."""
    stopped = threading.Event()

    def start() -> None:
        every = EVENTS_OF_ONE / EVENTS_PER_S
        with Client(url) as client:
            due = time.monotonic()
            while not stopped.wait(max(0.0, due - time.monotonic())):
                client.start("paced")
                due += every

    starting = threading.Thread(target=start)
    starting.start()
    try:
        yield
    finally:
        stopped.set()
        starting.join()


@contextmanager
def reading(url: str, count: int, kind: Kind = "stream") -> Iterator[Any]:
    """So many readers; what is given ends them and tells what they saw."""
    path = f"{url}/v1/workflows/paced/events" if kind == "stream" else f"ws{url.removeprefix('http')}/v1/live?paced"
    process = subprocess.Popen(
        python("-m", "benchmarks.readers", path, str(count)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield lambda: json.loads(process.communicate()[0])
    finally:
        process.kill()
        process.communicate()


def table(figures: Figures) -> Table:
    """A line for each."""
    lines = [[said, shown(figures[f"streams.{name}"])] for name, said in ROWS.items() if f"streams.{name}" in figures]
    return [[f"{figures.get('streams.readers', 0):,.0f} live readers, {EVENTS_PER_S} events/s to each", ""], *lines]


def main() -> None:
    readers, turns = (int(sys.argv[1]) if len(sys.argv) > 1 else READERS), (int(sys.argv[2]) if len(sys.argv) > 2 else TURNS)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "streams", 0.6, readers, turns)
    print("\n".join("  ".join(row) for row in table(figures)))


if __name__ == "__main__":
    main()
