"""Dependencies: another execution has completed that this one waits for, or the time for that is over."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from domain.execution.decide import hold
from domain.execution.decide.start import begin
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves.dependency import fail_late
from domain.execution.paths import AFTER


def _meet(ctx: Deciding, command: c.MeetDependency) -> None:
    awaited = ctx.state.awaited
    if awaited is None or command.index >= len(awaited) or awaited[command.index].is_settled or hold.is_held(ctx):
        return
    ctx.emit(e.DependencyMet(command.index, command.execution, command.completed_at))
    _go_on(ctx)


def pass_time(ctx: Deciding, timer: str) -> None:
    """The time for a dependency is over: its timer has fired."""
    index = int(timer.removeprefix(AFTER))
    if ctx.graph.after[index].definition.on_timeout == "start":
        ctx.emit(e.DependencyWaived(index))
        _go_on(ctx)
    else:
        fail_late(ctx, index)


def _go_on(ctx: Deciding) -> None:
    if not ctx.state.is_dependent:
        begin(ctx)


HANDLERS: Final[dict[type, Handler]] = {
    c.MeetDependency: _meet,
}
