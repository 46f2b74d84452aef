"""`wait_until`: waits until a condition over variables and outputs holds; it is asked again when they change."""

from __future__ import annotations

from typing import Any

from contracts.definitions import DurationValue, ExpressionOrBool, Model
from contracts.errors import ExpressionError
from contracts.events import ConditionMet, NodeStarted, TimerStarted
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.names import Frame
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import Wait, until
from domain.nodes.sub_workflow import duration_of


class WaitUntil(Kind):
    """Waits for a condition."""

    name = "wait_until"
    summary = "waits until a condition holds"
    category = "waiting"
    icon = "hourglass"
    wait_sort = "condition"
    begins_with = '{"condition": "true"}'
    is_inline = False
    hears_changes = True
    examples = (
        {"condition": "vars.v > 0"},
        {"condition": "vars.w > 1"},
        {"condition": "vars.v > 0", "timeout": "40ms"},
        {"condition": "vars.w > 1", "timeout": "40ms"},
        {"condition": "false", "timeout": "40ms"},
    )

    class Config(Model):
        """The condition, and how long at most."""

        condition: ExpressionOrBool
        timeout: DurationValue | None = None

    def ports(self, config: Any) -> tuple[str, ...]:
        """`met`, or `timeout`."""
        return ("met", "timeout")

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Ask at once; wait if it does not hold yet."""
        node = ready.node
        if self._holds(ctx, node, ctx.frame(ready)):
            complete(ctx, ready, ports=("met",))
            return
        limit = duration_of(ctx, node.fields, "timeout", ctx.frame(ready))
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        if limit is not None:
            ctx.emit(TimerStarted(f"{ready.path}:timeout", ctx.now + limit))

    def _holds(self, ctx: Deciding, node: Any, frame: Frame) -> bool:
        holds = ctx.evaluate(node.fields["condition"], frame)
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{node.config.condition}`: expected true or false, found {holds!r}")
        return holds

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """Its condition."""
        return Wait("condition", run.path, dict(until(state, run)), True)

    def on_changed(self, ctx: Deciding, run: NodeRun) -> None:
        """Ask again."""
        if self._holds(ctx, ctx.graph.nodes[run.node], ctx.frame_of(run)):
            ctx.emit(ConditionMet(run.path))
            complete(ctx, run, ports=("met",))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """It did not come to hold in time."""
        complete(ctx, run, ports=("timeout",))
