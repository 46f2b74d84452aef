"""Losers: the nodes from which every path leads to a join that was satisfied without them."""

from __future__ import annotations

from domain.execution.deciding import Deciding
from domain.execution.state import PENDING, Scope


def is_ignored_loser(ctx: Deciding, scope: Scope, index: int) -> bool:
    """Whether a join that is not to cancel its losers has begun without this node; then the node changes nothing any more."""
    nodes = ctx.graph.bodies[scope.body].nodes
    return any(index in node.losers and node.definition.losers == "ignore" and scope.nodes[node.index] != PENDING for node in nodes)
