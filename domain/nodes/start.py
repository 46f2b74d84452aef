"""`start`: where a body may begin; gives the body's input."""

from __future__ import annotations

from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete


class Start(Kind):
    """Marks the beginning; its output is the input."""

    name = "start"
    summary = "where a body begins; gives its input"
    category = "flow"
    icon = "play"

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Pass on what came in."""
        complete(ctx, ready)
