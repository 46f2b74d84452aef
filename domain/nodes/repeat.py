"""`repeat`: a body so many times, one after the other or several at a time. The body is given the loop's own data."""

from __future__ import annotations

from contracts import values
from contracts.definitions import Body, CountValue, Model
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure
from domain.execution.deciding import Deciding, Ready
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run
from domain.execution.moves.turns import goes_on_later
from domain.execution.state import NodeRun, Scope
from domain.nodes.loops import Loop, enter_iteration, memo_of, results_of, whole_number
from domain.nodes.parallel import complete_early


class Repeat(Loop):
    """Runs its body so many times."""

    name = "repeat"
    summary = "runs a body so many times"
    category = "loops"
    icon = "repeat"
    begins_with = '{"times": 3, "body": {"nodes": []}}'
    loop_over = "times"

    class Config(Model):
        """How often, and how many at a time."""

        times: CountValue
        concurrency: CountValue = 1
        body: Body

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Begin as many iterations as may run at a time."""
        times = whole_number(ctx, ready, "times") or 0
        if times > ctx.limits.items_max:
            fail(ctx, ready, Failure("loop.limit", f"{times:,} times; a repeat runs {ctx.limits.items_max:,} times at most"))
            return
        at_a_time = whole_number(ctx, ready, "concurrency") or 1
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, None, times, at_a_time))
        self._go_on(ctx, ctx.state.runs[ready.path])

    def _go_on(self, ctx: Deciding, run: NodeRun) -> None:
        memo = memo_of(run)
        while run.status == "active" and memo.entered < memo.total and memo.open < memo.concurrency:
            if goes_on_later(ctx, run):
                return
            enter_iteration(ctx, run)
        if memo.open == 0 and run.status == "active":
            complete(ctx, run, values.encode(results_of(ctx, memo)))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The next turn has come."""
        self._go_on(ctx, run)

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """An iteration has ended: begin the next one, or complete."""
        mine = ending.target == run.path
        if ending.status == "completed" or (ending.status == "continued" and mine):
            self._go_on(ctx, run)
        elif ending.status == "broken" and mine:
            complete_early(ctx, run, values.encode(results_of(ctx, memo_of(run))), "cancel")
        else:
            stop_run(ctx, run, ending)
