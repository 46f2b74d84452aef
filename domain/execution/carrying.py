"""Carrying over: the state of an execution as another version of its workflow sees it. By the places of nodes and edges, not their numbers.

    old graph ─ nodes by their place, edges by what they join ─► new graph
    what has ended, runs or waits is what it was               an edge that is new behind what has ended was not taken
    what the new version has not is forgotten                  what only it has, has not begun

Nothing is refused here: what must not be carried over so, `domain/execution/obstacles.py` finds before.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

from domain.definition.graph import Body, Edge, Graph
from domain.execution.paths import body_named, node_in_definition, node_named
from domain.execution.renaming import Renaming, numbered
from domain.execution.spending import Reserved, Spending
from domain.execution.state import (
    LIVE,
    PENDING,
    TAKEN,
    UNRESOLVED,
    UNTAKEN,
    Changed,
    Execution,
    Scope,
)

EdgeName: TypeAlias = tuple[str, str, str, str, int]
"""What an edge joins: source, target, port, type, and which one of those that join the same it is."""


def carry_over(old: Graph, new: Graph, state: Execution, renaming: Renaming) -> None:
    """Let a state be what it is in another definition; it is changed. Its definition and version are left to the caller."""
    nodes = node_numbers(old, new, renaming)
    scopes = list(state.scopes.values())
    state.scopes = {renaming.path(scope.path): scope for scope in scopes}
    for scope in scopes:
        _carry_scope(old, new, scope, renaming)
    _carry_runs(state, nodes, renaming)
    _carry_waits(state, renaming)
    state.child_nodes = {child: nodes.get(number, number) for child, number in state.child_nodes.items()}
    for one in state.compensations:
        one.path, one.node = renaming.path(one.path), nodes.get(one.node, one.node)
    for undoing in state.undoing:
        undoing.by, undoing.paths, undoing.done = renaming.path(undoing.by), renaming.paths(undoing.paths), renaming.paths(undoing.done)
    state.ending = renaming.ending(state.ending)
    if state.spending is not None:
        _carry_spending(state.spending, nodes, renaming)


def node_numbers(old: Graph, new: Graph, renaming: Renaming) -> dict[int, int]:
    """The numbers of the nodes of one definition in another one, of those that both have."""

    def place_of(number: int) -> int | None:
        found = node_named(new, renaming.path(node_in_definition(old.nodes[number])))
        return None if found is None else found.number

    return numbered(len(old.nodes), place_of)


def fresh_nodes(old: Graph, new: Graph, renaming: Renaming) -> list[int]:
    """The numbers of the nodes that only the new definition has."""
    known = set(node_numbers(old, new, renaming).values())
    return [node.number for node in new.nodes if node.number not in known]


def changed_from(old: Graph, new: Graph, state: Execution, names: tuple[tuple[str, str], ...], renaming: Renaming) -> Changed:
    """What is noted of where a state comes from."""
    back = tuple((renaming.path(before), before) for before, _ in names)
    return Changed(state.definition, state.workflow_version, back, fresh_nodes(old, new, renaming))


# Bodies.


def _carry_scope(old: Graph, new: Graph, scope: Scope, renaming: Renaming) -> None:
    before = old.bodies[scope.body]
    path = renaming.path(scope.path)
    body = body_named(new, path)
    assert body is not None, f"version {new.version} has no body at {path}"
    index = node_indexes(before, body, renaming)
    statuses, edges = scope.nodes, scope.edges
    scope.path, scope.owner, scope.parent = path, renaming.path(scope.owner), None if scope.parent is None else renaming.path(scope.parent)
    scope.body, scope.ending = body.number, renaming.ending(scope.ending)
    scope.nodes = bytearray(len(body.nodes))
    for was, is_ in index.items():
        scope.nodes[is_] = statuses[was]
    kept = edge_numbers(before, body, renaming)
    scope.edges = _edges(body, scope, {is_: edges[was] for was, is_ in kept.items()})
    count_edges(body, scope)
    scope.live = {index[was]: renaming.path(at) for was, at in scope.live.items() if was in index}
    scope.lingering = renaming.paths(scope.lingering)
    scope.ended = {index[was]: end for was, end in scope.ended.items() if was in index}
    scope.rounds = {index[was]: rounds for was, rounds in scope.rounds.items() if was in index}
    scope.backs = {kept[was]: taken for was, taken in scope.backs.items() if was in kept}
    scope.looped = {
        index[was]: (index[source], end) for was, (source, end) in scope.looped.items() if was in index and source in index
    }  # fmt: skip
    scope.last_end = index.get(scope.last_end, -1)
    scope.undone = renaming.keys(scope.undone)


def node_indexes(before: Body, body: Body, renaming: Renaming) -> dict[int, int]:
    """Where the nodes of a body stand in what it is in another definition."""

    def place_of(number: int) -> int | None:
        return body.index_of.get(renaming.path(node_in_definition(before.nodes[number])).rpartition("/")[2])

    return numbered(len(before.nodes), place_of)


def edge_numbers(before: Body, body: Body, renaming: Renaming) -> dict[int, int]:
    """The numbers of the edges of a body in what it is in another definition, of those that both have."""
    there = _named(body, Renaming(()))
    return {edge.number: there[name].number for name, edge in _named(before, renaming).items() if name in there}


def _named(body: Body, renaming: Renaming) -> dict[EdgeName, Edge]:
    """The edges of a body by what they join."""
    called = {node.index: renaming.path(node_in_definition(node)).rpartition("/")[2] for node in body.nodes}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found: dict[EdgeName, Edge] = {}
    for edge in body.edges:
        joins = called[edge.source.index], called[edge.target.index], edge.port, edge.type
        found[(*joins, seen[joins])] = edge
        seen[joins] += 1
    return found


def _edges(body: Body, scope: Scope, kept: dict[int, int]) -> bytearray:
    """Each edge as it was; one that was not there is open where its source has not ended, else it was not taken."""
    found = bytearray(body.edges[-1].number + 1 if body.edges else 0)
    for edge in body.edges:
        has_ended = scope.nodes[edge.source.index] not in (PENDING, LIVE)
        is_behind = has_ended and not edge.is_back and not edge.is_offer
        found[edge.number] = kept.get(edge.number, UNTAKEN if is_behind else UNRESOLVED)
    return found


def count_edges(body: Body, scope: Scope) -> None:
    """Count for each node of a body its edges that are open, and those that were taken."""
    scope.unresolved, scope.taken = [0] * len(body.nodes), [0] * len(body.nodes)
    for node in body.nodes:
        statuses = [scope.edges[edge.number] for edge in (*node.incoming, *node.typed_incoming)]
        scope.unresolved[node.index] = statuses.count(UNRESOLVED) + node.is_asked
        scope.taken[node.index] = statuses.count(TAKEN)


# What is open.


def _carry_runs(state: Execution, nodes: dict[int, int], renaming: Renaming) -> None:
    for run in state.runs.values():
        run.path, run.scope, run.node = renaming.path(run.path), renaming.path(run.scope), nodes.get(run.node, run.node)
        run.ending = renaming.ending(run.ending)
        renaming.memo(run.memo)
    if renaming:
        state.runs = {run.path: run for run in state.runs.values()}


def _carry_waits(state: Execution, renaming: Renaming) -> None:
    if not renaming:
        return
    state.timers = {renaming.timer(timer): due for timer, due in state.timers.items()}
    state.waiting = renaming.paths(state.waiting)
    state.children = {child: renaming.path(path) for child, path in state.children.items()}
    for incident in state.incidents.values():
        incident.path = renaming.path(incident.path)
    state.mutexes = {name: renaming.paths(queue) for name, queue in state.mutexes.items()}
    state.held = [renaming.command(command) for command in state.held]
    state.trials = renaming.keys(state.trials)


def _carry_spending(spending: Spending, nodes: dict[int, int], renaming: Renaming) -> None:
    def carried(by_node: dict[int, Any]) -> dict[int, Any]:
        return {nodes.get(number, -1): one for number, one in by_node.items() if number in nodes}

    reserved = spending.reserved
    spending.by_node, spending.raised = carried(spending.by_node), carried(spending.raised)
    spending.aside_by_node = carried(spending.aside_by_node)
    spending.reserved = {
        name if one.of_child else renaming.path(name): Reserved(nodes.get(one.node, -1), one.attempt, one.amount, one.model, one.of_child)
        for name, one in reserved.items()
    }
