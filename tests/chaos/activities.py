"""What the workers of a chaos run do: each run leaves a line when it begins and one when it is done, in a file that no fault touches.

A line names the run itself, so that a result in a history can be matched with the very run that gave it.
"""

from __future__ import annotations

import itertools
import json
import os
import time
import zlib
from typing import Any

import refold

_effects = os.open(os.environ["CHAOS_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_worker = os.environ.get("CHAOS_WORKER", "")
_numbers = itertools.count(1)
_born = f"{os.getpid()}-{time.time_ns()}"


class _Run:
    """One run of an activity."""

    def __init__(self, context: refold.ActivityContext) -> None:
        self._context = context
        self.name = f"{_born}-{next(_numbers)}"
        self.note("began")

    def note(self, phase: str) -> None:
        """A line in one write, so that lines of several processes never mix."""
        context = self._context
        line = {
            "key": context.idempotency_key, "execution": context.execution, "path": context.path, "attempt": context.attempt,
            "kind": context.kind, "run": self.name, "phase": phase, "at": time.time_ns() // 1_000_000, "worker": _worker,
        }  # fmt: skip
        os.write(_effects, json.dumps(line).encode() + b"\n")

    def take_time(self) -> None:
        """Some milliseconds, now and then a second: a tenth of all runs is long enough to be met by a fault."""
        number = zlib.crc32(f"{self._context.idempotency_key}@{self._context.attempt}".encode())
        self._context.wait_cancelled(1.0 if number % 10 == 0 else number % 50 / 1000)


@refold.activity
def work(context: refold.ActivityContext, config: dict[str, Any]) -> dict[str, Any]:
    """Do something, and say which run did it; `bytes` makes the result so much larger."""
    run = _Run(context)
    run.take_time()
    run.note("done")
    return {"key": context.idempotency_key, "run": run.name, "padding": "x" * config.get("bytes", 0)}


@refold.activity
def stumble(context: refold.ActivityContext, config: dict[str, Any]) -> dict[str, Any]:
    """Fail so many attempts, then work."""
    if context.attempt <= config["times"]:
        _Run(context).note("failed")
        raise refold.ActivityError("chaos.stumbled", f"attempt {context.attempt}")
    return work(context, config)


@refold.activity
def refuse(context: refold.ActivityContext) -> None:
    """Fail for good."""
    _Run(context).note("failed")
    raise refold.ActivityError("chaos.refused", "never", retryable=False)


@refold.activity
def undo(context: refold.ActivityContext) -> dict[str, Any]:
    """Take back what another activity did."""
    return work(context, {})
