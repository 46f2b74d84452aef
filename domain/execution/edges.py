"""Edges: what the end of a node means for the nodes after it. All of it follows from the graph and the statuses.

An edge is unresolved until its source has ended; then it is taken, or not. A node counts its unresolved and its taken
incoming edges, so that its turn is found without looking at all of them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from contracts.failure import Failure
from contracts.values import encode
from domain.definition.graph import ERROR_PORT, Graph, Node
from domain.execution.state import PENDING, SKIPPED, TAKEN, UNRESOLVED, UNTAKEN, Scope

Turn: TypeAlias = Literal["not yet", "start", "skip", "unsatisfied"]


def turn_of(scope: Scope, node: Node) -> Turn:
    """Whether it is the node's turn: its join is satisfied, or can be no more."""
    index = node.index
    if scope.nodes[index] != PENDING:
        return "not yet"
    unresolved, taken = scope.unresolved[index], scope.taken[index]
    if node.typed_incoming:
        open_typed = sum(scope.edges[edge.number] == UNRESOLVED for edge in node.typed_incoming)
        if open_typed:
            return "not yet"
        taken -= sum(scope.edges[edge.number] == TAKEN for edge in node.typed_incoming)
        if not node.incoming:
            return "start"
    if node.join_count:
        if taken >= node.join_count:
            return "start"
        if unresolved:
            return "not yet"
        return "unsatisfied" if taken else "skip"
    if unresolved:
        return "not yet"
    return "start" if taken or not node.incoming or index in scope.looped else "skip"


def resolve(scope: Scope, node: Node, ports: tuple[str, ...], untaken: tuple[int, ...]) -> None:
    """The node left by these ports (by none: it skips all its edges); `untaken` are edges whose `when` does not hold."""
    edges = scope.edges
    for edge in node.outgoing:
        number = edge.number
        if edge.is_back or edges[number] != UNRESOLVED:
            continue
        target = edge.target.index
        scope.unresolved[target] -= 1
        if edge.port in ports and number not in untaken:
            edges[number] = TAKEN
            scope.taken[target] += 1
        else:
            edges[number] = UNTAKEN


def reset(graph: Graph, scope: Scope, number: int) -> None:
    """A back edge is taken: its target and all on the way to its source start anew, with nothing resolved after them."""
    body = graph.bodies[scope.body]
    back = next(edge for edge in body.back_edges if edge.number == number)
    scope.backs[number] = scope.backs.get(number, 0) + 1
    if (end := scope.ended.get(back.source.index)) is not None:
        scope.looped[back.target.index] = (back.source.index, end)
    for index in back.resets:
        if index in scope.live:
            scope.lingering.append(scope.live.pop(index))
        scope.nodes[index] = PENDING
        scope.ended.pop(index, None)
        scope.rounds[index] = scope.rounds.get(index, 0) + 1
        if index != back.target.index:
            scope.looped.pop(index, None)
    for index in back.resets:
        _unresolve(scope, body.nodes[index])


def _unresolve(scope: Scope, node: Node) -> None:
    """The node's edges are open again; what was skipped because of them is, too."""
    for edge in node.outgoing:
        if edge.is_back or scope.edges[edge.number] == UNRESOLVED:
            continue
        target = edge.target
        if scope.edges[edge.number] == TAKEN:
            scope.taken[target.index] -= 1
        scope.edges[edge.number] = UNRESOLVED
        scope.unresolved[target.index] += 1
        if scope.nodes[target.index] == SKIPPED:
            scope.nodes[target.index] = PENDING
            _unresolve(scope, target)


def forget_inputs(scope: Scope, node: Node) -> None:
    """The node has begun: drop what its sources put out, where nobody else may read it."""
    for edge in node.feeders:
        source = edge.source
        end = scope.ended.get(source.index)
        if end is None or end.failure is not None or scope.edges[edge.number] != TAKEN:
            continue
        if len(source.outgoing) == 1 or _all_begun(scope, source):
            del scope.ended[source.index]


def _all_begun(scope: Scope, source: Node) -> bool:
    return all(scope.edges[edge.number] != TAKEN or scope.nodes[edge.target.index] != PENDING for edge in source.outgoing)


def inherited_failure(scope: Scope, node: Node) -> Failure | None:
    """The failure that `error` names behind an error edge: that of the source, or the one it has inherited."""
    if not node.behind_error:
        return None
    for edge in node.incoming:
        if scope.edges[edge.number] == TAKEN and (end := scope.ended.get(edge.source.index)) is not None:
            failure = end.failure if edge.port == ERROR_PORT else end.inherited
            if failure is not None:
                return failure
    if node.index in scope.looped:
        return scope.looped[node.index][1].failure
    return None


def failure_value(failure: Failure) -> bytes:
    """A failure as the JSON that a node behind an error edge, or a catch, is given."""
    return encode(failure.as_value())
