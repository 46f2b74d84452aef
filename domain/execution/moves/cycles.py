"""Cycles: what taking a back edge does. Its target and all on the way to its source begin anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.events import NodesReset
from contracts.failure import Failure
from domain.definition.graph import Edge
from domain.execution.deciding import Deciding
from domain.execution.moves.losers import is_ignored_loser
from domain.execution.moves.stop import cancel_run
from domain.execution.state import Scope

BACK_EDGE_LIMIT_DEFAULT: Final = 1_000
"""How often a back edge may be taken where it does not say."""


def spent(scope: Scope, backs: Iterable[Edge]) -> Failure | None:
    """The failure of a node that would take a back edge once too often."""
    for edge in backs:
        limit = edge.limit or BACK_EDGE_LIMIT_DEFAULT
        if scope.backs.get(edge.number, 0) >= limit:
            return Failure("loop.limit", f"the edge back to {edge.target.id} was taken {limit} times already")
    return None


def take_back(ctx: Deciding, scope: Scope, backs: Iterable[Edge]) -> None:
    """The cycles begin anew. What still runs on them is cancelled; a loser that is to be ignored runs on, and changes nothing."""
    for edge in backs:
        for index in edge.resets:
            if index in scope.live and not is_ignored_loser(ctx, scope, index):
                cancel_run(ctx, ctx.state.runs[scope.live[index]])
        ctx.emit(NodesReset(scope.path, edge.number))
        ctx.restarted(scope, edge)
