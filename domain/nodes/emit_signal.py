"""`emit_signal`: sends a signal to an execution, another one or this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from contracts.definitions import Model, TextValue, Value
from contracts.errors import ExpressionError, Problem
from contracts.events import SignalEmitted
from contracts.values import NULL
from domain.definition.config_check import signal_names
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.moves.ending import At
from domain.execution.moves.signals import check_names
from domain.execution.state import NodeRun


class EmitSignal(Kind):
    """Sends a signal."""

    name = "emit_signal"
    summary = "sends a signal to an execution"
    category = "waiting"
    icon = "send"
    begins_with = '{"execution": "{{ execution.id }}", "name": "go"}'
    can_undo = True

    class Config(Model):
        """To whom, its name, and what it carries."""

        execution: TextValue = Field(min_length=1)
        name: TextValue = Field(min_length=1)
        payload: Value = None

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """A name that no signal can have."""
        return signal_names([("name", config.name)])

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Record that it goes out; it is sent when that is durable. The output is the payload."""
        frame = ctx.frame(ready)
        filled = {name: ctx.evaluate(field, frame) for name, field in ready.node.fields.items()}
        complete(ctx, ready, _emit(ctx, ready, filled))

    def undo(self, ctx: Deciding, run: NodeRun, config: Any, filled: dict[str, Any]) -> bytes | None:
        """Send the signal."""
        return _emit(ctx, run, filled)


def _emit(ctx: Deciding, at: At, filled: dict[str, Any]) -> bytes:
    execution, name = filled["execution"], filled["name"]
    for field, value in (("execution", execution), ("name", name)):
        if not isinstance(value, str) or not value:
            raise ExpressionError(f"`{field}`: expected a text, found {value!r}")
    if ctx.graph.rules.signals_have_a_form:
        check_names([name])
    payload = ctx.keep(filled["payload"]) if "payload" in filled else NULL
    ctx.emit(SignalEmitted(at.path, execution, name, payload, at.attempt))
    return payload
