"""Calls: sub-workflows that are called in any case, so that a cycle of such calls would never end."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.definitions import WorkflowDefinition
from domain.definition.ai_edges_check import is_only_asked
from domain.definition.findings import Findings
from domain.definition.graph import ERROR_PORT
from domain.definition.outline import Outline, OutlineBody, OutlineEdge, OutlineNode, config_of, outline_of


def calls_without_guard(definition: WorkflowDefinition) -> set[str]:
    """The workflows that every execution of a valid definition calls, with no choice, `when` or loop before."""
    outline = outline_of(definition, {}, Findings(), strict_kinds=False)
    return {config_of(node).workflow for node in unguarded_calls(outline)}


def check_calls(outline: Outline) -> None:
    """A workflow that calls itself in any case never ends."""
    name = outline.definition.name
    for node in unguarded_calls(outline):
        if config_of(node).workflow == name:
            message = f"`{name}` calls itself with no condition, switch, `when` or loop before: {name} → {name}, without end"
            fix = "put a `condition` before it, or add `when` to the node"
            outline.findings.add(f"{node.path}.config.workflow", "call_cycle", message, fix)


def unguarded_calls(outline: Outline) -> Iterator[OutlineNode]:
    """The `sub_workflow` nodes with a name written out that are reached in any case."""
    for node in _reached(outline.root):
        if node.definition.type == "sub_workflow" and node.config is not None and "{{" not in config_of(node).workflow:
            yield node


def _reached(body: OutlineBody) -> Iterator[OutlineNode]:
    """The nodes of a body, and of those in it, that run whatever happens, as long as nothing fails."""
    open_nodes = [node for node in body.nodes if not node.incoming and node.definition.when is None and not is_only_asked(node)]
    seen = set(open_nodes)
    while open_nodes:
        node = open_nodes.pop()
        yield node
        for label, nested in node.bodies.items():
            if label != "[]" and not label.startswith("catch["):
                yield from _reached(nested)
        for edge in node.outgoing:
            if edge.target not in seen and _is_certain(edge):
                seen.add(edge.target)
                open_nodes.append(edge.target)


def _is_certain(edge: OutlineEdge) -> bool:
    """Whether the edge is taken whenever its source ends well, and its target then runs."""
    is_chosen = edge.source.ports is not None and len(edge.source.ports) > 1
    if edge.is_back or is_chosen or edge.port == ERROR_PORT:
        return False
    return edge.definition.when is None and edge.target.definition.when is None
