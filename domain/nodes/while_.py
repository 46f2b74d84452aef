"""`while`: a body as long as a condition holds, asked before each round.

The body is given the loop's own data each time; `iteration.item` is what the round before gave (null at first).
"""

from __future__ import annotations

from typing import Any

from contracts.definitions import Body, CountValue, ExpressionOrBool, Model
from contracts.errors import ExpressionError
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure
from domain.execution.deciding import Deciding, Ready
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run
from domain.execution.moves.turns import goes_on_later
from domain.execution.names import iteration
from domain.execution.state import NodeRun, Scope
from domain.nodes.loops import Loop, enter_iteration, memo_of, whole_number


class While(Loop):
    """Repeats its body while a condition holds."""

    name = "while"
    summary = "repeats a body while a condition holds"
    category = "loops"
    icon = "rotate-cw"
    begins_with = '{"condition": "false", "body": {"nodes": []}}'
    loop_over = "rounds"

    class Config(Model):
        """The condition, and how many rounds there may be."""

        condition: ExpressionOrBool
        max_iterations: CountValue = 1_000
        body: Body

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Ask for the first time."""
        limit = whole_number(ctx, ready, "max_iterations")
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, None, limit or 0))
        self._ask(ctx, ctx.state.runs[ready.path])

    def _ask(self, ctx: Deciding, run: NodeRun) -> None:
        if goes_on_later(ctx, run):
            return
        node, memo = ctx.graph.nodes[run.node], memo_of(run)
        frame = ctx.frame_of(run)
        names: dict[str, Any] = {"index": memo.entered, "item": ctx.parse(memo.last)}
        if (around := iteration(ctx, frame)) is not None:
            names["parent"] = around
        holds = ctx.evaluate(node.fields["condition"], frame.having(iteration=names))
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{node.config.condition}`: expected true or false, found {holds!r}")
        if not holds:
            complete(ctx, run, memo.last)
        elif memo.entered >= memo.total:
            fail(ctx, run, Failure("loop.limit", f"the condition still holds after {memo.total} rounds, max_iterations is {memo.total}"))
        else:
            enter_iteration(ctx, run)

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The next turn has come."""
        self._ask(ctx, run)

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A round has ended: ask again, or stop."""
        mine = ending.target == run.path
        if ending.status == "completed" or (ending.status == "continued" and mine):
            self._ask(ctx, run)
        elif ending.status == "broken" and mine:
            complete(ctx, run, memo_of(run).last)
        else:
            stop_run(ctx, run, ending)
