"""Odd JSON at the doors of a whole engine: each value comes back the same or is refused, no step raises, nobody is quarantined."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.commands import CompleteActivity, CreateExecution, FailActivity, ReportProgress, SendSignal
from contracts.errors import InvalidInput
from contracts.failure import Failure, details_of
from contracts.value_check import check
from contracts.values import decode, is_reference
from tests.odd_json import may_come_in, odd
from tests.workers.test_guard import GuardBench

VALUES = int(os.environ.get("REFOLD_ODD_VALUES", "100"))
"""So many values; `make odd` asks for 100,000."""
MAP: dict[str, Any] = {"operation": "value", "value": {"a": "{{ data }}", "b": ["{{ input }}"]}}
FLOW: dict[str, Any] = {
    "name": "flow",
    "settings": {"concurrency": {"limit": 1_000_000, "key": "input"}, "search": {"all": "input"}},
    "nodes": [
        {"id": "n", "type": "ours", "on_error": "continue"},
        {"id": "w", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "m", "type": "transform", "on_error": "continue", "config": MAP},
    ],
    "edges": [{"from": "n", "to": "w"}, {"from": "w.received", "to": "m"}],
}
PLACE_MAX = 100
"""So many executions has one engine."""
PLACES = ("start", "signal", "result", "details", "progress")


def taken(value: bytes) -> bool:
    """Whether the rule lets the value in; else it says why not."""
    if may_come_in(value):
        return True
    with pytest.raises(InvalidInput, match="expected"):
        check(value)
    return False


class Place:
    """An engine with one execution for each value."""

    def __init__(self) -> None:
        self.bench = GuardBench(FLOW)
        self.count = 0

    def put(self, value: bytes, door: str) -> None:
        """Bring the value in by a door; what it is for the engine, whichever way it goes."""
        self.count += 1
        bench, name = self.bench, f"x{self.count}"
        version, definition = bench.engine.catalog.resolve("flow")
        given_input = value if door == "start" else b"1"
        assert bench.ask(name, CreateExecution("flow", version, definition, given_input)).error is None
        report = bench.engine.owner.report
        if door == "progress":
            report(name, ReportProgress("n", 1, 0.5, value))
        details = details_of(decode(value)) if door == "details" else None
        report(name, FailActivity("n", 1, Failure("boom", "x", details)) if door == "details" else CompleteActivity("n", 1, value))
        bench.move(time=False)
        folded = bench.engine.owner.executions.get(name)
        assert folded is not None
        assert bench.ask(name, SendSignal("s", "go", value)).error is None
        entries = bench.entries(name)
        sent = next(one.decision.command for one in entries if isinstance(one.decision.command, SendSignal))
        assert is_reference(sent.payload) or sent.payload == value
        assert bench.status(name) in ("completed", "incident", "failed"), bench.status(name)

    def check(self) -> None:
        """Nobody was set aside, nothing was raised, and the journal is what the engine decides."""
        assert self.bench.engine.owner.metrics.quarantined == 0
        assert self.bench.engine.owner.metrics.bugs == []
        assert self.bench.verify().divergences == []


def test_an_odd_value_comes_back_the_same_or_is_refused_and_harms_nobody() -> None:
    place = Place()
    counts = {"taken": 0, "refused": 0}

    @settings(max_examples=VALUES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(odd, st.sampled_from(PLACES))
    def each(value: bytes, door: str) -> None:
        nonlocal place
        if not taken(value):
            counts["refused"] += 1
            return
        counts["taken"] += 1
        if place.count >= PLACE_MAX:
            place.check()
            place = Place()
        place.put(value, door)

    each()
    place.check()
    assert min(counts.values()) > 0
    print(counts)
