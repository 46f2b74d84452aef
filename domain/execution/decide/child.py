"""Children: one has ended."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.errors import Rejected
from domain.execution.decide import hold
from domain.execution.deciding import Deciding, Handler
from domain.execution.kind import acting_kind
from domain.execution.memo import ChildMemo, TaskMemo
from domain.execution.moves.budget import count_child


def _report_child(ctx: Deciding, command: c.ReportChild) -> None:
    if command.child not in ctx.state.children:
        raise Rejected("stale_child", f"nobody waits for the child {command.child}", child=command.child)
    if hold.is_held(ctx):
        return
    if ctx.state.spending is not None:
        count_child(ctx, command)
    if command.status == "completed":
        ctx.emit(e.ChildCompleted(command.path, command.child))
    else:
        ctx.emit(e.ChildFailed(command.path, command.child, command.status))
    run = ctx.state.runs.get(command.path)
    if run is None or run.status not in ("active", "stopping"):
        return
    if isinstance(run.memo, TaskMemo) or (isinstance(run.memo, ChildMemo) and run.memo.child == command.child):
        acting_kind(ctx.graph, run).on_child(ctx, run, command)


HANDLERS: Final[dict[type, Handler]] = {
    c.ReportChild: _report_child,
}
