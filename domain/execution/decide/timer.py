"""Timers: one is due."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.errors import OF_VALUES, Rejected
from contracts.failure import Failure
from domain.execution.debugged import HALT
from domain.execution.decide import dependency, hold
from domain.execution.decide.breaker import on_timer
from domain.execution.decide.start import begin
from domain.execution.deciding import Deciding, Handler
from domain.execution.kind import acting_kind
from domain.execution.memo import ChildMemo
from domain.execution.moves import compensation, debugging
from domain.execution.moves.advance import restart
from domain.execution.moves.failure import fail_expression
from domain.execution.moves.stop import stop_run, stop_scope
from domain.execution.moves.trials import note_failure
from domain.execution.moves.turns import TURN
from domain.execution.paths import AFTER, HANDLER, is_undo
from domain.execution.state import NodeRun

LIMIT_NAMES: Final = ("schedule_to_start", "start_to_close", "schedule_to_close", "heartbeat")
_PASSED: Final = {
    "schedule_to_start": "no worker began {} within {} ms",
    "start_to_close": "{} took longer than {} ms",
    "schedule_to_close": "{} with all its attempts took longer than {} ms",
    "heartbeat": "{} gave no sign of life for {} ms",
}


def _fire(ctx: Deciding, command: c.FireTimer) -> None:
    if ctx.state.timers.get(command.timer) != command.due or command.due > ctx.now:
        raise Rejected("stale_timer", f"the timer {command.timer} is not due", timer=command.timer)
    if debugging.ends_halt(ctx, command.timer) or not hold.is_held(ctx):
        _pass(ctx, command.timer, command.due, command.breakers)


def _skip(ctx: Deciding, command: c.SkipTime) -> None:
    """Of a test run: as far as it goes, the time has come."""
    if ctx.state.test is None or ctx.state.timers.get(command.timer) != command.due or command.due > ctx.now:
        raise Rejected("stale_timer", f"no time is skipped to the timer {command.timer}", timer=command.timer)
    if debugging.ends_halt(ctx, command.timer) or not hold.is_held(ctx):
        _pass(ctx, command.timer, command.due, ())


def _pass(ctx: Deciding, timer: str, due: int, breakers: tuple[str, ...]) -> None:
    """The timer fires; where it is a limit, that counts for these circuit breakers."""
    path, _, purpose = timer.rpartition(":")
    ctx.emit(e.TimerFired(timer, due))
    if path:
        if breakers:
            note_failure(ctx, ctx.state.runs[path], breakers)
        fire_of_run(ctx, ctx.state.runs[path], purpose)
    elif ctx.state.breaker is not None:
        on_timer(ctx, ctx.state.breaker)
    elif purpose == "start_at":
        begin(ctx)
    elif timer.startswith(AFTER):
        dependency.pass_time(ctx, timer)
    elif (scope := ctx.state.scopes.get("") or ctx.state.scopes.get(HANDLER)) is not None:
        what = "the execution" if scope.path == "" else "the error handler"
        failure = Failure("timeout.workflow", f"{what} took longer than {ctx.graph.settings.timeout}")
        stop_scope(ctx, scope, e.Ending("failed", failure, final=True))


def fire_of_run(ctx: Deciding, run: NodeRun, purpose: str) -> None:
    """A timer of the node has fired: its turn, its next attempt, a limit of it, or what its kind waits for."""
    if purpose == TURN:
        restart(ctx, run)
    elif purpose == HALT:
        debugging.release(ctx, run.path, "timeout")
    elif purpose == "retry":
        if is_undo(run.path):
            compensation.attempt_again(ctx, run)
        else:
            restart(ctx, run)
    elif purpose in LIMIT_NAMES:
        _pass_limit(ctx, run, purpose)
    else:
        try:
            acting_kind(ctx.graph, run).on_timer(ctx, run, purpose)
        except OF_VALUES as error:
            fail_expression(ctx, run, error)


def _pass_limit(ctx: Deciding, run: NodeRun, name: str) -> None:
    node = ctx.graph.nodes[run.node]
    limit = node.compensate_timeout_ms if is_undo(run.path) else node.timeouts[name]
    words = _PASSED[name] if ctx.graph.rules.limits_say_what_passed else _PASSED["start_to_close"]
    failure = Failure(f"timeout.{name}", words.format(run.path, limit), {"limit_ms": limit}, run.path, run.attempt)
    if run.bodies or isinstance(run.memo, ChildMemo):
        stop_run(ctx, run, e.Ending("failed", failure))
    else:
        compensation.fail_run(ctx, run, failure)


HANDLERS: Final[dict[type, Handler]] = {
    c.FireTimer: _fire,
    c.SkipTime: _skip,
}
