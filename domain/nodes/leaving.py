"""What `break` and `continue` share: leaving every body up to the nearest loop, with the clean-up on the way."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from contracts.definitions import ExpressionOrBool, Model
from contracts.errors import ExpressionError
from contracts.events import Ending
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.moves.stop import stop_scope
from domain.execution.state import Scope


class Leaving(Kind):
    """Leaves the bodies around it, up to the nearest loop."""

    ending: ClassVar[Literal["broken", "continued"]]

    class Config(Model):
        """Only where this holds."""

        when: ExpressionOrBool | None = None

    def ports(self, config: Any) -> tuple[str, ...]:
        """None: nothing comes after it."""
        return ()

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Leave, if `when` holds; else the path just ends."""
        when = ready.node.fields.get("when")
        holds = True if when is None else ctx.evaluate(when, ctx.frame(ready))
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{ready.node.config.when}`: expected true or false, found {holds!r}")
        complete(ctx, ready)
        if holds:
            stop_scope(ctx, ready.scope, Ending(self.ending, target=self._loop(ctx, ready.scope)))

    def _loop(self, ctx: Deciding, scope: Scope) -> str:
        here: Scope | None = scope
        while here is not None and here.label != "[]":
            here = ctx.state.scopes[here.parent] if here.parent is not None else None
        assert here is not None, "a break or continue without a loop around it was published"
        return here.owner
