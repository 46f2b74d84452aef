"""Decide: from an execution's state and a command to the events that follow. The heart of Refold, and pure.

    decide(graph, state, command, now) → Decided(events, blobs)       the facts to record; none when it is already so
                                       → Rejected(reason)             the command is refused; nothing has changed

`state` is changed along the way, event by event, exactly as folding the recorded events would change it. When deciding
raises after its first event, the caller throws the state away and folds it again from the history.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from contracts import commands as c
from contracts import events as e
from contracts.commands import Command
from contracts.errors import OF_VALUES, ExpressionError, InvalidInput, Problem, Rejected
from contracts.events import Event
from contracts.failure import Failure
from domain.definition.graph import Graph
from domain.definition.inputs import check_variables, taken_input
from domain.execution.admission import check_takes
from domain.execution.concurrency import search_values, slot_of
from domain.execution.deciding import Deciding, ReadBlob, no_blobs
from domain.execution.facts.execution import request_of
from domain.execution.kind import acting_kind
from domain.execution.limits import LIMITS, Limits
from domain.execution.memo import ChildMemo
from domain.execution.moves import compensation as undo
from domain.execution.moves import incidents as resolving
from domain.execution.moves import signals
from domain.execution.moves.advance import pump, restart
from domain.execution.moves.closing import close_children
from domain.execution.moves.completing import complete
from domain.execution.moves.entering import begin_scope
from domain.execution.moves.failing import fail_expression
from domain.execution.moves.fast_path import go_straight
from domain.execution.moves.stopping import stop_run, stop_scope
from domain.execution.moves.turns import TURN
from domain.execution.paths import HANDLER, is_undo
from domain.execution.state import Execution, NodeRun


class Decided(msgspec.Struct, frozen=True, gc=False):
    """The facts that a command led to, the big values they refer to (content hash → content), and how many nodes began."""

    events: list[Event]
    blobs: dict[str, bytes]
    steps: int = 0


def decide(graph: Graph, state: Execution, command: Command, now: int, read_blob: ReadBlob = no_blobs, limits: Limits = LIMITS) -> Decided:
    """The events that follow from the command. Raises Rejected, with the state unchanged."""
    assert now >= state.now, f"time runs backwards: {now} after {state.now}"
    if not state.version or state.ended_at or state.quarantine is not None:
        check_takes(state, command)
    ctx = Deciding(graph, state, command, now, read_blob, limits)
    HANDLERS[type(command)](ctx, command)
    pump(ctx)
    if ctx.events:
        state.now = now
    return Decided(ctx.events, ctx.blobs, ctx.steps)


# The life of an execution.


def _create(ctx: Deciding, command: c.CreateExecution) -> None:
    state = ctx.state
    if state.version:
        same_parent = command.parent is not None and command.parent == state.parent
        if same_parent or request_of(command) == state.request:
            return
        raise Rejected(
            "already_exists", f"execution {state.execution} exists, and was started with another request", execution=state.execution
        )
    try:
        own = _taken(ctx, command)
    except ExpressionError as error:
        raise InvalidInput([Problem("", "json", str(error))]) from None
    ctx.emit(e.ExecutionCreated(own, search_values(ctx, command, own or command.input)))
    if command.start_at is not None and command.start_at > ctx.now:
        ctx.emit(e.TimerStarted(":start_at", command.start_at))
    elif command.autostart:
        _begin(ctx)


def _taken(ctx: Deciding, command: c.CreateExecution) -> bytes | None:
    """The input with the defaults of its schema, None where none is missing. Raises InvalidInput, ExpressionError."""
    given = ctx.parse(command.input)
    taken = taken_input(ctx.graph, given, len(ctx.load(command.input)))
    check_variables(ctx.graph, None if command.variables is None else ctx.parse(command.variables))
    return None if taken is given else ctx.keep(taken)


def _start(ctx: Deciding, command: c.StartExecution) -> None:
    if not ctx.state.started_at and ctx.state.slot is None:
        _begin(ctx)


def _grant_slot(ctx: Deciding, command: c.GrantSlot) -> None:
    if not ctx.state.started_at and ctx.state.slot is not None and not _is_held(ctx):
        _begin(ctx)


def _begin(ctx: Deciding) -> None:
    """Begin, or queue first where so many of a kind may run at a time."""
    if ctx.graph.settings.concurrency is not None and ctx.state.slot is None:
        ctx.emit(e.ExecutionQueued(slot_of(ctx.graph, ctx.state.input, ctx)))
        return
    ctx.emit(e.ExecutionStarted())
    if ctx.graph.timeout_ms:
        ctx.emit(e.TimerStarted(":workflow", ctx.now + ctx.graph.timeout_ms))
    begin_scope(ctx, ctx.state.scopes[""])


def _pause(ctx: Deciding, command: c.PauseExecution) -> None:
    if not ctx.state.started_at:
        raise Rejected("not_started", f"execution {ctx.state.execution} has not started", status=ctx.state.status)
    if not ctx.state.paused:
        ctx.emit(e.ExecutionPaused(command.reason))


def _resume(ctx: Deciding, command: c.ResumeExecution) -> None:
    if not ctx.state.paused:
        return
    held = list(ctx.state.held)
    ctx.emit(e.ExecutionResumed())
    _take_all_up(ctx, held)


def _take_all_up(ctx: Deciding, held: list[Command]) -> None:
    """An execution goes on that was held: with what arrived, and with the signals in the buffer."""
    _take_up(ctx, held, pump)
    if not ctx.graph.rules.pauses_keep_order:
        for signal in list(ctx.state.signals):
            signals.deliver(ctx, signal)


def _take_up(ctx: Deciding, held: list[Command], and_then: Callable[[Deciding], None]) -> None:
    """What arrived in a pause, in the order it came."""
    places = signals.places_of_held(ctx, held)
    for command in held:
        if ctx.state.is_ended:
            return
        if isinstance(command, c.SendSignal):
            signals.deliver_held(ctx, next(places))
        else:
            _tolerant(HANDLERS[type(command)], ctx, command)
        and_then(ctx)


def _tolerant(handler: Callable[[Deciding, Any], None], ctx: Deciding, command: Command) -> None:
    """What was in time when it was held may be late now."""
    with suppress(Rejected):
        handler(ctx, command)


def _cancel(ctx: Deciding, command: c.CancelExecution) -> None:
    state = ctx.state
    if state.cancelling:
        return
    held = list(state.held)
    ctx.emit(e.ExecutionCancelRequested(command.reason))
    if not state.started_at:
        ctx.emit(e.ExecutionCancelled())
        return
    _take_up(ctx, held, lambda _: None)
    if state.ending is not None:
        ctx.emit(e.ExecutionEnding(e.Ending("cancelled")))
    for scope in [scope for scope in state.scopes.values() if scope.parent is None]:
        stop_scope(ctx, scope, e.Ending("cancelled"))


def _terminate(ctx: Deciding, command: c.TerminateExecution) -> None:
    close_children(ctx)
    ctx.emit(e.ExecutionTerminated(command.reason))


def _quarantine(ctx: Deciding, command: c.QuarantineExecution) -> None:
    if not command.keeps:
        close_children(ctx)
        ctx.emit(e.ExecutionQuarantined(command.reason))
    elif ctx.state.quarantine is None or (command.held is not None and command.held not in ctx.state.held):
        ctx.emit(e.ExecutionQuarantined(command.reason, True))


def _release(ctx: Deciding, command: c.ReleaseExecution) -> None:
    if ctx.state.quarantine is None:
        return
    held = list(ctx.state.held)
    ctx.emit(e.ExecutionReleased())
    if not ctx.state.paused:
        _take_all_up(ctx, held)


def _roll(ctx: Deciding, command: c.RollHistory) -> None:
    if ctx.state.rolled_at != ctx.state.version:
        ctx.emit(e.HistoryRolled())


# What comes back from the world.


def _active(ctx: Deciding, path: str, attempt: int) -> NodeRun:
    """The run that a report is about. Raises Rejected for an attempt nobody waits for."""
    run = ctx.state.runs.get(path)
    if run is None or run.attempt != attempt or run.status != "active":
        found = "it has ended" if run is None else f"it is {run.status} in attempt {run.attempt}"
        raise Rejected("stale_attempt", f"nobody waits for attempt {attempt} of {path}: {found}", path=path, attempt=attempt)
    return run


def _is_held(ctx: Deciding) -> bool:
    """Whether the execution is paused; then the command is kept, once."""
    if not ctx.state.paused:
        return False
    if ctx.command not in ctx.state.held:
        ctx.emit(e.CommandHeld())
    return True


def _complete_activity(ctx: Deciding, command: c.CompleteActivity) -> None:
    run = _active(ctx, command.path, command.attempt)
    if ctx.state.paused and _is_held(ctx):
        return
    if ctx.state.undoing and is_undo(command.path):
        undo.completed(ctx, run, command.output)
    elif not go_straight(ctx, run, command):
        complete(ctx, run, command.output)


def _fail_activity(ctx: Deciding, command: c.FailActivity) -> None:
    run = _active(ctx, command.path, command.attempt)
    if _is_held(ctx):
        return
    undo.fail_run(ctx, run, command.failure, command.retryable)


LOSSES_MAX: Final = 10
"""So often a worker may be lost with one node before the node is taken to be the reason."""


def _lose_activity(ctx: Deciding, command: c.LoseActivity) -> None:
    """Nobody is to blame that the code could see, so it does not count as a try; a node that workers die of fails."""
    run = _active(ctx, command.path, command.attempt)
    if _is_held(ctx):
        return
    failure = Failure("worker.lost", f"the worker {command.worker or 'that had it'} gave no sign of life", None, run.path, run.attempt)
    if run.lost >= LOSSES_MAX:
        undo.fail_run(ctx, run, failure)
        return
    ctx.emit(e.NodeRetried(run.path, run.attempt + 1, ctx.now, failure))
    ctx.emit(e.TimerFired(f"{run.path}:retry", ctx.now))
    _fire_of_run(ctx, run, "retry")


def _report_started(ctx: Deciding, command: c.ReportStarted) -> None:
    run = _active(ctx, command.path, command.attempt)
    _begin_attempt(ctx, run, command.worker)


def _begin_attempt(ctx: Deciding, run: NodeRun, worker: str = "") -> None:
    """A worker has begun: the limits that count from there begin with it."""
    if run.started_at:
        return
    ctx.emit(e.NodeProgressed(run.path, None, None, worker))
    limits = ctx.graph.nodes[run.node].timeouts if not is_undo(run.path) else {}
    for name in ("start_to_close", "heartbeat"):
        if name in limits:
            ctx.emit(e.TimerStarted(f"{run.path}:{name}", ctx.now + limits[name]))


def _report_progress(ctx: Deciding, command: c.ReportProgress) -> None:
    run = _active(ctx, command.path, command.attempt)
    if run.progress is None or command.progress > run.progress:
        if ctx.graph.rules.signs_of_life_begin and ctx.graph.nodes[run.node].limits.report_start and not is_undo(run.path):
            _begin_attempt(ctx, run)
        ctx.emit(e.NodeProgressed(run.path, command.progress, command.detail))


def _report_child(ctx: Deciding, command: c.ReportChild) -> None:
    if command.child not in ctx.state.children:
        raise Rejected("stale_child", f"nobody waits for the child {command.child}", child=command.child)
    if _is_held(ctx):
        return
    if command.status == "completed":
        ctx.emit(e.ChildCompleted(command.path, command.child))
    else:
        ctx.emit(e.ChildFailed(command.path, command.child, command.status))
    run = ctx.state.runs.get(command.path)
    if run is None or run.status not in ("active", "stopping"):
        return
    if isinstance(run.memo, ChildMemo) and run.memo.child == command.child:
        acting_kind(ctx.graph, run).on_child(ctx, run, command)


# Time.


def _fire(ctx: Deciding, command: c.FireTimer) -> None:
    if ctx.state.timers.get(command.timer) != command.due or command.due > ctx.now:
        raise Rejected("stale_timer", f"the timer {command.timer} is not due", timer=command.timer)
    path, _, purpose = command.timer.rpartition(":")
    if _is_held(ctx):
        return
    ctx.emit(e.TimerFired(command.timer, command.due))
    if path:
        _fire_of_run(ctx, ctx.state.runs[path], purpose)
    elif purpose == "start_at":
        _begin(ctx)
    elif (scope := ctx.state.scopes.get("") or ctx.state.scopes.get(HANDLER)) is not None:
        what = "the execution" if scope.path == "" else "the error handler"
        failure = Failure("timeout.workflow", f"{what} took longer than {ctx.graph.settings.timeout}")
        stop_scope(ctx, scope, e.Ending("failed", failure, final=True))


LIMIT_NAMES: Final = ("schedule_to_start", "start_to_close", "schedule_to_close", "heartbeat")


def _fire_of_run(ctx: Deciding, run: NodeRun, purpose: str) -> None:
    if purpose == TURN:
        restart(ctx, run)
    elif purpose == "retry":
        if is_undo(run.path):
            undo.attempt_again(ctx, run)
        else:
            restart(ctx, run)
    elif purpose in LIMIT_NAMES:
        _pass_limit(ctx, run, purpose)
    else:
        try:
            acting_kind(ctx.graph, run).on_timer(ctx, run, purpose)
        except OF_VALUES as error:
            fail_expression(ctx, run, error)


_PASSED: Final = {
    "schedule_to_start": "no worker began {} within {} ms",
    "start_to_close": "{} took longer than {} ms",
    "schedule_to_close": "{} with all its attempts took longer than {} ms",
    "heartbeat": "{} gave no sign of life for {} ms",
}


def _pass_limit(ctx: Deciding, run: NodeRun, name: str) -> None:
    node = ctx.graph.nodes[run.node]
    limit = node.compensate_timeout_ms if is_undo(run.path) else node.timeouts[name]
    words = _PASSED[name] if ctx.graph.rules.limits_say_what_passed else _PASSED["start_to_close"]
    failure = Failure(f"timeout.{name}", words.format(run.path, limit), {"limit_ms": limit}, run.path, run.attempt)
    if run.bodies or isinstance(run.memo, ChildMemo):
        stop_run(ctx, run, e.Ending("failed", failure))
    else:
        undo.fail_run(ctx, run, failure)


def _resolve(ctx: Deciding, command: c.ResolveIncident) -> None:
    resolving.check(ctx, command)
    if not _is_held(ctx):
        resolving.resolve(ctx, command)


def _raise_incident(ctx: Deciding, command: c.RaiseIncident) -> None:
    resolving.raise_from_engine(ctx, command)


HANDLERS: Final[dict[type, Callable[[Deciding, Any], None]]] = {
    c.CompleteActivity: _complete_activity,
    c.CreateExecution: _create,
    c.StartExecution: _start,
    c.PauseExecution: _pause,
    c.ResumeExecution: _resume,
    c.CancelExecution: _cancel,
    c.TerminateExecution: _terminate,
    c.SendSignal: signals.receive,
    c.ReportStarted: _report_started,
    c.ReportProgress: _report_progress,
    c.FailActivity: _fail_activity,
    c.FireTimer: _fire,
    c.ReportChild: _report_child,
    c.ResolveIncident: _resolve,
    c.QuarantineExecution: _quarantine,
    c.RollHistory: _roll,
    c.RaiseIncident: _raise_incident,
    c.GrantSlot: _grant_slot,
    c.LoseActivity: _lose_activity,
    c.ReleaseExecution: _release,
}
"""Who decides about which command."""
