"""Obstacles: why an execution cannot go on by another version of its workflow, as it is now. None where it can.

    mapping   something that is open has no node of its name there: it needs a name that it has
    blocked   what is open, has ended or is still to come does not fit: it has to end first, or the version has to be another one

What the new version does is not asked here, only whether it can be done from here: what it would have done from the beginning on, a re-run
says (`domain/replay/what_if.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from contracts.codec import pack
from contracts.errors import ExpressionError
from contracts.events import VariableSet
from domain.definition.graph import ERROR_PORT, Body, Compiled, Edge, Graph, Node, programs_in, programs_of
from domain.execution.carrying import carry_over, fresh_nodes
from domain.execution.deciding import Deciding
from domain.execution.evolve import initial
from domain.execution.memo import AskedMemo, ChildMemo, HeldMemo, TaskMemo
from domain.execution.names import Frame
from domain.execution.paths import body_named, is_for_worker, is_undo, node_in_definition, node_named, undone_node
from domain.execution.renaming import Renaming
from domain.execution.state import COMPLETED, FAILED, LIVE, PENDING, Execution, NodeRun, Scope

_states: Final = msgspec.msgpack.Decoder(Execution)
SET_OF_BODIES_MAY_DIFFER: Final = frozenset({"try", "agent"})
"""Of these kinds it does not count which bodies a node has, beside those that are open."""


class Obstacle(NamedTuple):
    """One reason: what it is about (the path of a node, or the name of a variable), and what is to be done."""

    sort: Literal["mapping", "blocked"]
    about: str
    why: str

    def __str__(self) -> str:
        return f"{self.about}: {self.why}" if self.about else self.why


class Carried(NamedTuple):
    """What an execution would be by the other version, which of its nodes have been passed by, and first values of variables it has not."""

    state: Execution
    passed: tuple[tuple[str, int], ...]
    variables: tuple[VariableSet, ...]
    obstacles: tuple[Obstacle, ...]


def carried(ctx: Deciding, new: Graph, names: tuple[tuple[str, str], ...]) -> Carried:
    """What the state of a decision would be by another version. The state is not changed."""
    old, state, renaming = ctx.graph, ctx.state, Renaming(names)
    found = [*_of_whole(old, new, state), *_of_names(old, new, names), *_of_runs(old, new, state, renaming)]
    found += [*_of_compensations(old, new, state, renaming)]
    lost = [scope.path for scope in state.scopes.values() if body_named(new, renaming.path(scope.path)) is None]
    found += [Obstacle("mapping", path, f"this body is open, and version {new.version} has none at that place") for path in lost]
    if lost or any(one.sort == "mapping" for one in found):
        return Carried(initial(state.execution), (), (), tuple(found))
    after = _states.decode(pack(state))
    carry_over(old, new, after, renaming)
    fresh = set(fresh_nodes(old, new, renaming))
    passed: list[tuple[str, int]] = []
    for scope in after.scopes.values():
        found += _of_ways(old, new, state, scope, fresh, passed, renaming)
        found += _of_outputs(new, scope)
    variables = tuple(_first_values(ctx, old, new, after, renaming, found))
    return Carried(after, tuple(passed), variables, tuple(dict.fromkeys(found)))


# The execution as a whole.


def _of_whole(old: Graph, new: Graph, state: Execution) -> Iterator[Obstacle]:
    if new.name != old.name:
        yield Obstacle("blocked", "", f"that is a version of workflow {new.name}, and this is an execution of {old.name}")
    if state.test is not None:
        yield Obstacle("blocked", "", "it is a test run, which stays with what it tests")
    if state.forked is not None and state.forked.past is not None:
        yield Obstacle("blocked", "", "it is a fork that has not begun: wait until it has")
    if state.ending is not None or state.undoing or state.cancelling:
        yield Obstacle("blocked", "", "it is about to end, and what is left is clean-up")
    if state.quarantine is not None:
        yield Obstacle("blocked", "", "it is set aside: release it first")
    if state.debugged is not None and (state.debugged.halts or state.debugged.breakpoints):
        yield Obstacle("blocked", "", "it is being debugged: take its breakpoints away and let what halts go on first")
    if state.is_dependent and [one.definition for one in old.after] != [one.definition for one in new.after]:
        yield Obstacle("blocked", "settings.after", "it waits for others, and that version waits for others than these")
    if not state.started_at and _lets_in(old) != _lets_in(new):
        said = "it has not begun, and that version lets executions in otherwise (concurrency, quota, while_paused): let it begin first"
        yield Obstacle("blocked", "settings", said)
    if new.spends and not old.spends and state.spending is None:
        yield Obstacle("blocked", "", "that version counts what models take, and this execution has not counted from its beginning on")


def _lets_in(graph: Graph) -> tuple[object, ...]:
    settings = graph.settings
    return settings.concurrency, settings.quota, settings.while_paused


def _of_names(old: Graph, new: Graph, names: tuple[tuple[str, str], ...]) -> Iterator[Obstacle]:
    renaming = Renaming(names)
    for before, after in names:
        if (node := node_named(old, before)) is None or node_in_definition(node) != before:
            yield Obstacle("mapping", before, f"version {old.version} has no node of this name, which is to be called {after}")
        elif renaming.path(before) != after:
            said = f"expected a name in the same body, {renaming.path(before)}, found {after}: a node stays in its body"
            yield Obstacle("mapping", before, said)
        elif node_named(new, after) is None:
            yield Obstacle("mapping", before, f"version {new.version} has no node {after}, which it is to be called")
    targets = [after for _, after in names]
    for twice in sorted({one for one in targets if targets.count(one) > 1}):
        yield Obstacle("mapping", twice, "two nodes are to be called so")


# What is open.


def _of_runs(old: Graph, new: Graph, state: Execution, renaming: Renaming) -> Iterator[Obstacle]:
    for run in state.runs.values():
        was, path = old.nodes[run.node], renaming.path(run.path)
        node = node_named(new, path)
        if node is None:
            way = f"say what it is called there: --map {node_in_definition(was)}=NAME, or let it end first"
            yield Obstacle("mapping", run.path, f"it is open, and version {new.version} has no node of this name; {way}")
            continue
        yield from _of_run(old, was, node, run, path)


def _of_run(old: Graph, was: Node, node: Node, run: NodeRun, path: str) -> Iterator[Obstacle]:
    if was.type != node.type:
        yield Obstacle("blocked", run.path, f"it is open as {was.type}, and is {node.type} there: let it end first")
        return
    if path != run.path and (whom := _asked_of(old, run)):
        said = f"{whom} was asked for it under this name, and answers by it: let it end first, or keep the name"
        yield Obstacle("blocked", run.path, said)
    if was.mutex != node.mutex:
        yield Obstacle("blocked", run.path, f"it holds or awaits the mutex {was.mutex}, and has {node.mutex} there: let it end first")
    if set(was.bodies) != set(node.bodies) and was.type not in SET_OF_BODIES_MAY_DIFFER and was.kind.loop_over is None:
        said = f"it is open with the bodies {', '.join(sorted(was.bodies))}, and has {', '.join(sorted(node.bodies))} there"
        if not isinstance(run.memo, AskedMemo):
            yield Obstacle("blocked", run.path, f"{said}: let it end first")
    if _offers(was) != _offers(node):
        yield Obstacle("blocked", run.path, "its model has been told of other tools or rules than it has there: let it end first")


def _asked_of(old: Graph, run: NodeRun) -> str:
    """Who was asked for a run by its path; empty where nobody was."""
    if isinstance(run.memo, TaskMemo):
        return "a person"
    if isinstance(run.memo, ChildMemo):
        return "a child"
    if isinstance(run.memo, HeldMemo):
        return "a circuit breaker"
    return "a worker" if is_for_worker(old, run) and run.status in ("active", "stopping") else ""


def _offers(node: Node) -> object:
    agency = node.agency
    if agency is None:
        return None
    tools = [(tool.name, tool.node.id, tool.node.type) for tool in agency.tools]
    return tools, [(one.tools, one.node.id) for one in agency.approvals], agency.servers, agency.wanted


def _of_compensations(old: Graph, new: Graph, state: Execution, renaming: Renaming) -> Iterator[Obstacle]:
    for one in state.compensations:
        node = node_named(new, renaming.path(undone_node(one.path) if is_undo(one.path) else one.path))
        was = old.nodes[one.node]
        if node is None or node.compensate is None or _undo_type(node) != _undo_type(was):
            said = f"it has completed, and is to be undone by its {_undo_type(was)} if the execution fails: keep it, with its `compensate`"
            yield Obstacle("blocked", one.path, said)


def _undo_type(node: Node) -> str:
    undo = node.definition.compensate
    return "" if undo is None else undo.type


# What is still to come.


def _of_ways(
    old: Graph, new: Graph, state: Execution, scope: Scope, fresh: set[int], passed: list[tuple[str, int]], renaming: Renaming
) -> Iterator[Obstacle]:
    """What would have begun by now, by the new version. What lies between nodes that have begun is passed by; the rest cannot be told."""
    body = new.bodies[scope.body]
    before = next(one for one in state.scopes.values() if renaming.path(one.path) == scope.path)
    known = _joined(old.bodies[before.body], renaming)
    for node in body.nodes:
        if scope.nodes[node.index] != PENDING or node.is_asked:
            continue
        missed = [edge for edge in (*node.incoming, *node.typed_incoming) if _is_missed(scope, edge, known)]
        begins = node.number in fresh and not node.incoming and not node.typed_incoming
        if not missed and not begins:
            continue
        if node.number in fresh and _is_between(scope, node, fresh):
            passed.append((scope.path, node.index))
        elif begins:
            yield Obstacle("blocked", _at(scope, node), "it begins with its body, which has begun without it: it would never run")
        else:
            sources = ", ".join(edge.source.id for edge in missed)
            yield Obstacle("blocked", _at(scope, node), f"it follows on {sources}, which has ended: it would never be told of that")


def _joined(body: Body, renaming: Renaming) -> set[tuple[str, str, str, str]]:
    """What the edges of a body join, by the new names."""
    called = {node.index: renaming.path(node_in_definition(node)).rpartition("/")[2] for node in body.nodes}
    return {(called[edge.source.index], called[edge.target.index], edge.port, edge.type) for edge in body.edges}


def _is_missed(scope: Scope, edge: Edge, known: set[tuple[str, str, str, str]]) -> bool:
    """Whether an edge is new, and might have been taken."""
    if (edge.source.id, edge.target.id, edge.port, edge.type) in known:
        return False
    status = scope.nodes[edge.source.index]
    return status == FAILED if edge.port == ERROR_PORT else status == COMPLETED


def _is_between(scope: Scope, node: Node, fresh: set[int]) -> bool:
    """Whether all ways on from a node lead over new ones to such as have begun, so that nobody waits for it."""
    waiting, seen = [node], {node.index}
    while waiting:
        ways = [edge.target for edge in waiting.pop().outgoing if not edge.is_back]
        if not ways:
            return False
        for target in ways:
            if target.index in seen or scope.nodes[target.index] != PENDING:
                continue
            if target.number not in fresh:
                return False
            seen.add(target.index)
            waiting.append(target)
    return True


def _of_outputs(new: Graph, scope: Scope) -> Iterator[Obstacle]:
    """What somebody is to read, and nobody kept."""
    body = new.bodies[scope.body]
    gone = {node.id for node in body.nodes if node.is_read and scope.nodes[node.index] == COMPLETED and node.index not in scope.ended}
    if not gone:
        return
    for reader, compiled in _still_asked(new, scope, body):
        for expression in programs_of(compiled):
            for reference in expression.references:
                names = gone if reference.root == "nodes" and not reference.path else gone.intersection(reference.path[:1])
                if reference.root == "nodes" and names:
                    name = min(names)
                    said = f"{reader} reads its output, which was not kept, as nobody read it in the version before"
                    yield Obstacle("blocked", f"{scope.path}/{name}" if scope.path else name, said)


def _still_asked(new: Graph, scope: Scope, body: Body) -> Iterator[tuple[str, Compiled]]:
    """The expressions of a body that may still be asked, and of the bodies in it, each with who asks."""
    if body.output is not None:
        yield "the output of the body", body.output
    for edge in body.edges:
        if edge.when is not None and scope.nodes[edge.source.index] in (PENDING, LIVE):
            yield f"the edge from {edge.source.id} to {edge.target.id}", edge.when
    for node in new.nodes:
        top = _in_body(node, body)
        if top is None or scope.nodes[top.index] not in (PENDING, LIVE):
            continue
        if top is node and scope.nodes[top.index] == LIVE and not node.bodies:
            continue
        for _, compiled in programs_in(node):
            yield node_in_definition(node), compiled
        for nested in node.bodies.values():
            yield from ((node_in_definition(node), edge.when) for edge in nested.edges if edge.when is not None)
            yield from () if nested.output is None else ((node_in_definition(node), nested.output),)


def _in_body(node: Node, body: Body) -> Node | None:
    """The node of a body that another one is, or is within; None where it is elsewhere."""
    found: Node | None = node
    while found is not None and found.body is not body:
        found = found.body.owner
    return found


def _first_values(
    ctx: Deciding, old: Graph, new: Graph, after: Execution, renaming: Renaming, found: list[Obstacle]
) -> Iterator[VariableSet]:
    """The first values of the variables that bodies which are open declare only now."""
    asking = Deciding(new, after, ctx.command, ctx.now, ctx.read_blob, ctx.limits)
    for scope in after.scopes.values():
        for name, first in new.bodies[scope.body].variables.items():
            if name in scope.variables:
                continue
            try:
                yield VariableSet(scope.path, name, asking.keep(asking.evaluate(first, Frame(scope))))
            except ExpressionError as error:
                found.append(Obstacle("blocked", f"vars.{name}", f"it has no value yet, and its first one cannot be told: {error}"))
    ctx.blobs.update(asking.blobs)


def _at(scope: Scope, node: Node) -> str:
    return f"{scope.path}/{node.id}" if scope.path else node.id
