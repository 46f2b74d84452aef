"""Signals: one goes to one wait, the oldest whose name and filter match; the others wait in the buffer, first in, first out."""

from __future__ import annotations

from domain.deciding import Deciding
from domain.state import NodeRun, Signal


def deliver(ctx: Deciding, signal: Signal) -> bool:
    """Give the signal to the oldest wait that wants it; False when none does."""
    for path in list(ctx.state.waiting):
        run = ctx.state.runs.get(path)
        if run is None or run.status != "active":
            continue
        kind = ctx.graph.nodes[run.node].kind
        if kind.offers_signal(ctx, run, signal):
            kind.on_signal(ctx, run, signal)
            return True
    return False


def take_buffered(ctx: Deciding, run: NodeRun) -> None:
    """A wait has begun: it takes what it wants from the buffer, oldest first, until it has enough."""
    kind = ctx.graph.nodes[run.node].kind
    for signal in list(ctx.state.signals):
        if run.path not in ctx.state.runs or run.path not in ctx.state.waiting:
            return
        if kind.offers_signal(ctx, run, signal):
            kind.on_signal(ctx, run, signal)
