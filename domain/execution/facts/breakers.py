"""What the facts about circuit breakers mean: of a breaker itself, and of the attempts that go by one."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.commands import ReportToBreaker
from contracts.ids import activity_key
from domain.definition.graph import Graph
from domain.execution.breaker import BREAKER_TIMER, begun
from domain.execution.facts.runs import Applier, Cause, drop_attempt_timers
from domain.execution.memo import HeldMemo
from domain.execution.state import Execution, TrialRun


def _counted(graph: Graph, state: Execution, event: e.FailureCounted, cause: Cause) -> None:
    command, breaker = cause.command, state.breaker
    if breaker is None or not isinstance(command, ReportToBreaker) or command.limits is None:
        return
    key = activity_key(command.execution, command.path, command.attempt)
    breaker.limits = command.limits
    breaker.failures = [*breaker.in_window(cause.now, command.limits), (cause.now, key)]


def _changed(graph: Graph, state: Execution, event: e.BreakerChanged, cause: Cause) -> None:
    breaker = state.breaker
    if breaker is None:
        breaker = state.breaker = begun(state.input)
        state.status, state.started_at = "running", cause.now
        is_told = bool(breaker.since)
    else:
        is_told = event.trial is not None
    state.timers.pop(BREAKER_TIMER, None)
    if not is_told:
        breaker.since, breaker.changes = cause.now, breaker.changes + 1
    breaker.state, breaker.until, breaker.reason = event.state, event.until, event.reason
    breaker.is_by_hand, breaker.trial = event.is_by_hand, event.trial
    if event.state != "closed":
        breaker.failures = []


def _held(graph: Graph, state: Execution, event: e.ActivityHeld, cause: Cause) -> None:
    run = state.runs.get(event.path)
    if run is None:
        return
    run.status, run.memo = "queued", HeldMemo(event.breaker, cause.now)
    run.started_at, run.progress = 0, None
    drop_attempt_timers(state, event.path)


def _released(graph: Graph, state: Execution, event: e.ActivityReleased, cause: Cause) -> None:
    run = state.runs.get(event.path)
    if run is None:
        return
    run.status, run.memo, run.scheduled_at = "active", None, cause.now
    if event.trial:
        state.trials[event.path] = TrialRun(event.attempt, event.trial)


def _trial_ended(graph: Graph, state: Execution, event: e.TrialEnded, cause: Cause) -> None:
    state.trials.pop(event.path, None)


APPLIERS: Final[dict[type, Applier]] = {
    e.FailureCounted: _counted,
    e.BreakerChanged: _changed,
    e.ActivityHeld: _held,
    e.ActivityReleased: _released,
    e.TrialEnded: _trial_ended,
}
