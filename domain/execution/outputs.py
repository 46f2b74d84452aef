"""Outputs: what a body gives when it has ended, and how several outputs are put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.values import NULL
from domain.definition.graph import Graph, Node
from domain.execution.state import COMPLETED, TAKEN, Scope


def last_nodes(graph: Graph, scope: Scope) -> list[Node]:
    """The nodes that completed and whose edges were not taken, in the order written."""
    body = graph.bodies[scope.body]
    return [
        body.nodes[index]
        for index in sorted(scope.ended)
        if scope.nodes[index] == COMPLETED and not any(scope.edges[edge.number] == TAKEN for edge in body.nodes[index].outgoing)
    ]


def body_output(graph: Graph, scope: Scope) -> bytes | None:
    """The output by the rule, where it is somebody's own: the last end reached, else the single last node.

    None where it has to be put together: an `output` of the body's own, or several last nodes.
    """
    if graph.bodies[scope.body].output is not None:
        return None
    if scope.last_end >= 0:
        end = scope.ended.get(scope.last_end)
        return end.output if end is not None and end.output is not None else NULL
    last = last_nodes(graph, scope)
    if not last:
        return NULL
    if len(last) > 1 and graph.bodies[scope.body].is_hidden:  # of a call: what its tool gave, whoever was asked before
        last = [max(last, key=lambda node: scope.ended[node.index].at)]
    return scope.ended[last[0].index].output or NULL if len(last) == 1 else None


def merge(parts: Sequence[tuple[str, Any]]) -> Any:
    """Objects merged in the order given; null adds nothing, anything else stands under its own name."""
    if len(parts) == 1:
        return parts[0][1]
    merged: dict[str, Any] = {}
    for name, part in parts:
        if isinstance(part, dict):
            merged.update(part)
        elif part is not None:
            merged[name] = part
    return merged
