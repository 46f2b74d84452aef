"""Human tasks: a person claims one, hands it on, says something about it, or answers."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from domain.execution.decide import hold
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves import tasks


def _delegate(ctx: Deciding, command: c.DelegateTask) -> None:
    tasks.check_delegation(ctx, command)
    if not hold.is_held(ctx):
        tasks.delegate(ctx, command)


def _answer(ctx: Deciding, command: c.AnswerTask) -> None:
    tasks.check_answer(ctx, command)
    if not hold.is_held(ctx):
        tasks.answer(ctx, command)


HANDLERS: Final[dict[type, Handler]] = {
    c.ClaimTask: tasks.claim,
    c.ReleaseTask: tasks.release,
    c.DelegateTask: _delegate,
    c.AnswerTask: _answer,
    c.CommentTask: tasks.comment,
}
