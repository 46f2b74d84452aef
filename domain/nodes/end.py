"""`end`: ends its path, and with `terminate` the body around it."""

from __future__ import annotations

from typing import Any

from contracts.definitions import Model, Value
from contracts.events import Ending
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.moves.stop import stop_scope


class End(Kind):
    """Ends its path. Without `output` it gives what came in."""

    name = "end"
    summary = "ends its path; with `terminate` its body completes at once"
    category = "flow"
    icon = "flag"

    class Config(Model):
        """What the execution's outcome and output are, if this is the last end reached."""

        outcome: str | None = None
        output: Value = None
        terminate: bool = False

    def ports(self, config: Any) -> tuple[str, ...]:
        """None: nothing comes after an end."""
        return ()

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Record the output, and stop what still runs in the body where that is asked for."""
        output = ready.node.fields.get("output")
        complete(ctx, ready, None if output is None else ctx.keep(ctx.evaluate(output, ctx.frame(ready))))
        if ready.node.config.terminate and ready.scope.last_end == ready.node.index:
            stop_scope(ctx, ready.scope, Ending("completed"))
