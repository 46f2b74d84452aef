"""`merge`: brings several paths together; how, is said by the node's `join` and `aggregate`."""

from __future__ import annotations

from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete


class Merge(Kind):
    """Joins paths; its output is what came in."""

    name = "merge"
    summary = "brings several paths together"
    category = "flow"
    icon = "merge"

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Pass on what came in."""
        complete(ctx, ready)
