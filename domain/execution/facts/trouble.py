"""What the facts about incidents and compensation mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.events import carried_failure
from domain.definition.graph import Graph
from domain.execution.facts import compensation
from domain.execution.facts.runs import (
    UNPLACED,
    Applier,
    Cause,
    drop_waits,
    open_run,
    restate,
)
from domain.execution.paths import is_undo, locate
from domain.execution.state import (
    Compensation,
    Execution,
    Incident,
)


def _incident_raised(graph: Graph, state: Execution, event: e.IncidentRaised, cause: Cause) -> None:
    failure = event.failure or carried_failure(cause.command) or UNPLACED
    state.incidents_raised += 1
    if event.path:
        run = open_run(graph, state, event.path, event.data, cause)
        failure = failure.at(run.path, run.attempt)
        run.status, run.ending, run.last_failure = "incident", None, failure
        drop_waits(state, event.path)
    state.incidents[event.incident] = Incident(event.incident, event.path, failure, cause.now)
    restate(state)


def _incident_resolved(graph: Graph, state: Execution, event: e.IncidentResolved, cause: Cause) -> None:
    incident = state.incidents.pop(event.incident, None)
    if incident is not None and (run := state.runs.get(incident.path)) is not None and event.action == "retry":
        run.tried = run.attempt
        run.tried_inside = max(run.tried_inside, run.attempt)
        if not is_undo(run.path):
            run.config = run.cache_key = run.input = None  # filled in anew: whoever resolves may have changed variables
    restate(state)


def _compensation_registered(graph: Graph, state: Execution, event: e.CompensationRegistered, cause: Cause) -> None:
    scope, node = locate(graph, state, event.path)
    made = Compensation(event.path, node.number, event.config, event.failure)
    if graph.rules.every_run_is_undone:
        made.after = scope.tried
    else:
        made.tried = max(scope.tried, scope.undone.get(event.path, 0))
    compensation.register(state, made)


def _compensation_started(graph: Graph, state: Execution, event: e.CompensationStarted, cause: Cause) -> None:
    compensation.begin(state, event.by, event.paths)


def _compensation_ended(graph: Graph, state: Execution, event: e.CompensationEnded, cause: Cause) -> None:
    compensation.finish(state, event.by)


APPLIERS: Final[dict[type, Applier]] = {
    e.IncidentRaised: _incident_raised,
    e.IncidentResolved: _incident_resolved,
    e.CompensationRegistered: _compensation_registered,
    e.CompensationStarted: _compensation_started,
    e.CompensationEnded: _compensation_ended,
}
