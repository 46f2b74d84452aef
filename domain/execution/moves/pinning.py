"""Pinning: in a test run a node is not begun where the plan stops before it, or gives what it ends by.

    its turn ─┬─► NodeHalted                                  it stands until the execution is resumed
              ├─► NodeScheduled, NodePinned, NodeCompleted …  an activity: what it would have been asked is recorded, nobody is asked
              ├─► NodePinned, NodeCompleted …                 any other kind does not begin at all
              └─► as ever

A decision in which a node was halted lets no other begin, and pauses the execution at its end.
"""

from __future__ import annotations

from typing import Final

from contracts.errors import OF_VALUES
from contracts.events import ExecutionPaused, NodeHalted, NodePinned
from contracts.failure import Failure
from contracts.pins import Pin
from contracts.values import NULL
from domain.definition.graph import Node
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import kind_of
from domain.execution.moves.completion import complete
from domain.execution.moves.ending import At
from domain.execution.moves.failure import fail, fail_expression
from domain.execution.pins import UNPINNED, halted_in, pin_for, stops_before

SENDS: Final = "emit_signal"
"""The kind that is decided inline, and reaches other executions."""


def halts(ctx: Deciding, ready: Ready) -> bool:
    """Whether the test run stops before a node that has not begun; it stands there from now on."""
    test, run = ctx.state.test, ctx.state.runs.get(ready.path)
    if test is None or (run is not None and run.status != "queued"):
        return False
    if not (stops_before(test, ready.path) or halted_in(ctx.state)):
        return False
    ctx.emit(NodeHalted(ready.path, ready.recorded if run is None else None))
    return True


def pause(ctx: Deciding) -> None:
    """The decision is done: where nodes are halted, nothing moves until the execution is resumed."""
    state = ctx.state
    if not state.paused and not state.ended_at and (halted := halted_in(state)):
        others = f" and {len(halted) - 1} more" if len(halted) > 1 else ""
        ctx.emit(ExecutionPaused(f"stopped before {halted[0]}{others}"))


def is_given(ctx: Deciding, ready: Ready) -> bool:
    """Whether the node is given how this attempt ends; then it has."""
    node, test = ready.node, ctx.state.test
    assert test is not None, f"{ctx.state.execution} is no test run"
    pin = pin_for(test, ready.path, ready.attempt, reaches_out(node))
    if pin is None:
        return False
    if test.pinned >= ctx.limits.alone_max:
        pin = Pin(failure=Failure("loop.limit", f"{test.pinned:,} attempts were pinned in this test run, the most that may be"))
    at: At = ctx.state.runs.get(ready.path) or ready
    if node.is_activity:
        try:
            kind_of(node).start(ctx, ready)
        except OF_VALUES as error:
            fail_expression(ctx, ctx.state.runs.get(ready.path) or ready, error)
            return True
        at = ctx.state.runs[ready.path]
    ctx.emit(told(ready.path, ready.attempt, pin))
    if pin.failure is not None:
        fail(ctx, at, pin.failure, pin.retryable)
    else:
        output = NULL if pin.output is None and node.is_activity else pin.output
        complete(ctx, at, output, pin.ports if pin.ports is not None or output is None else kind_of(node).way_of(ctx, output))
    if ready.scope.path not in ctx.touched:
        ctx.touch(ready.scope.path)
    return True


def told(path: str, attempt: int, pin: Pin) -> NodePinned:
    """What the history says of a pin that was used."""
    return NodePinned(path, attempt, pin.source, pin.failure is not None and pin.failure.type == UNPINNED)


def reaches_out(node: Node) -> bool:
    """Whether the node reaches what is not the execution itself: a worker, or another execution by a signal."""
    return node.is_activity or node.kind.name == SENDS
