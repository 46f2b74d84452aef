"""The life of an execution: it is held and goes on, is asked to stop or ended, set aside and released, summed up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.commands import Command
from contracts.errors import Rejected
from contracts.key import NO_KEY
from domain.execution.decide import activity, breaker, child, dependency, incident, start, task, timer
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves import debugging, signals
from domain.execution.moves.advance import go_past, pump
from domain.execution.moves.changing import look_for_turns
from domain.execution.moves.close import close_children
from domain.execution.moves.stop import stop_scope
from domain.execution.moves.withdrawal import withdraw_all
from domain.execution.pins import halted_in
from domain.execution.state import names_of


def _pause(ctx: Deciding, command: c.PauseExecution) -> None:
    if not ctx.state.started_at:
        raise Rejected("not_started", f"execution {ctx.state.execution} has not started", status=ctx.state.status)
    if not ctx.state.paused or debugging.is_paused_by_halt(ctx.state):
        ctx.emit(e.ExecutionPaused(command.reason))


def _resume(ctx: Deciding, command: c.ResumeExecution) -> None:
    state = ctx.state
    if command.step and state.test is None:
        raise Rejected("no_test_run", f"execution {state.execution} is no test run, which alone goes step by step", status=state.status)
    is_late = state.test is not None and 0 < command.at < state.test.stood_at
    if not state.paused or is_late:
        return
    held, halted = list(state.held), halted_in(state)
    debugging.release_whole(ctx)
    ctx.emit(e.ExecutionResumed())
    if state.changed is not None:  # what was changed in the pause may have turns to take
        look_for_turns(ctx)
    for path in halted:
        if (run := state.runs.get(path)) is not None and run.status == "queued":  # what one before it ended by may have ended it
            go_past(ctx, run)
    take_all_up(ctx, held)


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
    withdraw_all(ctx, "the execution was terminated")
    close_children(ctx)
    ctx.emit(e.ExecutionTerminated(command.reason))


def _quarantine(ctx: Deciding, command: c.QuarantineExecution) -> None:
    if not command.keeps:
        withdraw_all(ctx, "the execution was set aside")
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
        if ctx.state.changed is not None:
            look_for_turns(ctx)
        take_all_up(ctx, held)


def _erase(ctx: Deciding, command: c.EraseExecution) -> None:
    state = ctx.state
    if state.erased is not None:
        return
    if not state.ended_at:
        said = f"execution {state.execution} is {state.status}: it is erased once it has ended; terminate it first, or force it"
        raise Rejected("not_ended", said, status=state.status)
    if state.key == NO_KEY:
        raise not_sealed(state.execution)
    ctx.emit(
        e.ExecutionErased(
            state.workflow, state.workflow_version, state.definition, state.status, state.created_at, state.started_at, state.ended_at,
            *names_of(state.parent), state.key, state.digest.hex(),
        )
    )  # fmt: skip


def _archive(ctx: Deciding, command: c.ArchiveExecution) -> None:
    """Nothing follows: that it was asked for is all there is to record. Raises Rejected for what goes on, and for what is sealed."""
    state = ctx.state
    if not state.ended_at:
        said = f"execution {state.execution} is {state.status}: it is archived once it has ended; terminate it first"
        raise Rejected("not_ended", said, status=state.status)
    if state.key != NO_KEY or state.erased is not None:
        raise is_sealed(state.execution)


def is_sealed(execution: str) -> Rejected:
    """It cannot be archived: whoever has its bundle could read it."""
    return Rejected("sealed", f"execution {execution} is sealed, and stays: what stands in a bundle could not be erased any more")


def not_sealed(execution: str) -> Rejected:
    """It cannot be erased: its decisions are readable by all who have the journal."""
    return Rejected(
        "not_sealed",
        f"execution {execution} was not sealed when it began, so it cannot be made unreadable; "
        "`settings.erasable` in the definition, or the setting `erasable` of the server, seals what begins from then on",
    )


def _roll(ctx: Deciding, command: c.RollHistory) -> None:
    if ctx.state.rolled_at != ctx.state.version:
        ctx.emit(e.HistoryRolled())


# What arrived in a pause.


HELD: Final[dict[type, Handler]] = {
    handled: handler
    for family in (start, dependency, activity, timer, child, incident, task, breaker)
    for handled, handler in family.HANDLERS.items()
}
"""Who decides about what was held; signals are in the buffer, and have their own way."""


def take_all_up(ctx: Deciding, held: list[Command]) -> None:
    """An execution goes on that was held: with what arrived, and with the signals in the buffer."""
    _take_up(ctx, held, pump)
    if not ctx.graph.rules.pauses_keep_order:
        for signal in list(ctx.state.signals):
            signals.deliver(ctx, signal)


def _take_up(ctx: Deciding, held: list[Command], and_then: Callable[[Deciding], None]) -> None:
    """What arrived in a pause, in the order it came."""
    numbers = signals.numbers_of_held(ctx, held)
    for command in held:
        if ctx.state.is_ended:
            return
        if isinstance(command, c.SendSignal):
            signals.deliver_held(ctx, next(numbers))
        else:
            _tolerant(HELD[type(command)], ctx, command)
        and_then(ctx)


def _tolerant(handler: Handler, ctx: Deciding, command: Command) -> None:
    """What was in time when it was held may be late now."""
    with suppress(Rejected):
        handler(ctx, command)


HANDLERS: Final[dict[type, Handler]] = {
    c.PauseExecution: _pause,
    c.ResumeExecution: _resume,
    c.CancelExecution: _cancel,
    c.TerminateExecution: _terminate,
    c.QuarantineExecution: _quarantine,
    c.ReleaseExecution: _release,
    c.RollHistory: _roll,
    c.EraseExecution: _erase,
    c.ArchiveExecution: _archive,
}
