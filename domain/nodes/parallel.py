"""`parallel`: several bodies at a time, and what they give together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from contracts import values
from contracts.definitions import Body, Count, Identifier, Losers, Model
from contracts.errors import Problem
from contracts.events import Ending, NodeStarted
from domain.definition.graph import Node
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import BranchesMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.stop import stop_bodies, stop_run
from domain.execution.outputs import merge
from domain.execution.state import NodeRun, Scope


class Parallel(Kind):
    """Runs its branches at a time and waits for all, any, or some of them."""

    name = "parallel"
    summary = "runs several bodies at a time"
    category = "flow"
    icon = "columns-3"
    begins_with = '{"branches": {"left": {"nodes": []}, "right": {"nodes": []}}}'
    is_container = True
    is_inline = False
    memo = "branches"

    class Config(Model):
        """The branches by name, how many are waited for, and how their outputs are put together."""

        branches: dict[Identifier, Body] = Field(min_length=1)
        wait_for: Literal["all", "any"] | Count = "all"
        aggregate: Literal["object", "merge", "array", "first", "last"] = "object"
        losers: Losers = "cancel"

    def bodies(self, config: Any) -> dict[str, Body]:
        """One a branch."""
        return dict(config.branches)

    def body_path(self, label: str) -> str:
        """`branches.<name>`."""
        return f"branches.{label}"

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """More branches waited for than there are."""
        if isinstance(config.wait_for, Count) and config.wait_for.count > len(config.branches):
            most = len(config.branches)
            message = f"`{node}` waits for {config.wait_for.count} branches, and there are {most}"
            yield Problem("wait_for.count", "join_count", message, f"write a count up to {most}, or `all`")

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """All branches begin, in the order written."""
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        for name in ready.node.config.branches:
            enter_scope(ctx, ready.path, name)

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A branch has ended: enough of them, and the node completes; a failure or a break ends it at once."""
        if ending.status != "completed":
            stop_run(ctx, run, ending)
            return
        node = ctx.graph.nodes[run.node]
        assert isinstance(run.memo, BranchesMemo)
        if len(run.memo.results) >= needed(node.config.wait_for, len(node.config.branches)):
            complete_early(ctx, run, self._output(ctx, node, run.memo), node.config.losers)

    def _output(self, ctx: Deciding, node: Node, memo: BranchesMemo) -> bytes:
        results = {name: ctx.parse(output) for name, output in memo.results.items()}
        aggregate = node.config.aggregate
        if aggregate in ("first", "last"):
            return values.encode(list(results.values())[0 if aggregate == "first" else -1])
        if aggregate == "merge":
            return values.encode(merge(list(results.items())))
        written = {name: results[name] for name in node.config.branches if name in results}
        return values.encode(list(written.values()) if aggregate == "array" else written)


def needed(wait_for: Any, count: int) -> int:
    """How many of so many have to complete."""
    if wait_for == "all":
        return count
    return 1 if wait_for == "any" else int(wait_for.count)


def complete_early(ctx: Deciding, run: NodeRun, output: bytes, losers: str) -> None:
    """The node completes: after the clean-up of what still runs in it, or at once where that may run on and change nothing."""
    waits = run.bodies and ctx.graph.rules.early_ends_wait and len(output) <= ctx.limits.value_bytes_max
    if losers == "cancel" and waits:
        stop_run(ctx, run, Ending("completed", None, ctx.stash(output)))
        return
    if losers == "cancel":
        stop_bodies(ctx, run)
    complete(ctx, run, output)
