"""Dependencies: before an execution begins, others are to have completed (`settings.after`).

awaited ─┬─► met          one has completed, with the same key: lately, or while it was waited for
         ├─► waived       somebody starts it all the same, or the time is over and `on_timeout` is `start`
         └─► failed       the time is over
"""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.errors import ExpressionError
from contracts.failure import Failure
from contracts.times import rfc3339
from domain.execution.deciding import Deciding
from domain.execution.paths import after_timer
from domain.execution.start_values import dependency_key

TIMEOUT: Final = "timeout.after"


def await_others(ctx: Deciding) -> None:
    """The execution was to begin: first the others."""
    try:
        given = ctx.parse(ctx.state.input)
        keys = tuple(dependency_key(one.definition.key, given) for one in ctx.graph.after)
    except ExpressionError as error:
        said = f"the `key` of `settings.after` cannot be evaluated: {error}"
        ctx.emit(e.ExecutionFailed(Failure(getattr(error, "type", "expression"), said)))
        return
    ctx.emit(e.DependenciesAwaited(keys))
    for index, one in enumerate(ctx.graph.after):
        ctx.emit(e.TimerStarted(after_timer(index), ctx.now + one.within_ms))


def waive_all(ctx: Deciding) -> None:
    """Go on without those that have not completed."""
    for index, one in enumerate(ctx.state.awaited or ()):
        if not one.is_settled:
            ctx.emit(e.DependencyWaived(index))


def fail_late(ctx: Deciding, index: int) -> None:
    """The time is over in which another one was to complete."""
    one = ctx.graph.after[index].definition
    awaited = (ctx.state.awaited or ())[index]
    key = "" if awaited.key is None else f" with the key {awaited.key.decode()}"
    said = f"no execution of {one.workflow}{key} has completed since {rfc3339(awaited.since)}, and within {one.within} it was waited for"
    ctx.emit(e.ExecutionFailed(Failure(TIMEOUT, said, {"workflow": one.workflow, "within": one.within})))
