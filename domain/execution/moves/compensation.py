"""Undoing: compensation, known as the saga pattern. Completed nodes are undone one after the other, newest first."""

from __future__ import annotations

from contracts.errors import ExpressionError
from contracts.events import (
    CompensationEnded,
    CompensationStarted,
    Ending,
    IncidentRaised,
    NodeCompleted,
    NodeFailed,
    NodeRetried,
    NodeScheduled,
    NodeStarted,
    TimerStarted,
)
from contracts.failure import Failure
from contracts.values import NULL
from domain.definition.graph import Node
from domain.execution.deciding import Deciding
from domain.execution.facts.compensation import find, name_of
from domain.execution.kind import acting_kind
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail, retry_due
from domain.execution.moves.pinning import SENDS, told
from domain.execution.paths import UNDO_SUFFIX, is_undo
from domain.execution.pins import pin_for
from domain.execution.state import Compensation, NodeRun, Tested, Undoing


def begin(ctx: Deciding, by: str, only: list[str] | None) -> bool:
    """Undo what has completed (`only` these paths); False when there is nothing to undo."""
    found = [c for c in reversed(ctx.state.compensations) if not c.started and (only is None or c.path in only)]
    if not found:
        return False
    ctx.emit(CompensationStarted(tuple(c.path for c in found), by))
    go_on(ctx, by)
    return True


def go_on(ctx: Deciding, by: str) -> None:
    """Undo the next one, and those behind it as long as each is done at once; or end."""
    undoing = next((u for u in ctx.state.undoing if u.by == by), None)
    if undoing is None:
        return
    while undoing.paths:
        compensation = find(ctx.state, undoing.paths[0])
        assert compensation is not None, f"nothing is registered to undo {undoing.paths[0]}"
        path = compensation.name if compensation.after else compensation.path + UNDO_SUFFIX
        if path in ctx.state.runs:
            return
        if compensation.failure is not None:
            _raise(ctx, path, compensation.failure)
        else:
            _run(ctx, compensation, path, compensation.tried + 1)
    _end(ctx, undoing)


def _end(ctx: Deciding, undoing: Undoing) -> None:
    done = list(undoing.done)
    ctx.emit(CompensationEnded(undoing.by))
    run = ctx.state.runs.get(undoing.by)
    if run is not None:
        complete(ctx, run, ctx.keep(done))


def _run(ctx: Deciding, compensation: Compensation, path: str, attempt: int) -> None:
    node = ctx.graph.nodes[compensation.node]
    if ctx.state.test is not None and _is_given(ctx, ctx.state.test, node, path, attempt):
        return
    if node.undo_config is None:
        ctx.emit(NodeScheduled(path, attempt))
    elif _undo_here(ctx, node, compensation, path, attempt):
        return
    if node.compensate_timeout_ms:
        ctx.emit(TimerStarted(f"{path}:start_to_close", ctx.now + node.compensate_timeout_ms))


def _is_given(ctx: Deciding, test: Tested, node: Node, path: str, attempt: int) -> bool:
    """Whether a test run is given how this attempt at undoing a node ends; then it has."""
    is_activity = node.undo_config is None
    pin = pin_for(test, path, attempt, is_activity or node.undo_kind.name == SENDS)
    if pin is None:
        return False
    ctx.emit(NodeScheduled(path, attempt) if is_activity else NodeStarted(path, attempt))
    ctx.emit(told(path, attempt, pin))
    if pin.failure is not None:
        failed(ctx, ctx.state.runs[path], pin.failure, pin.retryable)
    else:
        ctx.emit(NodeCompleted(path, NULL if pin.output is None else pin.output))
    return True


def _undo_here(ctx: Deciding, node: Node, compensation: Compensation, path: str, attempt: int) -> bool:
    """What the engine decides itself, without a worker; whether it has ended."""
    ctx.emit(NodeStarted(path, attempt))
    run = ctx.state.runs[path]
    try:
        output = acting_kind(ctx.graph, run).undo(ctx, run, node.undo_config, ctx.parse(compensation.config or b"{}"))
    except ExpressionError as error:
        failed(ctx, run, Failure("expression", str(error), None, path, attempt))
        return True
    if output is not None:
        ctx.emit(NodeCompleted(path, output))
    return output is not None


def attempt_again(ctx: Deciding, run: NodeRun) -> None:
    """The next attempt at undoing a node begins."""
    compensation = find(ctx.state, name_of(run.path))
    if compensation is None:
        return
    if compensation.failure is not None:
        _raise(ctx, run.path, compensation.failure)
    else:
        _run(ctx, compensation, run.path, run.attempt)
        proceed(ctx)


def completed(ctx: Deciding, run: NodeRun, output: bytes) -> None:
    """A node is undone."""
    ctx.emit(NodeCompleted(run.path, ctx.unless_carried(output)))
    proceed(ctx)


def stopped(ctx: Deciding, run: NodeRun, ending: Ending) -> None:
    """An attempt at undoing was stopped, as it took too long, and has cleaned up."""
    failed(ctx, run, ending.failure or Failure("cancelled", f"{run.path} was stopped"))


def failed(ctx: Deciding, run: NodeRun, failure: Failure, retryable: bool = True, not_before: int = 0) -> None:
    """An attempt at undoing has failed: try again by the policy, else a person is needed."""
    node = ctx.graph.nodes[run.node]
    policy = node.compensate_retry
    if policy is not None and retryable and (due := retry_due(ctx, policy, run.path, run.attempt, run.attempt - run.tried, failure)):
        ctx.emit(NodeRetried(run.path, run.attempt + 1, max(due, not_before), ctx.failure_unless_carried(failure)))
        return
    _raise(ctx, run.path, failure)


def complete_run(ctx: Deciding, run: NodeRun, output: bytes) -> None:
    """A node, or the undoing of one, has ended well."""
    if is_undo(run.path):
        completed(ctx, run, output)
    else:
        complete(ctx, run, output)


def fail_run(ctx: Deciding, run: NodeRun, failure: Failure, retryable: bool = True, not_before: int = 0) -> None:
    """An attempt at a node, or at undoing one, has failed. If another follows, then not before this time."""
    if is_undo(run.path):
        failed(ctx, run, failure, retryable, not_before)
    else:
        fail(ctx, run, failure, retryable, not_before=not_before)


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
