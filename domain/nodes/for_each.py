"""`for_each`: a body for each item of a list, one after the other or several at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from contracts import values
from contracts.definitions import Body, Count, CountValue, Expression, Items, Losers, Model
from contracts.errors import ExpressionError, Problem
from contracts.events import Ending, ItemsAdded, NodeStarted, SignalConsumed
from contracts.failure import Failure
from domain.definition.config_check import signal_names
from domain.execution.deciding import Deciding, Ready
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.signals import take_buffered
from domain.execution.moves.stop import stop_run
from domain.execution.moves.turns import goes_on_later
from domain.execution.names import Frame, iteration_in
from domain.execution.state import NodeRun, Scope, Signal
from domain.nodes.loops import Loop, as_list, enter_iteration, item_beyond, memo_of, results_of, whole_number, whole_number_of
from domain.nodes.parallel import complete_early, needed


class More(Model):
    """Where further items come from while the loop runs."""

    signal: str = Field(min_length=1)


class ForEach(Loop):
    """Runs its body for each item."""

    name = "for_each"
    summary = "runs a body for each item of a list"
    category = "loops"
    icon = "list"
    begins_with = '{"items": [], "body": {"nodes": []}}'
    loop_over = "items"

    class Config(Model):
        """The items, how many at a time, and what a failure, an early end and further items mean."""

        items: Items
        body: Body
        concurrency: CountValue = 1
        on_item_error: Literal["fail", "collect", "stop"] = "fail"
        max_items: CountValue | None = None
        wait_for: Literal["all", "any"] | Count = "all"
        losers: Losers = "cancel"
        until: Expression | None = None
        more: More | None = None

    def takes_signals(self, config: Any) -> bool:
        """Where further items may come."""
        return config.more is not None

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """A name that no signal can have; that of `more` takes no template."""
        return signal_names([] if config.more is None else [("more.signal", config.more.signal)], may_be_filled_in=False)

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Find the items, and begin as many iterations as may run at a time."""
        fields, frame = ready.node.fields, ctx.frame(ready)
        items = as_list(ctx.evaluate(fields["items"], frame), ready.node.config.items)
        limit = whole_number(ctx, ready, "max_items")
        if (refusal := _too_many(ctx, len(items), f"{len(items):,} items", limit)) is not None:
            fail(ctx, ready, refusal)
            return
        at_a_time = whole_number(ctx, ready, "concurrency") or 1
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, ctx.keep(items), len(items), at_a_time))
        run = ctx.state.runs[ready.path]
        if ready.node.config.more is not None:
            take_buffered(ctx, run)
        if ready.path in ctx.state.runs:
            self._go_on(ctx, run)

    def _go_on(self, ctx: Deciding, run: NodeRun) -> None:
        """Begin further iterations, or complete when there is nothing left to do."""
        config, memo = ctx.graph.nodes[run.node].config, memo_of(run)
        if config.wait_for != "all" and len(memo.results) >= needed(config.wait_for, memo.total):
            complete_early(ctx, run, self._output(ctx, run), config.losers)
            return
        while run.status == "active" and memo.entered < memo.total and memo.open < memo.concurrency:
            if goes_on_later(ctx, run):
                return
            enter_iteration(ctx, run, item_beyond(ctx, memo, memo.entered))
        if memo.open == 0 and run.status == "active":
            complete(ctx, run, self._output(ctx, run))

    def _output(self, ctx: Deciding, run: NodeRun) -> bytes:
        collected = ctx.graph.nodes[run.node].config.on_item_error == "collect"
        return values.encode(results_of(ctx, memo_of(run), collected))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The next turn has come."""
        self._go_on(ctx, run)

    def handles(self, ctx: Deciding, run: NodeRun, scope: Scope, failure: Failure) -> bool:
        """A failing item is collected, or ends the loop well, where the config says so."""
        return bool(ctx.graph.nodes[run.node].config.on_item_error != "fail")

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """An iteration has ended: see whether the loop does."""
        config = ctx.graph.nodes[run.node].config
        match self._fate(run, ending, config.on_item_error):
            case "end":
                complete_early(ctx, run, self._output(ctx, run), "cancel")
            case "go on" if ending.status == "completed" and self._is_enough(ctx, run, scope, output):
                complete_early(ctx, run, self._output(ctx, run), config.losers)
            case "go on":
                self._go_on(ctx, run)
            case "up":
                stop_run(ctx, run, ending)

    def _fate(self, run: NodeRun, ending: Ending, on_item_error: str) -> Literal["go on", "end", "up"]:
        """What the end of an iteration means: a break and a continue may be for a loop further out."""
        if ending.status == "failed" and on_item_error != "fail":
            return "end" if on_item_error == "stop" else "go on"
        if ending.status in ("broken", "continued") and ending.target == run.path:
            return "end" if ending.status == "broken" else "go on"
        return "go on" if ending.status == "completed" else "up"

    def _is_enough(self, ctx: Deciding, run: NodeRun, scope: Scope, output: bytes) -> bool:
        """Ask `until` where the iteration that has just ended stood: it sees its nodes, and its output as `data`."""
        node = ctx.graph.nodes[run.node]
        until = node.fields.get("until")
        if until is None:
            return False
        frame = Frame(scope, None, output).having(iteration=iteration_in(ctx, run, scope))
        holds = ctx.evaluate(until, frame)
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{node.config.until}`: expected true or false, found {holds!r}")
        return holds

    def offers_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> bool:
        """Signals with further items, while the loop runs."""
        more = ctx.graph.nodes[run.node].config.more
        return more is not None and more.signal == signal.name

    def on_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> None:
        """The payload is a list of further items, or one item."""
        payload = ctx.parse(signal.payload)
        items = payload if isinstance(payload, list) else [payload]
        ctx.emit(SignalConsumed(signal.number, run.path))
        total = memo_of(run).total + len(items)
        limit = whole_number_of(ctx, ctx.graph.nodes[run.node], ctx.frame_of(run), "max_items")
        if (refusal := _too_many(ctx, total, f"{total:,} items with those of the signal", limit)) is not None:
            fail(ctx, run, refusal)
            return
        ctx.emit(ItemsAdded(run.path, ctx.keep(items), len(items)))
        self._go_on(ctx, run)


def _too_many(ctx: Deciding, count: int, found: str, max_items: int | None) -> Failure | None:
    """The failure of a loop over so many items, by its own limit or by that of all loops."""
    if max_items is not None and count > max_items:
        return Failure("loop.limit", f"{found}, max_items is {max_items:,}")
    if count > ctx.limits.items_max:
        return Failure("loop.limit", f"{found}; a for_each takes {ctx.limits.items_max:,}")
    return None
