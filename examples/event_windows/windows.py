"""A consumer in another system: the windows of `refold analytics`, computed from Refold's public events alone, with faust-streaming.

    kafka: refold.events ──► agent ──► runs that are open, windows in memory ──► a line of JSON for each window that changed

`python windows.py BROKER[,BROKER…] [TOPIC]`. It imports nothing of Refold.

It keeps all in memory and reads the topic from its beginning whenever it starts, so it may be killed at any moment and is right
again: the topic is what it can be rebuilt from, as long as events stand in it. Each event comes at least once, those of one
execution in order, so what is not above the last version of its execution has been counted. One process, one task (`concurrency=1`).
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

import faust

HOUR_MS = 3_600_000
BITS = 6
ENDS = ("completed", "failed", "cancelled", "terminated", "quarantined")


def bucket_of(ms: int) -> int:
    """A bucket of a sketch: 64 for each doubling, found by whole numbers. Counts of buckets add up exactly."""
    shift = max(0, ms.bit_length() - BITS - 1)
    return (shift << BITS) + (ms >> shift)


def middle_of(bucket: int) -> float:
    """What stands for all that is in a bucket."""
    shift = max(0, (bucket >> BITS) - 1)
    return ((bucket - (shift << BITS)) << shift) + ((1 << shift) - 1) / 2


class Sketch:
    """How durations are spread."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.total = 0

    def add(self, ms: int) -> None:
        """One more."""
        self.counts[bucket_of(max(0, ms))] += 1
        self.total += max(0, ms)

    def value(self) -> dict[str, Any] | None:
        """Mean and percentiles; None of nothing."""
        count = sum(self.counts.values())
        return {"count": count, "mean_ms": round(self.total / count, 3), **{
            f"p{share}_ms": self._percentile(share, count) for share in (50, 95, 99)
        }} if count else None  # fmt: skip

    def _percentile(self, share: int, count: int) -> float:
        left = -(-share * count // 100)
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                break
        return middle_of(bucket)


@dataclass
class Window:
    """What happened to a workflow's executions, or to a node, in an hour."""

    started: int = 0
    retries: int = 0
    incidents: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    duration: Sketch = field(default_factory=Sketch)
    waiting: Sketch = field(default_factory=Sketch)
    resolving: Sketch = field(default_factory=Sketch)


@dataclass
class Open:
    """What is remembered of an execution until it ends."""

    version: int = 0
    started: int = 0
    runs: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, tuple[str, int]] = field(default_factory=dict)


class Windows:
    """Counts events, each once."""

    def __init__(self) -> None:
        self.windows: defaultdict[tuple[str, int, int, str], Window] = defaultdict(Window)
        self.changed: set[tuple[str, int, int, str]] = set()
        self._open: defaultdict[str, Open] = defaultdict(Open)

    def take(self, event: dict[str, Any]) -> None:
        """One event, which may have come before."""
        data, execution = event["data"], self._open[event["subject"]]
        if data["version"] <= execution.version:
            return
        execution.version = data["version"]
        now = round(datetime.fromisoformat(event["time"]).timestamp() * 1000)
        what, _, how = event["type"].removeprefix("refold.").partition(".")
        if what == "execution":
            self._execution(event, execution, how, now)
        elif what == "node":
            self._node(event, execution, how, now)
        elif what == "incident":
            self._incident(event, execution, how, now)
        elif event["type"] == "refold.signal.consumed":
            for window in self._both(event, data["path"], now):
                window.waiting.add(now - execution.runs.get(data["path"], now))

    def _window(self, event: dict[str, Any], node: str, now: int) -> Window:
        key = (event["workflow"], event["workflowversion"], now - now % HOUR_MS, re.sub(r"\[\d+\]|#\d+", "", node))
        self.changed.add(key)
        return self.windows[key]

    def _both(self, event: dict[str, Any], node: str, now: int) -> list[Window]:
        """That of a node, and that of the executions."""
        return [self._window(event, one, now) for one in {node, ""}]

    def _execution(self, event: dict[str, Any], execution: Open, how: str, now: int) -> None:
        window = self._window(event, "", now)
        if how == "started":
            execution.started = now
            window.started += 1
        elif how in ENDS and not event["data"].get("keeps"):
            created = round(datetime.fromisoformat(event["data"]["created_at"]).timestamp() * 1000)
            window.ended[how] += 1
            window.duration.add(now - (execution.started or created))
            if outcome := event["data"].get("outcome"):
                window.outcomes[outcome] += 1
            for path in execution.runs:
                self._window(event, path, now).ended["terminated"] += 1
            execution.runs.clear()
            execution.incidents.clear()

    def _node(self, event: dict[str, Any], execution: Open, how: str, now: int) -> None:
        path, runs = event["data"]["path"], execution.runs
        window = self._window(event, path, now)
        if how in ("scheduled", "started", "retried") and path not in runs:
            window.started += 1
            runs[path] = now
        elif how in ("scheduled", "started") or (how == "progressed" and "progress" not in event["data"]):
            runs[path] = now
        if how == "retried":
            for one in self._both(event, path, now):
                one.retries += 1
        elif how in ("completed", "failed", "cancelled", "skipped"):
            begun = runs.pop(path, None)
            window.ended[how] += 1
            if begun is None and how != "skipped":
                window.started += 1
            if begun is not None or how != "skipped":
                window.duration.add(now - (begun or now))

    def _incident(self, event: dict[str, Any], execution: Open, how: str, now: int) -> None:
        name = event["data"]["incident"]
        if how == "raised":
            path = event["data"]["path"]
            execution.incidents[name] = path, now
            if path and path not in execution.runs:
                self._window(event, path, now).started += 1
                execution.runs[path] = now
            for window in self._both(event, path, now):
                window.incidents += 1
        elif name in execution.incidents:
            path, raised = execution.incidents.pop(name)
            for window in self._both(event, path, now):
                window.resolving.add(now - raised)

    def news(self) -> list[dict[str, Any]]:
        """The windows that have changed since this was asked."""
        changed, self.changed = sorted(self.changed), set()
        return [_value(key, self.windows[key]) for key in changed]


def _value(key: tuple[str, int, int, str], window: Window) -> dict[str, Any]:
    workflow, version, hour, node = key
    return {
        "workflow": workflow, "version": version, "hour": hour, "node": node, "started": window.started, "retries": window.retries,
        "incidents": window.incidents, "ended": dict(sorted(window.ended.items())), "outcomes": dict(sorted(window.outcomes.items())),
        "duration": window.duration.value(), "waiting": window.waiting.value(), "resolving": window.resolving.value(),
    }  # fmt: skip


def application(brokers: str, topic: str, out: TextIO) -> faust.App:
    """The stream application: a group of its own at each start, so that it begins with the beginning of the topic."""
    app = faust.App(
        f"refold-event-windows-{os.urandom(4).hex()}",
        broker=[f"kafka://{one}" for one in brokers.split(",")],
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="event-windows-"),
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
    windows = Windows()

    @app.agent(app.topic(topic, value_type=bytes, value_serializer="raw", key_serializer="raw"), concurrency=1)
    async def count(events: faust.StreamT[bytes]) -> None:
        async for event in events:
            windows.take(json.loads(event))

    @app.timer(interval=1.0)
    async def tell() -> None:
        for window in windows.news():
            print(json.dumps(window), file=out, flush=True)

    return app


if __name__ == "__main__":
    given = sys.argv[1:]
    del sys.argv[1:]
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the worker says by itself is no window
    stream = application(given[0], given[1] if len(given) > 1 else "refold.events", lines)
    faust.Worker(stream, loglevel="WARN", quiet=True, redirect_stdouts=False).execute_from_commandline()
