"""`get_variable`: a variable's value as the node's output."""

from __future__ import annotations

from contracts.definitions import Identifier, Model, Value
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.state import Scope


class GetVariable(Kind):
    """Reads a variable."""

    name = "get_variable"
    summary = "gives a variable's value"
    category = "data"
    icon = "tag"
    begins_with = '{"name": "x"}'

    class Config(Model):
        """Which one, and what is given where it has no value or is null."""

        name: Identifier
        default: Value = None

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Look from the inside out."""
        name = ready.node.config.name
        here: Scope | None = ready.scope
        while here is not None and name not in here.variables:
            here = None if here.parent is None else ctx.state.scopes[here.parent]
        value = None if here is None else ctx.parse(here.variables[name])
        if value is None and "default" in ready.node.fields:
            value = ctx.evaluate(ready.node.fields["default"], ctx.frame(ready))
        complete(ctx, ready, ctx.keep(value))
