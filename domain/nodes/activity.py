"""Activities: every kind that is not control flow. The node waits for a worker, which is found by the kind's name.

A few of them choose a way: they leave by the port that their result names (`port`).
"""

from __future__ import annotations

from typing import Any, Final

from contracts.errors import InvalidInput
from contracts.events import Ending, NodeScheduled
from contracts.values import decode
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves import budget
from domain.execution.moves.advance import begin
from domain.execution.moves.stop import stop_run
from domain.execution.state import NodeRun, Scope

FOUND: Final = "found"
NOT_FOUND: Final = "not_found"
TEXT: Final = "text"
UNREADABLE: Final = "unreadable"


class Activity(Kind):
    """Code that touches the world, run by a worker."""

    name = "activity"
    summary = "code that touches the world, run by a worker"
    is_inline = False

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Fill in the templates, once for all attempts, and ask for the attempt."""
        node = ready.node
        run = ctx.state.runs.get(ready.path)
        data = ready.recorded
        if run is not None and (run.config is not None or run.input is not None):
            if node.asks is not None and not budget.may_ask(ctx, ready, run.config or node.static_config):
                return
            ctx.emit(NodeScheduled(ready.path, ready.attempt, data))
            return
        filled = None if node.template is None else ctx.keep(ctx.evaluate(node.template, ctx.frame(ready)))
        key = None if node.cache_key is None else ctx.keep(ctx.evaluate(node.cache_key, ctx.frame(ready)))
        given = None if node.input_template is None else ctx.keep(ctx.evaluate(node.input_template, ctx.frame(ready)))
        if node.asks is not None and not budget.may_ask(ctx, ready, filled or node.static_config):
            return
        ctx.emit(NodeScheduled(ready.path, ready.attempt, data, filled, key, given))

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A question of its graph is answered: with the last one the next attempt begins."""
        if ending.status != "completed":
            stop_run(ctx, run, ending)
        elif not run.bodies:
            begin(ctx, Ready(ctx.state.scopes[run.scope], ctx.graph.nodes[run.node], run.path, run.data, run.attempt + 1, None))


class ChoosingActivity(Activity):
    """An activity that chooses a way: its result is an object whose `port` is one of these. Any other leaves by `out`."""

    def __init__(self, *ports: str) -> None:
        self._ports = ports

    def ports(self, config: Any) -> tuple[str, ...]:
        """Those that it chooses from."""
        return self._ports

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def way_of(self, ctx: Deciding, output: bytes) -> tuple[str, ...] | None:
        """The port that the result names; None where it names none."""
        try:
            value = decode(ctx.load(output))
        except InvalidInput:
            return None
        port = value.get("port") if isinstance(value, dict) else None
        return (port,) if isinstance(port, str) and port in self._ports else None


CHOOSING: Final[dict[str, Kind]] = {
    "rag_switch": ChoosingActivity(FOUND, NOT_FOUND),
    "ocr_switch": ChoosingActivity(TEXT, UNREADABLE),
}
"""By the `type` of the node. A kind that comes is a line here, and gives `port` in its result."""
