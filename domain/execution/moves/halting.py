"""Halting: a breakpoint holds before a node begins, or as an attempt of it has failed. It stands then, until somebody lets it go on.

    its turn      ─► a breakpoint, a step or a changed variable ─► NodeHalted, TimerStarted "<path>:halt"
    its failure   ─► a breakpoint                               ─► NodeHalted, TimerStarted "<path>:halt"

Where the whole execution is to halt, no other node begins in the same decision, and it is paused at the end. `settle` says of each
decision what has become of those that stood: one that was cancelled, or whose time limit has passed, stands no more.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.debugging import Breakpoint, FailedAttempt
from contracts.errors import ExpressionError
from contracts.events import ExecutionPaused, HaltEnded, NodeHalted, TimerStarted
from domain.execution.breakpoints import at_begin, at_failure, stepped_to
from domain.execution.debugged import HALT, STEP, Debugged
from domain.execution.deciding import Deciding, Ready
from domain.execution.moves.ending import At, place_of
from domain.execution.names import Frame
from domain.expressions import program


def halts_before(ctx: Deciding, ready: Ready) -> bool:
    """Whether a node that has not begun stands from now on, or stands already. One that is tried again goes on."""
    debugged, run = ctx.state.debugged, ctx.state.runs.get(ready.path)
    if debugged is None or ctx.state.cancelling or (run is not None and run.status != "queued"):
        return False
    if ready.path in debugged.halts:
        return True
    frame = ctx.frame(ready)
    name, detail, timeout_ms = _why(ctx, debugged, ready, frame)
    if not name:
        return False
    ctx.emit(NodeHalted(ready.path, ready.recorded if run is None else None, name, None, detail))
    ctx.emit(TimerStarted(f"{ready.path}:{HALT}", ctx.now + timeout_ms))
    return True


def _why(ctx: Deciding, debugged: Debugged, ready: Ready, frame: Frame) -> tuple[str, str, int]:
    """By what a node halts that is to begin (empty: by nothing), what is to be said of it, and for how long at most (milliseconds)."""
    whole = next((halt for halt in debugged.halts.values() if halt.halts == "all"), None)
    if whole is not None:
        return whole.breakpoint, whole.detail, whole.timeout_ms
    step = stepped_to(ctx.graph, ctx.state, debugged, ready.scope, ready.node, ctx.state.version + 1 - len(ctx.events))
    if step is not None:
        return f"{STEP}{step.path}", "", step.timeout_ms
    holding = _holding(ctx, at_begin(debugged, ready.node, ready.path), frame)
    return ("", "", 0) if holding is None else (holding[0].name, holding[1], holding[0].timeout_ms)


def _holding(ctx: Deciding, breakpoints: Iterable[Breakpoint], frame: Frame) -> tuple[Breakpoint, str] | None:
    """The first of them that holds, and why its condition could not be asked, where it could not: then it holds, too."""
    for one in breakpoints:
        if not one.condition:
            return one, ""
        try:
            found = ctx.evaluate(program(one.condition), frame)
        except ExpressionError as error:
            return one, str(error)
        if found is True:
            return one, ""
        if found is not False:
            return one, f"`{one.condition}`: expected true or false, found {found!r}"[:500]
    return None


def halts_failed(ctx: Deciding, at: At, attempt: FailedAttempt) -> bool:
    """Whether a node stands from now on, as an attempt of it has failed. What stands already, or stands in an incident, does not."""
    debugged, run = ctx.state.debugged, ctx.state.runs.get(at.path)
    if (
        debugged is None
        or ctx.state.cancelling
        or at.path in debugged.halts
        or (run is not None and run.status in ("incident", "lingering"))
    ):
        return False
    scope, node = place_of(ctx, at)
    placed = attempt.failure.at(at.path, at.attempt).as_value()
    frame = (ctx.frame(at) if isinstance(at, Ready) else ctx.frame_of(at)).having(error=placed, data=placed)
    holding = _holding(ctx, at_failure(debugged, node, at.path), frame)
    if scope.ending is not None or holding is None:
        return False
    one, detail = holding
    recorded = at.recorded if isinstance(at, Ready) and run is None else None
    ctx.emit(NodeHalted(at.path, recorded, one.name, attempt, detail))
    ctx.emit(TimerStarted(f"{at.path}:{HALT}", ctx.now + one.timeout_ms))
    return True


def settle(ctx: Deciding, debugged: Debugged) -> None:
    """The decision is done: what stood and has gone is over; where the whole execution is to halt, it is paused."""
    state = ctx.state
    if state.ended_at:
        return
    for path in list(debugged.halts):
        run = state.runs.get(path)
        if run is None or run.status != "queued":
            ctx.emit(HaltEnded(path, "gone"))
    whole = [halt.path for halt in debugged.halts.values() if halt.halts == "all"]
    if whole and not state.paused:
        others = f" and {len(whole) - 1} more" if len(whole) > 1 else ""
        ctx.emit(ExecutionPaused(f"halted at {whole[0]}{others}"))
