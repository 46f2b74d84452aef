"""Withdrawal: a human task whose node ends without an answer asks nobody any more."""

from __future__ import annotations

from contracts.events import TaskWithdrawn
from domain.execution.deciding import Deciding
from domain.execution.memo import TaskMemo
from domain.execution.moves.notices import close
from domain.execution.state import NodeRun


def withdraw(ctx: Deciding, run: NodeRun, reason: str) -> None:
    """Nobody is asked any more, where somebody still is: the node ends otherwise."""
    if isinstance(run.memo, TaskMemo) and not run.memo.closed and run.status == "active":
        ctx.emit(TaskWithdrawn(run.path, run.attempt, reason))
        close(ctx, run, "withdrawn")


def withdraw_all(ctx: Deciding, reason: str) -> None:
    """The whole execution ends at once."""
    for run in list(ctx.state.runs.values()):
        withdraw(ctx, run, reason)
