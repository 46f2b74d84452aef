"""What a case has led to: the calls to the world, the nodes that ran, and how the execution stands."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.values import decode
from domain.definition.graph import Graph
from domain.execution.liveness import waits_of
from domain.execution.state import Execution

REFUSED: Final = "refused"
"""How an execution stands whose start was refused."""
RUNS: Final = (e.NodeScheduled, e.NodeStarted, e.NodeCompleted, e.NodeFailed, e.NodeRetried, e.NodePinned, e.IncidentRaised)
"""The events by which a node has run."""


class Call(NamedTuple):
    """A call to the world: an attempt of an activity, a child that is started, a signal that goes out, people who are told."""

    node: str
    kind: str
    attempt: int
    config: Any
    input: Any

    def as_value(self) -> dict[str, Any]:
        """The call as JSON shows it."""
        return self._asdict()


class Happened(NamedTuple):
    """A decision of the case, with the path that stands before those in it, empty but for children."""

    before: str
    graph: Graph
    decision: Decision


class Found(NamedTuple):
    """How an execution stands at the end of a case. Times are milliseconds from its beginning."""

    status: str
    outcome: str | None
    output: Any
    failure: Failure | None
    variables: dict[str, Any]
    ran: list[str]
    calls: list[Call]
    waiting: list[str]
    lasted_ms: int
    given: Any
    happened: list[Happened]

    def as_value(self) -> dict[str, Any]:
        """What was found, as JSON shows it; without the events."""
        return {
            "status": self.status,
            "outcome": self.outcome,
            "output": self.output,
            "error": self.failure and self.failure.as_value(),
            "variables": self.variables,
            "ran": self.ran,
            "calls": [call.as_value() for call in self.calls],
            "waiting": self.waiting,
            "lasted_ms": self.lasted_ms,
        }


def found_of(graph: Graph, state: Execution, happened: list[Happened], calls: list[Call], begun_at: int, now: int) -> Found:
    """What a case has led to, from where its execution stands."""
    incident = next((one.failure for one in state.incidents.values()), None)
    return Found(
        state.status,
        state.outcome,
        None if state.output is None else decode(state.output),
        state.failure or incident,
        _variables(happened),
        nodes_run(happened),
        calls,
        waits_of(graph, state),
        (state.ended_at or now) - begun_at,
        decode(state.input),
        happened,
    )


def refused(failure: Failure, given: Any) -> Found:
    """What a case has led to whose execution was not begun at all."""
    return Found(REFUSED, None, None, failure, {}, [], [], [], 0, given, [])


def _variables(happened: list[Happened]) -> dict[str, Any]:
    """The variables of the workflow, as they were last."""
    found: dict[str, bytes] = {}
    for one in happened:
        if not one.before:
            found |= {event.name: event.value for event in one.decision.events if isinstance(event, e.VariableSet) and not event.scope}
    return {name: decode(value) for name, value in found.items()}


def nodes_run(happened: list[Happened]) -> list[str]:
    """The paths of the nodes that ran, in the order in which they began."""
    found: dict[str, None] = {}
    for one in happened:
        for event in one.decision.events:
            if isinstance(event, RUNS):
                found.setdefault(one.before + event.path)
    return list(found)
