"""Names: which ones an expression sees where it stands. Only what it refers to is looked up and parsed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from contracts.failure import Failure
from contracts.times import rfc3339
from domain.definition.graph import Graph, Node
from domain.execution.edges import inherited_failure
from domain.execution.memo import LoopMemo
from domain.execution.state import COMPLETED, Execution, NodeRun, Scope
from domain.expressions import Reference


class Sight(Protocol):
    """What names are looked up in: a decision in the making."""

    @property
    def graph(self) -> Graph:
        """The definition."""

    @property
    def state(self) -> Execution:
        """The execution as it is."""

    def parse(self, value: bytes) -> Any:
        """The parsed value. Raises ExpressionError for what cannot be read."""


class Frame(NamedTuple):
    """Where an expression stands: the body, the node, what came in to it, and names that only hold here."""

    scope: Scope
    node: Node | None = None
    data: bytes | None = None
    path: str = ""
    extra: dict[str, Any] | None = None
    own_output: bytes | None = None
    """The node's output while it completes, before it is recorded."""

    def having(self, **names: Any) -> Frame:
        """The same with further names."""
        return self._replace(extra={**(self.extra or {}), **names})


def names_for(ctx: Sight, references: Iterable[Reference], frame: Frame) -> dict[str, Any]:
    """The names that the references need. A name that has no value here is left out, so that `has()` tells."""
    names: dict[str, Any] = {}
    for reference in references:
        root = reference.root
        if frame.extra is not None and root in frame.extra:
            names[root] = frame.extra[root]
        elif root == "nodes":
            _add_nodes(ctx, names.setdefault("nodes", {}), reference.path, frame)
        elif root == "vars":
            _add_variables(ctx, names.setdefault("vars", {}), reference.path, frame.scope)
        elif root not in names:
            _add(ctx, names, root, frame)
    return names


def _add(ctx: Sight, names: dict[str, Any], root: str, frame: Frame) -> None:
    state = ctx.state
    if root == "input":
        names[root] = ctx.parse(state.input)
    elif root == "data":
        names[root] = ctx.parse(frame.data if frame.data is not None else frame.scope.input)
    elif root == "iteration":
        names[root] = iteration(ctx, frame)
    elif root == "error":
        failure = _failure(ctx, frame)
        names[root] = None if failure is None else failure.as_value()
    elif root == "trigger":
        names[root] = None if state.trigger is None else ctx.parse(state.trigger)
    elif root == "execution":
        names[root] = {
            "id": state.execution,
            "workflow": state.workflow,
            "version": state.workflow_version,
            "started_at": rfc3339(state.started_at),
        }


def _failure(ctx: Sight, frame: Frame) -> Failure | None:
    """The failure that `error` means: behind an error edge its source's, in a catch or a handler the caught one."""
    scope: Scope | None = frame.scope
    if frame.node is not None:
        run = ctx.state.runs.get(frame.path)
        found = run.inherited if run is not None else inherited_failure(frame.scope, frame.node)
        if found is not None:
            return found
    while scope is not None:
        if scope.failure is not None:
            return scope.failure
        owner = ctx.state.runs.get(scope.owner)
        if owner is not None and owner.inherited is not None:
            return owner.inherited
        scope = ctx.state.scopes[scope.parent] if scope.parent is not None else None
    return None


def _add_nodes(ctx: Sight, nodes: dict[str, Any], path: tuple[str, ...], frame: Frame) -> None:
    scope: Scope | None = frame.scope
    if path and path[0] in nodes:
        return
    if frame.own_output is not None and frame.node is not None and (not path or path[0] == frame.node.id):
        nodes[frame.node.id] = {"output": ctx.parse(frame.own_output)}
        if path:
            return
    while scope is not None:
        body = ctx.graph.bodies[scope.body]
        if body.is_hidden:
            pass
        elif not path:
            for name, index in body.index_of.items():
                _add_node(ctx, nodes, name, scope, index)
        elif path[0] in body.index_of:
            _add_node(ctx, nodes, path[0], scope, body.index_of[path[0]])
            return
        scope = ctx.state.scopes[scope.parent] if scope.parent is not None else None


def _add_node(ctx: Sight, nodes: dict[str, Any], name: str, scope: Scope, index: int) -> None:
    if name in nodes:
        return
    end = scope.ended.get(index)
    value: dict[str, Any] = {}
    if end is not None and end.output is not None and scope.nodes[index] == COMPLETED:
        value["output"] = ctx.parse(end.output)
    if end is not None and end.failure is not None:
        value["error"] = end.failure.as_value()
    nodes[name] = value


def _add_variables(ctx: Sight, variables: dict[str, Any], path: tuple[str, ...], scope: Scope | None) -> None:
    while scope is not None:
        if path:
            if path[0] in scope.variables:
                variables.setdefault(path[0], ctx.parse(scope.variables[path[0]]))
                return
        else:
            for name, value in scope.variables.items():
                variables.setdefault(name, ctx.parse(value))
        scope = ctx.state.scopes[scope.parent] if scope.parent is not None else None


def iteration(ctx: Sight, frame: Frame) -> dict[str, Any] | None:
    """`iteration` where the frame stands: that of the cycle the node is on, else that of the nearest loop."""
    around = _loop_iteration(ctx, frame.scope)
    node = frame.node
    if node is not None and (node.index in frame.scope.rounds or _on_cycle(ctx, frame)):
        value: dict[str, Any] = {"index": frame.scope.rounds.get(node.index, 0)}
        if around is not None:
            value["parent"] = around
            value["item"] = around.get("item")
        return value
    return around


def _on_cycle(ctx: Sight, frame: Frame) -> bool:
    assert frame.node is not None
    return any(frame.node.index in edge.resets for edge in ctx.graph.bodies[frame.scope.body].back_edges)


def _loop_iteration(ctx: Sight, scope: Scope | None) -> dict[str, Any] | None:
    while scope is not None:
        if scope.label == "[]" and (owner := ctx.state.runs.get(scope.owner)) is not None and not ctx.graph.bodies[scope.body].is_hidden:
            return iteration_in(ctx, owner, scope)
        scope = ctx.state.scopes[scope.parent] if scope.parent is not None else None
    return None


def iteration_in(ctx: Sight, owner: NodeRun, scope: Scope) -> dict[str, Any]:
    """`iteration` in a body of a loop: its item, its index, and that of the loop around."""
    item = owner.memo.item(ctx.graph.nodes[owner.node].kind, scope.input) if isinstance(owner.memo, LoopMemo) else None
    value: dict[str, Any] = {"index": scope.index, "item": None if item is None else ctx.parse(item)}
    around = _loop_iteration(ctx, ctx.state.scopes[scope.parent] if scope.parent is not None else None)
    if around is not None:
        value["parent"] = around
    return value
