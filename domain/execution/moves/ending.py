"""Ending: a node has ended well, or is found not to have. Its edges are judged first: one that cannot be is the node's own failure.

Neither `completion.py` nor `failure.py` is needed for that; both build on it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from contracts.errors import ExpressionError
from contracts.events import CompensationRegistered, NodeCompleted, carried
from contracts.failure import Failure
from contracts.value_check import is_deep
from contracts.values import is_reference
from domain.definition.graph import Edge, Node
from domain.execution.deciding import TOO_DEEP, Deciding, Ready
from domain.execution.moves.cycles import spent, take_back
from domain.execution.moves.stop import end_cancelled
from domain.execution.names import Frame
from domain.execution.state import NodeRun, Scope

NO_EDGES: Final[list[Edge]] = []
"""The back edges taken by a node that has none."""
TOO_LARGE: Final = "output.too_large"


At: TypeAlias = Ready | NodeRun
"""A node that is about to begin, or one that has begun."""


def place_of(ctx: Deciding, at: At) -> tuple[Scope, Node]:
    """The scope and the node."""
    if type(at) is NodeRun:  # cheaper than isinstance, which asks the metaclass
        return ctx.state.scopes[at.scope], ctx.graph.nodes[at.node]
    return at.scope, at.node


def end_aside(ctx: Deciding, scope: Scope, node: Node, path: str) -> None:
    """A run from before a back edge was taken has ended: the body may be done, nothing else follows."""
    ctx.note_end_aside(scope, node, path)


def end_well(
    ctx: Deciding,
    at: At,
    output: bytes | None = None,
    ports: tuple[str, ...] | None = None,
    failure: Failure | None = None,
) -> Failure | None:
    """The node ends by these ports (`out`) with this output; without one it passes on its own data.

    With a `failure` it goes on all the same, as `on_error: continue` asks. What is answered is why it cannot end well;
    then nothing is recorded.
    """
    scope, node = place_of(ctx, at)
    if scope.ending is not None and type(at) is NodeRun:
        end_cancelled(ctx, at)
        return None
    value = at.data if output is None else output if len(output) < ctx.limits.blob_bytes_min else ctx.stash(output)
    if output is not None and len(output) > ctx.limits.value_bytes_max and not is_reference(output):
        return Failure(TOO_LARGE, f"the output has {len(output)} bytes; the limit is {ctx.limits.value_bytes_max}")
    if output is not None and output is not carried(ctx.command) and not is_reference(output) and is_deep(output):
        return Failure("expression", TOO_DEEP)
    if at.path in scope.lingering:
        _record(ctx, at, node, output is None, value, ports, (), failure)
        end_aside(ctx, scope, node, at.path)
        return None
    untaken: tuple[int, ...] = ()
    backs: list[Edge] = NO_EDGES
    if not node.leaves_plainly:
        try:
            untaken, backs = _judge_edges(ctx, at, node, ports or ("out",), value)
        except ExpressionError as error:
            return Failure(error.type, str(error))
        if backs and (limit := spent(scope, backs)) is not None:
            return limit
    _record(ctx, at, node, output is None, value, ports, untaken, failure)
    if backs:
        take_back(ctx, scope, backs)
    ctx.changed = True
    ctx.note_end(scope, node, at.path)
    return None


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
        return CompensationRegistered(at.path, None, Failure(error.type, str(error), node=f"{at.path}.compensate"))


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
