"""Completing: a node has ended well. Its edges are judged first, so that one that cannot be is the node's own failure."""

from __future__ import annotations

from typing import Final

from contracts.errors import ExpressionError
from contracts.events import CompensationRegistered, NodeCompleted
from contracts.failure import Failure
from contracts.values import is_reference
from domain.cycles import spent, take_back
from domain.deciding import Deciding, Ready
from domain.definition.graph import Edge, Node
from domain.failing import At, end_aside, fail, place_of
from domain.naming import Frame
from domain.state import NodeRun
from domain.stopping import end_cancelled

NO_EDGES: Final[list[Edge]] = []
"""The back edges taken by a node that has none."""


def complete(
    ctx: Deciding,
    at: At,
    output: bytes | None = None,
    ports: tuple[str, ...] | None = None,
    failure: Failure | None = None,
) -> None:
    """The node ends by these ports (`out`) with this output; without one it passes on its own data."""
    scope, node = place_of(ctx, at)
    if scope.ending is not None and type(at) is NodeRun:
        end_cancelled(ctx, at)
        return
    if output is None:
        value = at.data
    elif len(output) < ctx.limits.blob_bytes_min:
        value = output
    else:
        value = ctx.stash(output)
    if output is not None and len(output) > ctx.limits.value_bytes_max and not is_reference(output):
        message = f"the output has {len(output)} bytes; the limit is {ctx.limits.value_bytes_max}"
        fail(ctx, at, Failure("output.too_large", message))
        return
    if at.path in scope.lingering:
        _record(ctx, at, node, output is None, value, ports, (), failure)
        end_aside(ctx, scope, node, at.path)
        return
    untaken: tuple[int, ...] = ()
    backs: list[Edge] = NO_EDGES
    if not node.leaves_plainly:
        try:
            untaken, backs = _judge_edges(ctx, at, node, ports or ("out",), value)
        except ExpressionError as error:
            fail(ctx, at, Failure("expression", str(error)), continues=failure is None)
            return
        if backs and (limit := spent(scope, backs)) is not None:
            fail(ctx, at, limit, continues=failure is None)
            return
    _record(ctx, at, node, output is None, value, ports, untaken, failure)
    if backs:
        take_back(ctx, scope, backs)
    ctx.changed = True
    ctx.note_end(scope, node, at.path)


def _record(
    ctx: Deciding,
    at: At,
    node: Node,
    passes: bool,
    value: bytes,
    ports: tuple[str, ...] | None,
    untaken: tuple[int, ...],
    failure: Failure | None,
) -> None:
    path = at.path
    recorded = at.recorded if passes and isinstance(at, Ready) and path not in ctx.state.runs else None
    undo = None if node.compensate is None or failure is not None else _compensation(ctx, at, node, value)
    said = None if failure is None else failure.at(path, at.attempt)
    carried = None if passes else ctx.unless_carried(value)
    ctx.emit(NodeCompleted(path, carried, None if ports == ("out",) else ports, untaken, passes, said, recorded))
    if undo is not None:
        ctx.emit(undo)


def _compensation(ctx: Deciding, at: At, node: Node, output: bytes) -> CompensationRegistered:
    assert node.compensate is not None
    frame = (ctx.frame(at) if isinstance(at, Ready) else ctx.frame_of(at))._replace(own_output=output)
    try:
        return CompensationRegistered(at.path, ctx.keep(ctx.evaluate(node.compensate, frame)))
    except ExpressionError as error:
        return CompensationRegistered(at.path, None, Failure("expression", str(error), node=f"{at.path}.compensate"))


def _judge_edges(ctx: Deciding, at: At, node: Node, ports: tuple[str, ...], output: bytes) -> tuple[tuple[int, ...], list[Edge]]:
    """Which edges of these ports are not taken because of their `when`, and which back edges are taken."""
    untaken: list[int] = []
    backs: list[Edge] = []
    frame: Frame | None = None
    for edge in node.outgoing:
        if edge.port not in ports:
            continue
        if edge.when is not None:
            if frame is None:
                base = ctx.frame(at) if isinstance(at, Ready) else ctx.frame_of(at)
                frame = base._replace(own_output=output, data=output)
            holds = ctx.evaluate(edge.when, frame)
            if not isinstance(holds, bool):
                raise ExpressionError(f"`{edge.definition.when}` of the edge to {edge.target.id}: expected true or false, found {holds!r}")
            if not holds:
                untaken.append(edge.number)
                continue
        if edge.is_back:
            backs.append(edge)
    return tuple(untaken), backs
