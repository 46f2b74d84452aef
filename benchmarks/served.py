"""The five workloads on a system that is asked over HTTP: Refold, and Restate beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from benchmarks.client import Client, carry_out, checked
from benchmarks.ledger import audit, lines
from benchmarks.load import Plan, Request, Result
from benchmarks.processes import cpu_s
from benchmarks.waiting import until
from benchmarks.workloads import Workload

WARM_UP = 200
Figures = dict[str, float]


class Served(Protocol):
    """A system under measurement: its processes, and how it is asked."""

    urls: list[str]
    ledger: Path

    def wait_ready(self) -> None:
        """Return when all workloads can be asked for."""

    def processes(self) -> dict[str, list[int]]:
        """The process ids by role."""

    def request(self, workload: str) -> Request:
        """How an execution is started and its end waited for."""

    def waiting(self) -> tuple[Request | None, Request, Request]:
        """For W4: what is sent first if anything, what is answered at the end of an execution, and the signal."""

    def settle(self) -> None:
        """Return when what runs behind the answers is done."""

    def bytes(self) -> int:
        """The bytes of all files."""

    def kill_server(self) -> None:
        """`kill -9` of the server, and at once a new one on the same data."""

    def stop(self) -> None:
        """End all processes."""


def measure(make: Callable[[Path], Served], folder: Path, workload: Workload) -> Figures:
    """Start the system on a fresh folder, measure one workload, end it."""
    system = make(folder)
    try:
        system.wait_ready()
        return MEASURES[workload.name](system, workload)
    finally:
        system.stop()


def _plan(system: Served, workload: Workload, executions: int | None = None) -> Plan:
    """Where many are under way at a time, it is so many for each server."""
    count = workload.executions if executions is None else executions
    outstanding = workload.outstanding * (len(system.urls) if workload.outstanding > 1 else 1)
    return Plan(urls=system.urls, requests=system.request(workload.name), count=count, outstanding=min(outstanding, count))


def _warm_up(system: Served, workload: Workload) -> None:
    carry_out(_plan(system, workload, min(WARM_UP, workload.executions)))
    system.settle()


def _watched(system: Served, plan: Plan) -> tuple[Result, dict[str, float]]:
    """Carry a plan out; the CPU seconds of each process meanwhile, until all is settled."""
    with Client(plan) as client:
        before = {role: cpu_s(pids) for role, pids in system.processes().items()}
        client.go()
        result = checked(client.result())
        system.settle()
        used = {role: cpu_s(pids) - before[role] for role, pids in system.processes().items()}
    return result, {**used, "client": result.cpu_s}


def _costs(used: dict[str, float], executions: int) -> Figures:
    """CPU ms per execution, of each process and of all."""
    each = {f"cpu_ms.{role}": seconds / executions * 1e3 for role, seconds in used.items()}
    return {"cpu_ms_per_execution": sum(each.values()), **each}


def percentile(times: list[float], share: float) -> float:
    """The time below which this share of all lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _through(system: Served, workload: Workload) -> Figures:
    """Executions and steps per second, CPU, bytes: W1, W2."""
    _warm_up(system, workload)
    before = system.bytes()
    result, used = _watched(system, _plan(system, workload))
    figures = {
        "executions_per_s": workload.executions / result.seconds,
        "steps_per_s": workload.executions * workload.steps / result.seconds,
        "p50_ms": percentile(result.times_ms, 0.5),
        "p99_ms": percentile(result.times_ms, 0.99),
        "bytes_per_execution": (system.bytes() - before) / workload.executions,
    }
    return figures | _costs(used, workload.executions)


def _latency(system: Served, workload: Workload) -> Figures:
    """From the request to its answer, one at a time: W3."""
    carry_out(_plan(system, workload, min(20, workload.executions)))
    result, used = _watched(system, _plan(system, workload))
    return {"p50_ms": percentile(result.times_ms, 0.5), "p99_ms": percentile(result.times_ms, 0.99)} | _costs(used, workload.executions)


def _signals(system: Served, workload: Workload) -> Figures:
    """From the first signal until the last execution has ended: W4."""
    start, held, signal = system.waiting()
    if start is not None:
        carry_out(Plan(urls=system.urls, requests=start, count=workload.executions, outstanding=min(100, workload.executions)))
    system.settle()
    outstanding = min(100, workload.executions)
    result, used = _watched(
        system, Plan(urls=system.urls, requests=signal, held=held, count=workload.executions, outstanding=outstanding, settle_s=SETTLE_S)
    )
    return {"signals_per_s": workload.executions / result.seconds} | _costs(used, workload.executions)


SETTLE_S = 2.0
"""So long the waiting executions of W4 are left alone before they are signalled."""


def _killed(system: Served, workload: Workload) -> Figures:
    """From the kill until everything has ended, and what ran again: W5."""
    half = workload.executions * workload.steps // 2
    with Client(_plan(system, workload)) as client:
        client.go()
        until("half of the steps have run", lambda: lines(system.ledger) >= half)
        began = time.perf_counter()
        system.kill_server()
        result = client.result()
        seconds = time.perf_counter() - began
    seen = audit(system.ledger)
    lost_steps = workload.executions * workload.steps - seen.steps
    return {
        "seconds": seconds,
        "lost": max(result.unanswered + len(result.refused), math.ceil(lost_steps / workload.steps)),
        "repeated": seen.repeated,
        "again": seen.again,
    }


MEASURES: dict[str, Callable[[Served, Workload], Figures]] = {
    "w1": _through,
    "w2": _through,
    "w3": _latency,
    "w4": _signals,
    "w5": _killed,
}
