"""Changing the definition: an execution goes on by another version of its workflow, from where it is."""

from __future__ import annotations

from contracts import events as e
from contracts.errors import Rejected
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding
from domain.execution.obstacles import Carried, carried
from domain.execution.paths import node_path
from domain.execution.renaming import Renaming
from domain.execution.state import PENDING

SAID_MAX = 5
"""So many obstacles are said of one execution."""


def go_on_by(ctx: Deciding, new: Graph, version: int, definition: str, names: tuple[tuple[str, str], ...], is_undone: bool) -> None:
    """Go on by another definition. Raises Rejected, with nothing changed, where that cannot be."""
    would_be = carried(ctx, new, names)
    check_nothing_is_in_its_way(would_be, ctx.state.execution, version)
    renaming = Renaming(names)
    renamed = [(called, due) for timer, due in ctx.state.timers.items() if (called := renaming.timer(timer)) != timer]
    ctx.emit(e.DefinitionChanged(version, definition, ctx.state.workflow_version, names, is_undone))
    ctx.graph = new
    for timer, due in renamed:
        ctx.emit(e.TimerStarted(timer, due))
    for first in would_be.variables:
        ctx.emit(first)
    for path, index in would_be.passed:
        scope = ctx.state.scopes[path]
        ctx.emit(e.NodeSkipped(node_path(scope, new.bodies[scope.body].nodes[index])))
    ctx.changed = True
    look_for_turns(ctx)


def check_nothing_is_in_its_way(would_be: Carried, execution: str, version: int) -> None:
    """Raise Rejected where an execution cannot go on by a version."""
    if not would_be.obstacles:
        return
    said = "; ".join(map(str, would_be.obstacles[:SAID_MAX]))
    more = len(would_be.obstacles) - SAID_MAX
    said += f"; and {more} more" if more > 0 else ""
    raise Rejected("not_migrated", f"execution {execution} cannot go on by version {version} as it is: {said}", execution=execution)


def look_for_turns(ctx: Deciding) -> None:
    """Look at all that has not begun: by the present definition its turn may have come."""
    for scope in ctx.state.scopes.values():
        for node in ctx.graph.bodies[scope.body].nodes:
            if scope.nodes[node.index] == PENDING:
                ctx.consider(scope, node)
        ctx.touch(scope.path)
