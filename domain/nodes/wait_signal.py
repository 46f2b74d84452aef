"""`wait_signal`: waits for a signal, or so many, or the first of several; not longer than a timeout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from contracts import values
from contracts.definitions import CountValue, DurationValue, Expression, Model, TextValue
from contracts.errors import ExpressionError, Problem
from contracts.events import NodeStarted, SignalConsumed, TimerStarted
from contracts.failure import Failure, details_of
from domain.definition.config_check import reserved_ports, signal_names
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import WaitMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.signals import check_names, take_buffered
from domain.execution.state import Execution, NodeRun, Signal
from domain.execution.wait import Wait, for_signal
from domain.nodes.loops import whole_number
from domain.nodes.sub_workflow import duration_of
from domain.nodes.switch import PORT_PATTERN


class OneOf(Model):
    """One of several signals; the first to come wins and decides the port."""

    name: TextValue = Field(min_length=1)
    filter: Expression | None = None
    port: str = Field(pattern=PORT_PATTERN)


class WaitSignal(Kind):
    """Waits for a message from outside."""

    name = "wait_signal"
    summary = "waits for a signal"
    category = "waiting"
    icon = "bell"
    wait_sort = "signal"
    ports_from = ("signals[].port",)
    begins_with = '{"name": "go"}'
    is_inline = False
    memo = "wait"

    class Config(Model):
        """Which signals, how many, and how long."""

        name: TextValue | None = Field(default=None, min_length=1)
        filter: Expression | None = None
        timeout: DurationValue | None = None
        count: CountValue = 1
        buffered: bool = True
        signals: list[OneOf] | None = Field(default=None, min_length=1)

        @model_validator(mode="after")
        def _one_form(self) -> WaitSignal.Config:
            if (self.name is None) == (self.signals is None):
                raise ValueError("expected either `name` or `signals`")
            if self.signals is not None and (self.filter is not None or "count" in self.model_fields_set):
                raise ValueError("`filter` and `count` go with `name`; with `signals` each has its own filter, and one is enough")
            return self

    def ports(self, config: Any) -> tuple[str, ...]:
        """`received` or the named ones, and `timeout`."""
        named = ["received"] if config.signals is None else [one.port for one in config.signals]
        return tuple(dict.fromkeys([*named, "timeout"]))

    def takes_signals(self, config: Any) -> bool:
        """Always."""
        return True

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """Ports that have a meaning already, and names that no signal can have."""
        several = list(enumerate(config.signals or ()))
        yield from reserved_ports(((f"signals[{at}].port", one.port) for at, one in several), timeout="the port of the wait's timeout")
        yield from signal_names([(f"signals[{at}].name", one.name) for at, one in several] or [("name", config.name)])

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Begin to wait; a signal that came before may be enough."""
        fields, config, frame = ready.node.fields, ready.node.config, ctx.frame(ready)
        if config.signals is None:
            names = [ctx.evaluate(fields["name"], frame)]
        else:
            names = [ctx.evaluate(fields[f"signals[{index}].name"], frame) for index in range(len(config.signals))]
        limit = duration_of(ctx, fields, "timeout", frame)
        count = whole_number(ctx, ready, "count") or 1
        if ctx.graph.rules.signals_have_a_form:
            check_names(names)
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, values.encode([str(name) for name in names]), count))
        if limit is not None:
            ctx.emit(TimerStarted(f"{ready.path}:timeout", ctx.now + limit))
        take_buffered(ctx, ctx.state.runs[ready.path])

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """A signal of one of its names."""
        assert isinstance(run.memo, WaitMemo)
        return for_signal(state, run, values.decode(run.memo.names))

    def offers_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> bool:
        """Whether name and filter match."""
        return self._match(ctx, run, signal) is not None

    def _match(self, ctx: Deciding, run: NodeRun, signal: Signal) -> int | None:
        memo, node = run.memo, ctx.graph.nodes[run.node]
        assert isinstance(memo, WaitMemo)
        if not node.config.buffered and signal.number <= memo.since:
            return None
        for index, name in enumerate(ctx.parse(memo.names)):
            prefix = "" if node.config.signals is None else f"signals[{index}]."
            if name == signal.name and self._passes(ctx, run, signal, f"{prefix}filter"):
                return index
        return None

    def _passes(self, ctx: Deciding, run: NodeRun, signal: Signal, name: str) -> bool:
        """Whether the filter lets the signal pass; one that it cannot be applied to stays in the buffer."""
        program = ctx.graph.nodes[run.node].fields.get(name)
        if program is None:
            return True
        try:
            return ctx.evaluate(program, ctx.frame_of(run).having(signal=ctx.parse(signal.payload))) is True
        except ExpressionError:
            return False

    def on_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> None:
        """Take it; with enough of them the node completes."""
        config = ctx.graph.nodes[run.node].config
        index = self._match(ctx, run, signal)
        port = "received" if config.signals is None else config.signals[index or 0].port
        ctx.emit(SignalConsumed(signal.number, run.path, "" if port == "received" else port))
        memo = run.memo
        assert isinstance(memo, WaitMemo)
        if len(memo.payloads) >= memo.count:
            output = memo.payloads[0] if memo.count == 1 else values.encode([ctx.parse(payload) for payload in memo.payloads])
            complete(ctx, run, output, (port,))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """Too little came in time: leave by `timeout` where an edge leads from it, else fail. What came is given in both."""
        node, memo = ctx.graph.nodes[run.node], run.memo
        assert isinstance(memo, WaitMemo)
        gives_what_came = memo.count > 1 and ctx.graph.rules.late_waits_give_what_came
        came = [ctx.parse(payload) for payload in memo.payloads] if gives_what_came else None
        if any(edge.port == "timeout" for edge in node.outgoing):
            complete(ctx, run, values.encode(came), ("timeout",))
            return
        names = ", ".join(ctx.parse(memo.names))
        if came is None:
            fail(ctx, run, Failure("signal.timeout", f"the signal {names} did not come in time"))
            return
        details = {"count": memo.count, "came": len(came), "payloads": came}
        if len(values.encode(came)) >= ctx.limits.blob_bytes_min:
            del details["payloads"]
        fail(ctx, run, Failure("signal.timeout", f"of {memo.count} signals {names} {len(came)} came in time", details_of(details)))
