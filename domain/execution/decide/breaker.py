"""Circuit breakers: what is reported to one, and that somebody opens or closes it; and the attempts that one holds."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.errors import Rejected
from contracts.ids import activity_key
from contracts.values import NULL
from domain.execution.breaker import BREAKER_TIMER, Breaker, begun
from domain.execution.decide import hold
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves.advance import arm_limits
from domain.execution.paths import held_by, is_for_worker, is_undo
from domain.execution.state import NodeRun

_TOO_LONG: Final = "; a trial took too long"

# The breaker itself.


def begin_breaker(ctx: Deciding, given: bytes) -> None:
    """A breaker begins; one that goes on for another execution is what that was."""
    told = begun(given)
    ctx.emit(e.ExecutionCreated())
    _change(ctx, e.BreakerChanged(told.state, told.until, told.reason, told.is_by_hand))


def _of(ctx: Deciding) -> Breaker:
    breaker = ctx.state.breaker
    if breaker is None:
        raise Rejected("no_breaker", f"execution {ctx.state.execution} is no circuit breaker", execution=ctx.state.execution)
    return breaker


def _report(ctx: Deciding, command: c.ReportToBreaker) -> None:
    breaker = _of(ctx)
    if ctx.state.paused or command.limits is None:
        return
    trial = e.Trial(command.execution, command.path, command.attempt)
    if command.what == "failed" and breaker.state == "closed":
        _count(ctx, breaker, command, command.limits)
    elif command.what == "offered" and breaker.state == "half_open" and breaker.trial is None:
        _change(ctx, e.BreakerChanged("half_open", ctx.now + command.limits.cool_down_ms, breaker.reason, False, trial))
    elif breaker.trial == trial:
        _end_trial(ctx, breaker, command, command.limits)


def _count(ctx: Deciding, breaker: Breaker, command: c.ReportToBreaker, limits: c.BreakerLimits) -> None:
    """One more failure, if it is not one of before the window, or known."""
    known = {key for _, key in breaker.failures}
    if command.at <= ctx.now - limits.window_ms or activity_key(command.execution, command.path, command.attempt) in known:
        return
    ctx.emit(e.FailureCounted())
    if len(breaker.failures) >= limits.failures:
        said = f"{len(breaker.failures)} failures within {limits.window_ms / 1000:g} s"
        _change(ctx, e.BreakerChanged("open", ctx.now + limits.cool_down_ms, said))
    elif BREAKER_TIMER not in ctx.state.timers:
        ctx.emit(e.TimerStarted(BREAKER_TIMER, ctx.now + limits.window_ms))


def _end_trial(ctx: Deciding, breaker: Breaker, command: c.ReportToBreaker, limits: c.BreakerLimits) -> None:
    if command.what == "succeeded":
        _close(ctx, f"{command.path} of {command.execution} tried and succeeded")
    elif command.what == "failed":
        said = f"{command.path} of {command.execution} tried and failed"
        _change(ctx, e.BreakerChanged("open", ctx.now + limits.cool_down_ms, said))
    elif command.what == "abandoned":
        ctx.emit(e.BreakerChanged("half_open", 0, breaker.reason))


def _steer(ctx: Deciding, command: c.SteerBreaker) -> None:
    breaker = _of(ctx)
    if command.action == "end":
        ctx.emit(e.ExecutionCompleted(command.reason or None, NULL))
    elif command.action == "close":
        _close(ctx, command.reason)
    elif not (breaker.state == "open" and breaker.is_by_hand) or command.reason not in ("", breaker.reason):
        _change(ctx, e.BreakerChanged("open", 0, command.reason, True))


def _change(ctx: Deciding, event: e.BreakerChanged) -> None:
    ctx.emit(event)
    if event.until:
        ctx.emit(e.TimerStarted(BREAKER_TIMER, event.until))


def _close(ctx: Deciding, reason: str) -> None:
    ctx.emit(e.BreakerChanged("closed", 0, reason))
    ctx.emit(e.ExecutionCompleted(None, NULL))


def on_timer(ctx: Deciding, breaker: Breaker) -> None:
    """The breaker's timer has fired: see `BREAKER_TIMER`."""
    if breaker.state == "open":
        ctx.emit(e.BreakerChanged("half_open", 0, breaker.reason))
    elif breaker.state == "half_open":
        ctx.emit(e.BreakerChanged("half_open", 0, breaker.reason.removesuffix(_TOO_LONG) + _TOO_LONG))  # said once, however often
    elif breaker.limits is None or not (left := breaker.in_window(ctx.now, breaker.limits)):
        ctx.emit(e.ExecutionCompleted(None, NULL))
    else:
        ctx.emit(e.TimerStarted(BREAKER_TIMER, left[-1][0] + breaker.limits.window_ms))


# What goes by one.


def _hold(ctx: Deciding, command: c.HoldActivity) -> None:
    run = ctx.state.runs.get(command.path)
    if run is None or run.status != "active" or run.attempt != command.attempt or not is_for_worker(ctx.graph, run):
        return
    ctx.emit(e.ActivityHeld(command.path, command.attempt, command.breaker))


def _release(ctx: Deciding, command: c.ReleaseActivity) -> None:
    run = ctx.state.runs.get(command.path)
    is_due = run is not None and run.attempt == command.attempt and held_by(run) == command.breaker
    if command.is_trial:
        _begin_trial(ctx, run, command, is_due)
    elif run is not None and is_due and not hold.is_held(ctx):
        _go_on(ctx, run)


def _begin_trial(ctx: Deciding, run: NodeRun | None, command: c.ReleaseActivity, is_due: bool) -> None:
    trial = ctx.state.trials.get(command.path)
    if trial is not None and (trial.breaker, trial.attempt) == (command.breaker, command.attempt):
        return
    if run is None or not is_due or ctx.state.paused:
        said = f"attempt {command.attempt} of {command.path} does not wait for the circuit breaker {command.breaker}, or in a pause"
        raise Rejected("no_trial", said, path=command.path, attempt=command.attempt)
    _go_on(ctx, run, command.breaker)


def _go_on(ctx: Deciding, run: NodeRun, trial: str = "") -> None:
    ctx.emit(e.ActivityReleased(run.path, run.attempt, trial))
    node = ctx.graph.nodes[run.node]
    if not is_undo(run.path):
        arm_limits(ctx, node, run)
    elif node.compensate_timeout_ms:
        ctx.emit(e.TimerStarted(f"{run.path}:start_to_close", ctx.now + node.compensate_timeout_ms))


HANDLERS: Final[dict[type, Handler]] = {
    c.ReportToBreaker: _report,
    c.SteerBreaker: _steer,
    c.HoldActivity: _hold,
    c.ReleaseActivity: _release,
}
