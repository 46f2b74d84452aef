"""How an execution is shown: the short view that most answers carry, and its whole state."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contracts.pins import EVERY, Pin
from contracts.times import rfc3339
from domain.execution.history import Folded
from domain.execution.pins import halted_in
from domain.execution.state import Execution, Tested
from projections.executions import error_of, source_value, time_of
from projections.history import Show
from projections.waiting import as_value, waiting_for

NOTHING: Final = msgspec.Raw(b"null")


class ExecutionView(msgspec.Struct):
    """An execution in an answer. `output` is the JSON as it was stored; `position` the journal's end this was read at."""

    execution_id: str
    workflow: str
    version: int
    status: str
    outcome: str | None
    output: msgspec.Raw
    error: dict[str, Any] | None
    parent: str | None
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    position: int
    test: bool = False


def view_of(state: Execution, position: int) -> ExecutionView:
    """The short view. A big output stands as its reference, for whoever can read blobs to fill in."""
    return ExecutionView(
        state.execution,
        state.workflow,
        state.workflow_version,
        state.status,
        state.outcome,
        NOTHING if state.output is None else msgspec.Raw(state.output),
        error_of(state),
        None if state.parent is None else state.parent.execution,
        time_of(state.created_at),
        time_of(state.started_at),
        time_of(state.ended_at),
        position,
        state.test is not None,
    )


def state_value(folded: Folded, show: Show) -> dict[str, Any]:
    """All that an execution is, as JSON shows it."""
    state = folded.state
    root = state.scopes.get("")
    variables = state.variables if root is None else root.variables
    return {
        "execution_id": state.execution,
        "workflow": state.workflow,
        "version": state.workflow_version,
        "definition": state.definition,
        "status": state.status,
        "at": state.version,
        "created_at": time_of(state.created_at),
        "started_at": time_of(state.started_at),
        "ended_at": time_of(state.ended_at),
        "updated_at": time_of(state.now),
        "priority": folded.graph.priority if state.priority is None else state.priority,
        "parent": None if state.parent is None else state.parent.execution,
        "correlation_id": state.correlation or None,
        "input": show(state.input),
        "variables": {name: show(value) for name, value in variables.items()},
        "waiting_for": [as_value(item) for item in waiting_for(state, folded.graph)],
        "timers": [{"timer": name, "due": rfc3339(due)} for name, due in sorted(state.timers.items(), key=lambda timer: timer[1])],
        "signals": [{"name": signal.name, "payload": show(signal.payload)} for signal in state.signals],
        "children": list(state.children),
        "outcome": state.outcome,
        "output": None if state.output is None else show(state.output),
        "error": error_of(state),
        "test": None if state.test is None else test_value(state, state.test, show),
        "forked_from": None if state.forked is None else source_value(state.forked.source, state.forked.version),
    }


def test_value(state: Execution, test: Tested, show: Show) -> dict[str, Any]:
    """What a test run does otherwise, as JSON shows it, and what it stands before."""
    plan = test.plan
    return {
        "pins": {node: [_pin_value(pin, show) for pin in pins] for node, pins in plan.pins.items()},
        "stop_before": list(plan.stop_before),
        "skip_time": plan.skips != "none",
        "skip_timeouts": plan.skips == "all",
        "unpinned": "refuse" if plan.refuses else "run",
        "stopped_before": halted_in(state),
        "is_published": not plan.definition,
        "ahead_ms": test.ahead,
    }


def _pin_value(pin: Pin, show: Show) -> dict[str, Any]:
    said = {
        "output": None if pin.output is None else show(pin.output),
        "port": pin.ports[0] if pin.ports and len(pin.ports) == 1 else list(pin.ports or ()) or None,
        "error": None if pin.failure is None else {**pin.failure.as_value(), "retryable": pin.retryable},
        "attempt": pin.attempt or None,
        "iteration": None if pin.iteration == EVERY else pin.iteration,
        "source": pin.source or None,
    }
    return {name: value for name, value in said.items() if value is not None or (name == "output" and pin.output is not None)}
