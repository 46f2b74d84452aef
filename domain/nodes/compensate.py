"""`compensate`: undoes what has completed, newest first, and waits for it."""

from __future__ import annotations

from contracts.definitions import Model
from contracts.events import Ending, NodeStarted
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves import compensation
from domain.execution.moves.completion import complete
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import Wait, for_nodes


class Compensate(Kind):
    """Undoes completed nodes that have a `compensate`."""

    name = "compensate"
    summary = "undoes what has completed"
    category = "errors"
    icon = "undo-2"
    wait_sort = "nodes"
    is_inline = False

    class Config(Model):
        """Which nodes, by id; without it all that can be undone."""

        nodes: list[str] | None = None

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Begin to undo; the output is the list of the paths undone."""
        only = ready.node.config.nodes
        paths = None
        if only is not None:
            paths = [c.path for c in ctx.state.compensations if ctx.graph.nodes[c.node].id in only or c.path in only]
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        if not compensation.begin(ctx, ready.path, paths):
            complete(ctx, ctx.state.runs[ready.path], b"[]")

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """The end of all that it undoes."""
        mine = [undoing for undoing in state.undoing if undoing.by == run.path]
        return for_nodes([path for undoing in mine for path in undoing.paths], bool(mine))

    def on_cancel(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """What has begun to be undone is undone; then the node ends."""
        return any(undoing.by == run.path for undoing in ctx.state.undoing)
