"""`condition`: leaves by `true` or `false`, with what came in."""

from __future__ import annotations

from typing import Any

from contracts.definitions import ExpressionOrBool, Model
from contracts.errors import ExpressionError
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete


class Condition(Kind):
    """Asks an expression that is true or false."""

    name = "condition"
    summary = "leaves by `true` or `false`"
    category = "flow"
    icon = "diamond"
    begins_with = '{"expression": "true"}'

    class Config(Model):
        """What is asked."""

        expression: ExpressionOrBool

    def ports(self, config: Any) -> tuple[str, ...]:
        """One each."""
        return ("true", "false")

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Ask, and leave by the answer."""
        holds = ctx.evaluate(ready.node.fields["expression"], ctx.frame(ready))
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{ready.node.config.expression}`: expected true or false, found {holds!r}")
        complete(ctx, ready, ports=("true",) if holds else ("false",))
