"""Decide: from an execution's state and a command to the events that follow. The heart of Refold, and pure.

    decide(graph, state, command, now) → Decided(events, blobs)       the facts to record; none when it is already so
                                       → Rejected(reason)             the command is refused; nothing has changed

`state` is changed along the way, event by event, exactly as folding the recorded events would change it. When deciding
raises after its first event, the caller throws the state away and folds it again from the history.

Who decides about which command stands beside this file, one file a family; `FAMILIES` names them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from contracts.commands import Command
from contracts.events import Event
from domain.definition.graph import Graph
from domain.execution.admission import check_takes
from domain.execution.decide import activity, breaker, child, debugger, definition, dependency, incident, life, signal, start, task, timer
from domain.execution.deciding import Deciding, Handler, ReadBlob, no_blobs
from domain.execution.limits import LIMITS, Limits
from domain.execution.moves import halting
from domain.execution.moves.advance import pump
from domain.execution.moves.budget import settle
from domain.execution.moves.pinning import pause
from domain.execution.moves.trials import end_trials
from domain.execution.state import Execution

FAMILIES: Final = (start, dependency, activity, child, timer, signal, incident, task, life, breaker, debugger, definition)
HANDLERS: Final[dict[type, Handler]] = {command: handler for family in FAMILIES for command, handler in family.HANDLERS.items()}
"""Who decides about which command."""


class Decided(msgspec.Struct, frozen=True, gc=False):
    """The facts that a command led to, the big values they refer to (content hash → content), and how many nodes began.

    `graph` is the definition that the execution goes by from then on.
    """

    events: list[Event]
    blobs: dict[str, bytes]
    graph: Graph
    steps: int = 0


def decide(
    graph: Graph,
    state: Execution,
    command: Command,
    now: int,
    read_blob: ReadBlob = no_blobs,
    limits: Limits = LIMITS,
    make: Callable[..., Deciding] = Deciding,
) -> Decided:
    """The events that follow from the command. Raises Rejected, with the state unchanged.

    Whoever looks on while it is decided (`domain/replay/traced.py`) makes the decision of a class of its own.
    """
    assert now >= state.now, f"time runs backwards: {now} after {state.now}"
    if not state.version or state.ended_at or state.quarantine is not None:
        check_takes(state, command)
    ctx = make(graph, state, command, now, read_blob, limits)
    HANDLERS[type(command)](ctx, command)
    while ctx.released:
        debugger.go_on(ctx)
    pump(ctx)
    if state.trials:
        end_trials(ctx)
    if state.spending is not None and state.spending.reserved:
        settle(ctx, state.spending)
    if state.test is not None:
        pause(ctx)
    if state.debugged is not None:
        halting.settle(ctx, state.debugged)
    if ctx.events:
        state.now = now
    return Decided(ctx.events, ctx.blobs, ctx.graph, ctx.steps)
