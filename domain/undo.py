"""Undoing: compensation, known as the saga pattern. Completed nodes are undone one after the other, newest first."""

from __future__ import annotations

from contracts.events import CompensationEnded, CompensationStarted, IncidentRaised, NodeFailed, NodeRetried, NodeScheduled, TimerStarted
from contracts.failure import Failure
from domain.completing import complete
from domain.deciding import Deciding
from domain.failing import retry_due
from domain.places import UNDO_SUFFIX
from domain.state import Compensation, NodeRun, Undoing
from domain.undo_state import find, undone_node


def begin(ctx: Deciding, by: str, only: list[str] | None) -> bool:
    """Undo what has completed (`only` these paths); False when there is nothing to undo."""
    found = [c for c in reversed(ctx.state.compensations) if not c.started and (only is None or c.path in only)]
    if not found:
        return False
    ctx.emit(CompensationStarted(tuple(c.path for c in found), by))
    go_on(ctx, by)
    return True


def go_on(ctx: Deciding, by: str) -> None:
    """Undo the next one, or end."""
    undoing = next((u for u in ctx.state.undoing if u.by == by), None)
    if undoing is None:
        return
    while undoing.paths:
        compensation = find(ctx.state, undoing.paths[0])
        path = undoing.paths[0] + UNDO_SUFFIX
        if path in ctx.state.runs:
            return
        assert compensation is not None, f"nothing is registered to undo {undoing.paths[0]}"
        if compensation.failure is not None:
            _raise(ctx, path, compensation.failure)
            return
        _run(ctx, compensation, path, compensation.tried + 1)
        return
    _end(ctx, undoing)


def _end(ctx: Deciding, undoing: Undoing) -> None:
    done = list(undoing.done)
    ctx.emit(CompensationEnded(undoing.by))
    run = ctx.state.runs.get(undoing.by)
    if run is not None:
        complete(ctx, run, ctx.keep(done))


def _run(ctx: Deciding, compensation: Compensation, path: str, attempt: int) -> None:
    node = ctx.graph.nodes[compensation.node]
    ctx.emit(NodeScheduled(path, attempt))
    if node.compensate_timeout_ms:
        ctx.emit(TimerStarted(f"{path}:start_to_close", ctx.now + node.compensate_timeout_ms))


def attempt_again(ctx: Deciding, run: NodeRun) -> None:
    """The next attempt at undoing a node begins."""
    compensation = find(ctx.state, undone_node(run.path))
    if compensation is None:
        return
    if compensation.failure is not None:
        _raise(ctx, run.path, compensation.failure)
    else:
        _run(ctx, compensation, run.path, run.attempt)


def failed(ctx: Deciding, run: NodeRun, failure: Failure, retryable: bool = True) -> None:
    """An attempt at undoing has failed: try again by the policy, else a person is needed."""
    node = ctx.graph.nodes[run.node]
    policy = node.compensate_retry
    if policy is not None and retryable and (due := retry_due(ctx, policy, run.path, run.attempt, run.attempt - run.tried, failure)):
        ctx.emit(NodeRetried(run.path, run.attempt + 1, due, ctx.failure_unless_carried(failure)))
        return
    _raise(ctx, run.path, failure)


def given_up(ctx: Deciding, path: str, failure: Failure) -> None:
    """A person decided that a node stays as it is."""
    ctx.emit(NodeFailed(path, failure))
    proceed(ctx)


def proceed(ctx: Deciding) -> None:
    """One node is undone or given up: on to the next."""
    for undoing in list(ctx.state.undoing):
        go_on(ctx, undoing.by)


def _raise(ctx: Deciding, path: str, failure: Failure) -> None:
    ctx.emit(IncidentRaised(str(ctx.state.incidents_raised + 1), path, ctx.failure_unless_carried(failure)))
