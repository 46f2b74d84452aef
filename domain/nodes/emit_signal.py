"""`emit_signal`: sends a signal to an execution, another one or this."""

from __future__ import annotations

from pydantic import Field

from contracts.definitions import Model, TextValue, Value
from contracts.errors import ExpressionError
from contracts.events import SignalEmitted
from contracts.values import NULL
from domain.completing import complete
from domain.deciding import Deciding, Ready
from domain.kind import Kind
from domain.signals import check_names


class EmitSignal(Kind):
    """Sends a signal."""

    name = "emit_signal"
    summary = "sends a signal to an execution"

    class Config(Model):
        """To whom, its name, and what it carries."""

        execution: TextValue = Field(min_length=1)
        name: TextValue = Field(min_length=1)
        payload: Value = None

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Record that it goes out; it is sent when that is durable. The output is the payload."""
        fields, frame = ready.node.fields, ctx.frame(ready)
        execution, name = (ctx.evaluate(fields[field], frame) for field in ("execution", "name"))
        for field, value in (("execution", execution), ("name", name)):
            if not isinstance(value, str) or not value:
                raise ExpressionError(f"`{field}`: expected a text, found {value!r}")
        if ctx.graph.rules.signals_have_a_form:
            check_names([name])
        payload = ctx.keep(ctx.evaluate(fields["payload"], frame)) if "payload" in fields else NULL
        ctx.emit(SignalEmitted(ready.path, execution, name, payload, ready.attempt))
        complete(ctx, ready, payload)
