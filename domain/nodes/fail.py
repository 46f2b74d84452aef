"""`fail`: fails on purpose, with an error of the user's own. It is not tried again: it would only fail once more."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from contracts.definitions import Model, TextValue, Value
from contracts.failure import MESSAGE_LENGTH_MAX, TYPE_LENGTH_MAX, Failure, details_of, shorten
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.failure import fail


class Fail(Kind):
    """Fails with a type, a message and details."""

    name = "fail"
    summary = "fails with an error of your own"
    category = "errors"
    icon = "octagon-x"
    fails_on_purpose = True

    class Config(Model):
        """The error."""

        type: TextValue = Field(default="failed", min_length=1)
        message: TextValue = ""
        details: Value = None

    def ports(self, config: Any) -> tuple[str, ...]:
        """None: it never completes."""
        return ()

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Fill in the error, and fail with it."""
        frame = ctx.frame(ready)
        fields = ready.node.fields
        config = ready.node.config
        type_, message, details = (ctx.evaluate(fields[name], frame) if name in fields else None for name in ("type", "message", "details"))
        fail(ctx, ready, failed(type_ or config.type, message, details))


def failed(type_: Any, message: Any, details: Any) -> Failure:
    """The failure that a definition, or whoever wrote its values, has made up."""
    said = "" if message is None else str(message)
    return Failure(shorten(str(type_), TYPE_LENGTH_MAX), shorten(said, MESSAGE_LENGTH_MAX), details_of(details))
