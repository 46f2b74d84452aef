"""Paths: from a path to the scope and the node it names, and what comes in to a node by its edges."""

from __future__ import annotations

from typing import Final

from contracts.values import NULL
from domain.definition.graph import Body, Graph, Node
from domain.definition.kind_shape import KindShape
from domain.execution.memo import AskedMemo, HeldMemo
from domain.execution.state import TAKEN, Execution, NodeRun, Scope

UNDO_SUFFIX: Final = ".compensate"
UNDO_AGAIN: Final = ".compensate#"
HANDLER: Final = "settings.on_error"
ITERATION: Final = "[]"
"""What the body of a loop is called."""
AFTER: Final = ":after"
"""With this begins the name of each timer that says how long another workflow is waited for; its place follows."""


def node_path(scope: Scope, node: Node) -> str:
    """The path of a node in a scope: `n`, `loop[2]/n`, `n#1` for its first run by a back edge."""
    name = f"{node.id}#{scope.rounds[node.index]}" if node.index in scope.rounds else node.id
    return f"{scope.path}/{name}" if scope.path else name


def scope_path(owner: str, label: str, index: int) -> str:
    """The path of a body: `loop[2]`, `fan.left`, `guard.catch[0]`."""
    return f"{owner}[{index}]" if label == "[]" else f"{owner}.{label}" if owner else label


def plain_path(path: str) -> str:
    """The path without iterations and rounds, as the definition alone gives it: `per_year[3]/score#1` is `per_year/score`."""
    return "/".join(map(_plain_step, path.split("/"))) if "[" in path or "#" in path else path


def _plain_step(step: str) -> str:
    name, dot, label = step.partition(".")
    if dot:
        return f"{name.partition('#')[0]}.{label.partition('#')[0]}"
    return name.partition("[")[0].partition("#")[0]


def iteration_of(path: str) -> int | None:
    """The iteration of the innermost loop around a node; None where none is."""
    for step in reversed(path.split("/")[:-1]):
        if step.endswith("]") and "." not in step:
            return int(step[step.rindex("[") + 1 : -1])
    return None


def owner_of(scope: str) -> str:
    """The path of the node whose body has this path."""
    around, slash, name = scope.rpartition("/")
    return around + slash + (name.rpartition("[")[0] if name.endswith("]") and "." not in name else name.partition(".")[0])


def is_undo(path: str) -> bool:
    """Whether the path names the undoing of a node."""
    return path.endswith(UNDO_SUFFIX) or UNDO_AGAIN in path


def undone_node(path: str) -> str:
    """The path of the node that an undoing path belongs to."""
    return path.rpartition(UNDO_SUFFIX)[0]


def acting_shape(graph: Graph, run: NodeRun) -> KindShape:
    """The shape of the kind that acts in a run: the node's own, or that of its compensation."""
    node = graph.nodes[run.node]
    return node.undo_kind if is_undo(run.path) else node.kind


def is_for_worker(graph: Graph, run: NodeRun) -> bool:
    """Whether a worker is to do it."""
    node = graph.nodes[run.node]
    return node.undo_kind.name == "activity" if is_undo(run.path) else node.is_activity and not has_asked(run)


def has_asked(run: NodeRun) -> bool:
    """Whether its attempt has ended with questions that are not all answered."""
    return isinstance(run.memo, AskedMemo) and run.memo.is_open


def held_by(run: NodeRun) -> str:
    """The circuit breaker that holds the attempt of a run; empty where none does."""
    return run.memo.breaker if run.status == "queued" and isinstance(run.memo, HeldMemo) else ""


def locate(graph: Graph, state: Execution, path: str) -> tuple[Scope, Node]:
    """The open scope and the node that a path names; the caller knows that both exist."""
    index = graph.root.index_of.get(path)
    if index is not None:
        return state.scopes[""], graph.root.nodes[index]
    around, _, name = path.rpartition("/")
    scope = state.scopes[around]
    body = graph.bodies[scope.body]
    return scope, body.nodes[body.index_of[name.partition("#")[0]]]


def node_at(graph: Graph, run: NodeRun) -> Node:
    """The node of a run."""
    return graph.nodes[run.node]


def taken_sources(graph: Graph, scope: Scope, node: Node) -> list[tuple[Node, bytes]]:
    """The nodes whose edges to this one were taken, with their outputs, in the order of completion.

    A node that failed and left by its error edge brings its failure.
    """
    ends = [
        (end.at, edge.source, end)
        for edge in node.incoming
        if scope.edges[edge.number] == TAKEN and (end := scope.ended.get(edge.source.index))
    ]
    if node.index in scope.looped:
        source, end = scope.looped[node.index]
        ends.append((end.at, graph.bodies[scope.body].nodes[source], end))
    ends.sort(key=lambda item: item[0])
    return [(source, end.output if end.output is not None else NULL) for _, source, end in ends]


def plain_data(graph: Graph, scope: Scope, node: Node) -> bytes | None:
    """What comes in to a node, where nothing has to be put together: its body's input, or the one taken edge's output."""
    if node.index not in scope.looped:
        if node.only_source is not None:
            end = scope.ended.get(node.only_source.index)
            return end.output if end is not None and end.output is not None else NULL
        if not node.incoming and not node.typed_incoming:
            return scope.input
    if node.typed_incoming:
        return None
    sources = taken_sources(graph, scope, node)
    return sources[0][1] if len(sources) == 1 and node.definition.aggregate != "array" else None


def after_timer(index: int) -> str:
    """The timer that says how long another workflow is waited for before the execution begins (`settings.after`), by its place."""
    return f"{AFTER}{index}"


def body_in_definition(body: Body) -> str:
    """What a body of the definition is called: as in paths, without the number of an iteration (`each[]`, `fan.left`)."""
    if body.owner is None:
        return HANDLER if body.label else ""
    owner = node_in_definition(body.owner)
    return f"{owner}{ITERATION}" if body.label == ITERATION else scope_path(owner, body.label, 0)


def node_in_definition(node: Node) -> str:
    """What a node of the definition is called: `each[]/charge`."""
    around = body_in_definition(node.body)
    return f"{around}/{node.id}" if around else node.id


def body_named(graph: Graph, path: str) -> Body | None:
    """The body of the definition at a path, of a run (`each[3]`) or of the definition (`each[]`); None where there is none."""
    body: Body | None = graph.root
    for number, step in enumerate(path.split("/") if path else ()):
        if not number and step == HANDLER:
            body = graph.handler
        else:
            owner = owner_of(step)
            label = step[len(owner) :]
            index = None if body is None else body.index_of.get(owner.partition("#")[0])
            if body is None or index is None:
                return None
            body = body.nodes[index].bodies.get(ITERATION if label.startswith("[") else label.removeprefix("."))
    return body


def node_named(graph: Graph, path: str) -> Node | None:
    """The node of the definition at a path, of a run (`each[3]/charge#1`) or of the definition (`each[]/charge`); None: there is none."""
    around, _, name = (undone_node(path) if is_undo(path) else path).rpartition("/")
    body = body_named(graph, around)
    index = None if body is None else body.index_of.get(name.partition("#")[0])
    return None if body is None or index is None else body.nodes[index]
