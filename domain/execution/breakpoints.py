"""Breakpoints: which of them holds where a node is to begin, or has failed; which nodes follow on one that is stepped from. Only reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from contracts.debugging import Breakpoint
from domain.definition.graph import Graph, Node
from domain.execution.debugged import Debugged, Halt, Step
from domain.execution.paths import node_in_definition, owner_of, plain_path
from domain.execution.state import Execution, Scope

EVERY: Final = ("", "*")
"""As the target of a breakpoint: every node."""


def halt_at(state: Execution, path: str) -> Halt | None:
    """The halt at a node; None where it does not stand."""
    return None if state.debugged is None else state.debugged.halts.get(path)


def is_halted(state: Execution, path: str) -> bool:
    """Whether a node stands."""
    return state.debugged is not None and path in state.debugged.halts


def means(one: Breakpoint, node: Node, path: str) -> bool:
    """Whether a breakpoint is about the node at a path."""
    return one.target in EVERY or one.target in (path, plain_path(path), node_in_definition(node))


def at_begin(debugged: Debugged, node: Node, path: str) -> Iterator[Breakpoint]:
    """The breakpoints that may hold before a node begins."""
    if debugged.changed and (changed := debugged.breakpoints.get(debugged.changed)) is not None:
        yield changed
    for one in debugged.breakpoints.values():
        if one.on == "begin" and means(one, node, path):
            yield one


def at_failure(debugged: Debugged, node: Node, path: str) -> Iterator[Breakpoint]:
    """The breakpoints that may hold when an attempt has failed."""
    for one in debugged.breakpoints.values():
        if one.on == "failure" and means(one, node, path):
            yield one


def stepped_to(graph: Graph, state: Execution, debugged: Debugged, scope: Scope, node: Node, first: int) -> Step | None:
    """The step that ends before a node that is to begin in a decision whose first event is `first`; None where none does."""
    for step in debugged.steps.values():
        if (not step.hit or step.hit >= first) and _follows(graph, state, step, scope, node):
            return step
    return None


def _follows(graph: Graph, state: Execution, step: Step, scope: Scope, node: Node) -> bool:
    """Whether a node begins because of the one that was stepped from: in its body, behind it, or behind what is around it."""
    if scope.owner == step.path:
        return step.mode == "into"
    here, before = step.scope, graph.nodes[step.node]
    if scope.path == here:
        return step.mode != "out" and _leads_to(before, node)
    while here and before.body.owner is not None:
        owner, before = owner_of(here), before.body.owner
        if scope.owner == owner:
            return here not in state.scopes  # another body of the same node, once the one is done
        here = owner.rpartition("/")[0]
        if scope.path == here:
            return _leads_to(before, node)
    return False


def _leads_to(before: Node, node: Node) -> bool:
    """Whether one comes to a node by the edges of another."""
    seen: set[int] = set()
    ahead = [before]
    while ahead:
        for edge in ahead.pop().outgoing:
            if edge.target is node:
                return True
            if edge.target.number not in seen:
                seen.add(edge.target.number)
                ahead.append(edge.target)
    return False


def breakpoints_of_child(state: Execution, path: str) -> tuple[Breakpoint, ...]:
    """What holds in the child of a `sub_workflow`: what is said of nodes below it, and where a step into it ends: before its first node."""
    debugged = state.debugged
    if debugged is None:
        return ()
    below = tuple(f"{one}/" for one in dict.fromkeys((path, plain_path(path))))
    found = []
    for one in debugged.breakpoints.values():
        prefix = next((prefix for prefix in below if one.target.startswith(prefix)), "")
        if one.on != "change" and prefix:
            found.append(replace(one, target=one.target.removeprefix(prefix)))
        elif one.on != "change" and one.target in EVERY and not one.once:
            found.append(one)
    step = debugged.steps.get(path)
    if step is not None and step.mode == "into":
        found.append(Breakpoint("begin", "", "", step.halts, step.timeout_ms, True, step.by))
    return tuple(found)
