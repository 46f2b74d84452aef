"""Turns: a decision that has done enough leaves the rest to further ones, so that others are decided in between.

a loop goes on, and the decision is long      ─► TimerStarted "<path>:next"             ─► it goes on when that fires
a node begins, and it is twice as long        ─► NodeQueued, TimerStarted "<path>:turn" ─► it begins when that fires
turn after turn without anything from outside ─► `loop.limit`: the loop fails, the node is an incident

The timer is due a millisecond later: so no two turns have the same one, and one that fires twice fires once.
"""

from __future__ import annotations

from typing import Final

from contracts.commands import FireTimer
from contracts.events import NodeQueued, TimerStarted
from contracts.failure import Failure
from domain.execution.deciding import Deciding, Ready
from domain.execution.moves.failure import fail, raise_incident
from domain.execution.state import NodeRun

TURN: Final = "turn"
"""What the timer of a node is for that begins in the next turn."""
NEXT: Final = "next"
"""What the timer of a loop is for that goes on in the next turn."""
BYTES_A_STEP: Final = 1024
"""So many bytes of values count as much as a node that begins."""


def is_turn(timer: str) -> bool:
    """Whether a timer waits for nothing but the next turn."""
    return timer.endswith((":turn", ":next"))


def begin_later(ctx: Deciding, ready: Ready) -> None:
    """The node begins in the next turn."""
    alone = _alone(ctx)
    if alone > ctx.limits.alone_max:
        raise_incident(ctx, ready, _too_much(ctx), ready.recorded)
        return
    ctx.emit(NodeQueued(ready.path, ready.recorded))
    ctx.emit(TimerStarted(f"{ready.path}:{TURN}", ctx.now + 1, alone))


def begin_queued_later(ctx: Deciding, run: NodeRun) -> None:
    """A node that has waited in a queue begins in the next turn."""
    alone = _alone(ctx)
    if alone > ctx.limits.alone_max:
        raise_incident(ctx, run, _too_much(ctx))
    else:
        ctx.emit(TimerStarted(f"{run.path}:{TURN}", ctx.now + 1, alone))


def goes_on_later(ctx: Deciding, run: NodeRun) -> bool:
    """Whether the loop goes on in a further turn, as there was enough in this one, or as it has failed by that."""
    timer = f"{run.path}:{NEXT}"
    if timer in ctx.state.timers:
        return True
    if not ctx.is_long:
        return False
    alone = _alone(ctx)
    if alone > ctx.limits.alone_max:
        fail(ctx, run, _too_much(ctx))
    else:
        ctx.emit(TimerStarted(timer, ctx.now + 1, alone))
    return True


def _alone(ctx: Deciding) -> int:
    """How much the execution has done since anything came from outside."""
    command = ctx.command
    before = ctx.state.alone if isinstance(command, FireTimer) and is_turn(command.timer) else 0
    return before + ctx.steps + max(0, ctx.expected) + ctx.length // BYTES_A_STEP


def _too_much(ctx: Deciding) -> Failure:
    limit = ctx.limits.alone_max
    return Failure("loop.limit", f"the execution has begun more than {limit:,} nodes by itself, with nothing from outside between")
