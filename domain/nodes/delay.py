"""`delay`: waits for a length of time, or until a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from contracts import values
from contracts.definitions import DurationValue, Model, TextValue
from contracts.errors import ExpressionError, Problem
from contracts.events import NodeStarted, TimerStarted
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import Wait, for_timer
from domain.expressions import parse_time
from domain.nodes.sub_workflow import duration_of


class Delay(Kind):
    """Waits for a time."""

    name = "delay"
    summary = "waits for a length of time, or until a time"
    category = "waiting"
    icon = "clock"
    wait_sort = "timer"
    begins_with = '{"for": "1m"}'
    is_inline = False
    examples = ({"for": "0ms"}, {"for": "10ms"}, {"for": "50ms"})

    class Config(Model):
        """How long, or until when (RFC 3339)."""

        for_: DurationValue | None = Field(default=None, alias="for")
        until: TextValue | None = None

        @model_validator(mode="after")
        def _one_form(self) -> Delay.Config:
            if (self.for_ is None) == (self.until is None):
                raise ValueError("expected either `for` or `until`")
            return self

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """A time that is none."""
        if config.until is None or "{{" in config.until:
            return
        try:
            parse_time(config.until)
        except ValueError as error:
            yield Problem("until", "time", str(error), "write an RFC 3339 time, or a template that gives one")

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Start the timer; a time that has passed is due at once."""
        fields, frame = ready.node.fields, ctx.frame(ready)
        length = duration_of(ctx, fields, "for_", frame)
        if length is not None:
            due = ctx.now + length
        else:
            text = ctx.evaluate(fields["until"], frame)
            try:
                due = parse_time(text)
            except ValueError as error:
                raise ExpressionError(f"`until`: {error}") from None
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        ctx.emit(TimerStarted(f"{ready.path}:delay", max(due, ctx.now)))

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """Its timer."""
        return for_timer(state, run, "delay")

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The wait is over; the output says how long it was, in seconds."""
        complete(ctx, run, values.encode({"waited": (ctx.now - run.started_at) / 1000}))
