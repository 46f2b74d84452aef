"""Completion: a node has ended well, or fails by what it ended with."""

from __future__ import annotations

from domain.execution.deciding import Deciding
from domain.execution.moves.ending import At, end_well
from domain.execution.moves.failure import fail


def complete(ctx: Deciding, at: At, output: bytes | None = None, ports: tuple[str, ...] | None = None) -> None:
    """The node ends by these ports (`out`) with this output; without one it passes on its own data."""
    refusal = end_well(ctx, at, output, ports)
    if refusal is not None:
        fail(ctx, at, refusal)
