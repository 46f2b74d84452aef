"""Drives the workloads in a peer that is a library: the program below it runs executions, this one counts and takes the times.

    program < plan        a line of JSON: workload, executions, outstanding, folder; the result is a line of JSON

Only the standard library: it runs in the peers' environments.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from benchmarks.steps import payload


class Peer(Protocol):
    """A peer's own way of running an execution."""

    async def run(self, workload: str, number: int, given: dict[str, Any]) -> Any:
        """Run an execution to its end. Raises what it fails with."""

    async def wait(self, number: int) -> None:
        """Start an execution that waits for a signal, until it waits."""

    async def signal(self, number: int) -> None:
        """Signal it, and wait for its end."""


async def drive(peer: Peer, plan: dict[str, Any]) -> dict[str, Any]:
    """Carry a plan out."""
    count, outstanding = plan["executions"], plan["outstanding"]
    if plan["workload"] == "w4":
        await _many(peer.wait, count, 100)
        return await _timed(peer.signal, count, outstanding)
    warm_up = min(outstanding, count, 50)

    async def run(number: int) -> None:
        await peer.run(plan["workload"], number, payload())

    await _many(lambda number: run(number + count), warm_up, outstanding)
    return await _timed(run, count, outstanding)


async def _timed(work: Callable[[int], Awaitable[None]], count: int, outstanding: int) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    times = await _many(work, count, outstanding)
    return {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "times_ms": times}


async def _many(work: Callable[[int], Awaitable[None]], count: int, outstanding: int) -> list[float]:
    """Run so many, `outstanding` at a time; the ms of each."""
    numbers = iter(range(count))
    times: list[float] = []

    async def line() -> None:
        for number in numbers:
            began = time.perf_counter()
            await work(number)
            times.append((time.perf_counter() - began) * 1e3)

    await asyncio.gather(*(line() for _ in range(min(outstanding, count))))
    return times


def read_plan() -> dict[str, Any]:
    """The plan this program was given."""
    plan: dict[str, Any] = json.loads(sys.stdin.readline())
    return plan


def tell(result: dict[str, Any]) -> None:
    """Say what came of it, as the last line."""
    sys.stdout.write("\n" + json.dumps(result) + "\n")
    sys.stdout.flush()
