"""`cancel`: ends other nodes of the execution, and completes after their clean-up."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts import values
from contracts.definitions import Model
from contracts.events import Ending, NodeCancelled, NodeStarted
from contracts.values import NULL
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import CancelMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.stop import cancel_run
from domain.execution.paths import locate, node_path
from domain.execution.state import PENDING, Execution, NodeRun, Scope
from domain.execution.wait import Wait, for_nodes


class Cancel(Kind):
    """Ends nodes. What has not started never will; what has ended is left alone."""

    name = "cancel"
    summary = "ends other nodes"
    category = "errors"
    icon = "ban"
    wait_sort = "nodes"
    begins_with = '{"nodes": ["another"]}'
    is_inline = False
    hears_ends = True
    memo = "cancel"

    class Config(Model):
        """Which nodes (ids or paths in reach), and as what they end."""

        nodes: list[str] = Field(min_length=1)
        as_: Literal["cancelled", "completed"] = Field(default="cancelled", alias="as")

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """End them; those with clean-up are waited for."""
        ended: list[str] = []
        for name in ready.node.config.nodes:
            self._cancel(ctx, ready, name, ended)
        waiting = [path for path in ended if path in ctx.state.runs]
        if not waiting:
            complete(ctx, ready, values.encode(ended))
            return
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, values.encode({"ended": ended, "waiting": waiting})))

    def _cancel(self, ctx: Deciding, ready: Ready, name: str, ended: list[str]) -> None:
        ending = Ending("cancelled") if ready.node.config.as_ == "cancelled" else Ending("completed", None, NULL)
        for path in self._paths(ctx, ready.scope, name):
            run = ctx.state.runs.get(path)
            if run is not None and path != ready.path and not _is_around(ctx, run, ready.scope):
                ended.append(path)
                cancel_run(ctx, run, ending)
            elif run is None:
                ended.append(path)
                ctx.emit(NodeCancelled(path))
                ctx.consider_targets(*locate(ctx.graph, ctx.state, path))

    def _paths(self, ctx: Deciding, scope: Scope, name: str) -> list[str]:
        """The path of the node that an id names from here, or the path itself, while the node has not ended."""
        here: Scope | None = scope
        while here is not None:
            body = ctx.graph.bodies[here.body]
            if name in body.index_of:
                index = body.index_of[name]
                path = here.live.get(index) or node_path(here, body.nodes[index])
                return [path] if index in here.live or here.nodes[index] == PENDING else []
            prefixed = f"{here.path}/{name}" if here.path else name
            if prefixed in ctx.state.runs:
                return [prefixed]
            here = None if here.parent is None else ctx.state.scopes[here.parent]
        return []

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """The end of those that have clean-up."""
        assert isinstance(run.memo, CancelMemo)
        open_ones = [path for path in run.memo.waiting if path in state.runs]
        return for_nodes(open_ones, bool(open_ones))

    def on_ended(self, ctx: Deciding, run: NodeRun, path: str) -> None:
        """One of those it waits for may be gone: complete when all are."""
        memo = run.memo
        assert isinstance(memo, CancelMemo)
        if not any(waiting in ctx.state.runs for waiting in memo.waiting):
            complete(ctx, run, values.encode(memo.ended))


def _is_around(ctx: Deciding, run: NodeRun, scope: Scope) -> bool:
    here: Scope | None = scope
    while here is not None:
        if here.owner == run.path:
            return True
        here = None if here.parent is None else ctx.state.scopes[here.parent]
    return False
