"""Joins: whether so many edges can be taken at all."""

from __future__ import annotations

from contracts.definitions import Count
from domain.definition.findings import Findings
from domain.definition.graph import ERROR_PORT
from domain.definition.outline import OutlineBody, OutlineEdge, OutlineNode

Chances = dict[OutlineNode, frozenset[str]]
"""By which ports choosing nodes must have left for something to happen; a node that is not named may have left by any."""


def check_joins(body: OutlineBody, findings: Findings) -> None:
    """Joins that ask for more edges than there are, or than can be taken together (with back edges nobody can tell)."""
    counting = []
    for node in body.nodes:
        if not isinstance(node.definition.join, Count):
            continue
        count, edges = node.definition.join.count, [edge for edge in node.incoming if not edge.is_typed]
        if count > len(edges) and body.is_sound:
            message = f"the join of `{node.id}` waits for {count} edges, and {len(edges)} lead to it"
            fix = f"write `count: {len(edges)}` or `join: all`" if edges else "remove `join`, or add edges"
            findings.add(f"{node.path}.join.count", "join_count", message, fix)
        elif count > 1:
            counting.append((node, count, edges))
    if counting and body.is_sound and not any(edge.is_back for edge in body.edges):
        chances = _chances(body)
        for node, count, edges in counting:
            _check_together(node, count, edges, chances, findings)


def _check_together(
    node: OutlineNode, count: int, edges: list[OutlineEdge], chances: dict[OutlineNode, Chances], findings: Findings
) -> None:
    each = [_chances_by(edge, chances) for edge in edges]
    for chooser in dict.fromkeys(one for chance in each for one in chance):
        ports = sorted({port for chance in each for port in chance.get(chooser, ())})
        most = max(sum(chooser not in chance or port in chance[chooser] for chance in each) for port in ports)
        if most < count:
            message = f"the join of `{node.id}` waits for {count} edges, but `{chooser.id}` leaves by one port, so at most {most} are taken"
            findings.add(f"{node.path}.join.count", "join_never", message, "write `join: all` (of the taken edges), or `join: any`")
            return


def _is_choosing(node: OutlineNode) -> bool:
    if node.ports == ("out",) and any(edge.port == ERROR_PORT for edge in node.outgoing):
        return True
    return node.kind is not None and node.kind.leaves_by_one(node.config)


def _chances_by(edge: OutlineEdge, chances: dict[OutlineNode, Chances]) -> Chances:
    found = chances.get(edge.source, {})
    if _is_choosing(edge.source):
        return {**found, edge.source: frozenset({edge.port})}
    return found


def _chances(body: OutlineBody) -> dict[OutlineNode, Chances]:
    """Of each node: which choices allow it, over all ways to it. Nodes in cycles are left out: anything may happen there."""
    waits = {node: len(node.incoming) for node in body.nodes}
    free = [node for node in body.nodes if not waits[node]]
    chances: dict[OutlineNode, Chances] = {}
    while free:
        node = free.pop()
        chances[node] = _together([_chances_by(edge, chances) for edge in node.incoming])
        for edge in node.outgoing:
            if edge.is_back:
                continue
            waits[edge.target] -= 1
            if not waits[edge.target]:
                free.append(edge.target)
    return chances


def _together(ways: list[Chances]) -> Chances:
    """One of several ways is enough: a choice limits all of them, or none."""
    if len(ways) < 2:
        return ways[0] if ways else {}
    shared = set(ways[0]).intersection(*ways[1:])
    return {chooser: frozenset().union(*(way[chooser] for way in ways)) for chooser in shared}
