"""Advancing: what moves by itself once a fact is there, until nothing does.

pump ─► turns on the agenda: start, skip, or fail a node
     ─► nodes that waited for a mutex, containers whose bodies have all left
     ─► `wait_until` nodes, when a variable or an output has changed
     ─► bodies in which nothing lives any more: ScopeLeft, and their container goes on
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Any, Final

import msgspec

from contracts import values
from contracts.errors import OF_VALUES, ExpressionError
from contracts.events import Ending, NodeCancelled, NodeQueued, NodeSkipped, ScopeLeft, TimerStarted
from contracts.failure import Failure
from domain.definition.graph import Node
from domain.execution import edges
from domain.execution.breakpoints import is_halted
from domain.execution.deciding import NODE_STOPPED, Deciding, Ready
from domain.execution.kind import acting_kind, kind_of
from domain.execution.moves import compensation, pinning
from domain.execution.moves.close import close, root_left
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import explained, fail, fail_expression
from domain.execution.moves.halting import halts_before
from domain.execution.moves.stop import cancel_run, end_cancelled, stop_run, stop_scope
from domain.execution.moves.turns import begin_later, begin_queued_later
from domain.execution.names import Frame
from domain.execution.outputs import body_output, last_nodes, merge
from domain.execution.paths import HANDLER, held_by, is_undo, node_path, plain_data, taken_sources
from domain.execution.pins import halted_in
from domain.execution.state import PENDING, TAKEN, NodeRun, Scope


def pump(ctx: Deciding) -> None:
    """Work off all that can move. A paused execution does not move."""
    state = ctx.state
    if state.paused or state.ended_at:
        return
    while True:
        if ctx.agenda:
            _take_turn(ctx)
        elif ctx.followups:
            what, _, path = heappop(ctx.followups)
            FOLLOW_UPS[what](ctx, path)
        elif ctx.changed:
            ctx.changed = False
            if ctx.graph.hears_changes:
                _ask_again(ctx)
        elif not _leave_a_scope(ctx) and (state.ending is None or not close(ctx)):
            break


# Turns.


def _take_turn(ctx: Deciding) -> None:
    _, _, path, node = heappop(ctx.agenda)
    scope = ctx.state.scopes.get(path)
    if scope is None or scope.ending is not None:
        return
    turn = edges.turn_of(scope, node)
    if turn == "start":
        start_node(ctx, scope, node)
    elif turn == "skip":
        skip_node(ctx, scope, node, node_path(scope, node))
    elif turn == "unsatisfied":
        ready = Ready(scope, node, node_path(scope, node), values.NULL, scope.tried + 1, values.NULL)
        taken = scope.taken[node.index]
        fail(ctx, ready, Failure("join.unsatisfied", f"{node.join_count} incoming edges were to be taken, {taken} were"))


def skip_node(ctx: Deciding, scope: Scope, node: Node, path: str) -> None:
    """The node does not run, and skips all its edges."""
    ctx.expected -= 1
    ctx.emit(NodeSkipped(path))
    ctx.consider_targets(scope, node)


def start_node(ctx: Deciding, scope: Scope, node: Node, given: bytes | None = None) -> None:
    """The node's turn has come: its losers go, its `when` is asked, its mutex taken, and its kind begins; with data that it is `given`."""
    waits = ctx.begins_later()
    path = node_path(scope, node)
    plain = plain_data(ctx.graph, scope, node) if given is None else given
    try:
        data = plain if plain is not None else ctx.keep(_joined_data(ctx, scope, node))
    except ExpressionError as error:
        fail_expression(ctx, Ready(scope, node, path, values.NULL, scope.tried + 1, values.NULL), error)
        return
    ready = Ready(scope, node, path, data, scope.tried + 1, None if plain is not None and given is None else data)
    if node.losers and node.definition.losers == "cancel":
        _cancel_losers(ctx, scope, node)
    if node.when is not None and not _when_holds(ctx, ready):
        return
    if node.mutex is not None and ctx.state.mutexes.get(node.mutex):
        ctx.emit(NodeQueued(path, ready.recorded))
    elif waits:
        begin_later(ctx, ready)
    else:
        begin(ctx, ready)


def _when_holds(ctx: Deciding, ready: Ready) -> bool:
    assert ready.node.when is not None
    try:
        holds = ctx.evaluate(ready.node.when, ctx.frame(ready))
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{ready.node.definition.when}`: expected true or false, found {holds!r}")
    except ExpressionError as error:
        fail_expression(ctx, ready, error)
        return False
    if not holds:
        skip_node(ctx, ready.scope, ready.node, ready.path)
    return holds


def begin(ctx: Deciding, ready: Ready) -> None:
    """The node's turn has come, and nothing is in its way; a breakpoint may be, and a test run stop before it, or give what it ends by."""
    if ctx.state.debugged is not None and halts_before(ctx, ready):
        return
    if ctx.state.test is None or not (pinning.halts(ctx, ready) or pinning.is_given(ctx, ready)):
        _begin(ctx, ready)


def go_past(ctx: Deciding, run: NodeRun) -> None:
    """A node begins that the execution stood before."""
    ready = _again(ctx, run)
    if ctx.state.test is None or not pinning.is_given(ctx, ready):
        _begin(ctx, ready)


def _begin(ctx: Deciding, ready: Ready) -> None:
    """The node's kind begins; what it cannot evaluate is the node's failure. Its time limits begin with it."""
    try:
        kind_of(ready.node).start(ctx, ready)
    except OF_VALUES as error:
        fail_expression(ctx, ctx.state.runs.get(ready.path) or ready, error)
    if ready.node.timeouts_at_once and (run := ctx.state.runs.get(ready.path)) is not None and run.status == "active":
        arm_limits(ctx, ready.node, run)
    if ready.scope.path not in ctx.touched:
        ctx.touch(ready.scope.path)


def arm_limits(ctx: Deciding, node: Node, run: NodeRun) -> None:
    """The time limits of a node that begin at once, as far as they have not begun."""
    for name, limit in node.timeouts_at_once.items():
        timer = f"{run.path}:{name}"
        if timer not in ctx.state.timers:
            ctx.emit(TimerStarted(timer, ctx.now + limit))


def restart(ctx: Deciding, run: NodeRun) -> None:
    """The run's next attempt begins, with the same data."""
    begin(ctx, _again(ctx, run))


def _again(ctx: Deciding, run: NodeRun) -> Ready:
    return Ready(ctx.state.scopes[run.scope], ctx.graph.nodes[run.node], run.path, run.data, run.attempt, None)


def _begin_queued(ctx: Deciding, path: str) -> None:
    run = ctx.state.runs.get(path)
    if run is None or run.status != "queued" or held_by(run) or path in halted_in(ctx.state) or is_halted(ctx.state, path):
        return
    if ctx.begins_later():
        begin_queued_later(ctx, run)
    else:
        restart(ctx, run)


def _joined_data(ctx: Deciding, scope: Scope, node: Node) -> Any:
    """What comes in where several things have to be put together."""
    aggregate = node.definition.aggregate
    sources = taken_sources(ctx.graph, scope, node)
    joined = None
    if not node.incoming and node.index not in scope.looped:
        joined = ctx.parse(scope.input)
    elif aggregate == "array":
        by_index = {source.index: output for source, output in sources}
        order = [edge.source.index for edge in node.incoming if edge.source.index in by_index]
        order += [index for index in by_index if index not in order]
        joined = [ctx.parse(by_index[index]) for index in dict.fromkeys(order)]
    elif sources:
        if aggregate in ("first", "last"):
            joined = ctx.parse(sources[0 if aggregate == "first" else -1][1])
        else:
            joined = merge([(source.id, ctx.parse(output)) for source, output in sources])
    if node.typed_incoming:
        joined = {**(joined if isinstance(joined, dict) else {} if joined is None else {"data": joined}), **_typed_data(ctx, scope, node)}
    return joined


def _typed_data(ctx: Deciding, scope: Scope, node: Node) -> dict[str, list[object]]:
    typed: dict[str, list[object]] = {}
    for edge in node.typed_incoming:
        end = scope.ended.get(edge.source.index)
        if scope.edges[edge.number] == TAKEN and end is not None and end.output is not None:
            typed.setdefault(edge.type, []).append(ctx.parse(end.output))
    return typed


def _cancel_losers(ctx: Deciding, scope: Scope, join: Node) -> None:
    body = ctx.graph.bodies[scope.body]
    for index in join.losers:
        if index in scope.live:
            cancel_run(ctx, ctx.state.runs[scope.live[index]])
        elif scope.nodes[index] == PENDING:
            ctx.emit(NodeCancelled(node_path(scope, body.nodes[index])))


# Bodies.


def _leave_a_scope(ctx: Deciding) -> bool:
    """Leave the innermost of the touched bodies in which nothing lives; False when there is none."""
    while ctx.deepest:
        path = heappop(ctx.deepest)[2]
        ctx.touched.remove(path)
        scope = ctx.state.scopes.get(path)
        if scope is not None and not scope.live and not scope.lingering:
            _leave(ctx, scope)
            return True
    return False


def _leave(ctx: Deciding, scope: Scope) -> None:
    ending = scope.ending or _good_ending(ctx, scope)
    if ending.failure is not None:
        ending = msgspec.structs.replace(ending, failure=explained(ctx, scope, ending.failure))
    owner = ctx.state.runs.get(scope.owner)
    ctx.emit(ScopeLeft(scope.path, ending))
    if owner is not None and owner.status == "lingering":
        ctx.touch(owner.scope)
        ctx.release(ctx.graph.nodes[owner.node])
        return
    if scope.path == "" or scope.path == HANDLER:
        root_left(ctx, scope, ending)
        return
    run = ctx.state.runs[scope.owner]
    if run.status == "stopping":
        ctx.follow_up(NODE_STOPPED, run.path)
        return
    output = ending.output if ending.output is not None else body_output(ctx.graph, scope) or values.NULL
    ctx.touch(run.scope)
    try:
        kind_of(ctx.graph.nodes[run.node]).on_scope_left(ctx, run, scope, ending, output)
    except OF_VALUES as error:
        if run.path in ctx.state.runs:
            failure = Failure(getattr(error, "type", "expression"), str(error), node=run.path, attempt=run.attempt)
            stop_run(ctx, run, Ending("failed", failure))


def _good_ending(ctx: Deciding, scope: Scope) -> Ending:
    """The body has completed: its output is said where it does not follow from the state."""
    body = ctx.graph.bodies[scope.body]
    try:
        if body.output is not None:
            return Ending("completed", None, ctx.keep(ctx.evaluate(body.output, Frame(scope))))
        if body_output(ctx.graph, scope) is None:
            outputs = {node.id: ctx.parse(scope.ended[node.index].output or values.NULL) for node in last_nodes(ctx.graph, scope)}
            return Ending("completed", None, ctx.keep(outputs))
    except ExpressionError as error:
        return Ending("failed", Failure(error.type, str(error), node=scope.owner))
    return Ending("completed")


def finish_stopped(ctx: Deciding, path: str) -> None:
    """A node that is being stopped: when its last body has left and its clean-up is done, it ends as it was to."""
    run = ctx.state.runs.get(path)
    if run is None or run.status != "stopping" or run.bodies or run.ending is None:
        return
    if acting_kind(ctx.graph, run).on_stopped(ctx, run, run.ending):
        return
    ending = run.ending
    if is_undo(path):
        compensation.stopped(ctx, run, ending)
        return
    scope = ctx.state.scopes[run.scope]
    if scope.ending is not None or ending.status in ("cancelled", "terminated"):
        end_cancelled(ctx, run)
    elif ending.status == "failed" and ending.failure is not None:
        fail(ctx, run, ending.failure, final=ending.final)
    elif ending.status == "completed":
        complete(ctx, run, ending.output if ending.output is not None else values.NULL)
    else:
        end_cancelled(ctx, run)
        stop_scope(ctx, scope, ending)


# Who waits for what.


def _ask_again(ctx: Deciding) -> None:
    """Nodes that wait for a condition are asked again, in the order they began."""
    for run in [run for run in ctx.state.runs.values() if run.status == "active"]:
        kind = kind_of(ctx.graph.nodes[run.node]) if ctx.limits.undone_are_told else acting_kind(ctx.graph, run)
        if kind.hears_changes and run.path in ctx.state.runs:
            try:
                kind.on_changed(ctx, run)
            except OF_VALUES as error:
                fail_expression(ctx, run, error)


def _tell_cancellers(ctx: Deciding, path: str) -> None:
    for run in [run for run in ctx.state.runs.values() if run.status == "active"]:
        kind = acting_kind(ctx.graph, run)
        if kind.hears_ends and run.path in ctx.state.runs:
            kind.on_ended(ctx, run, path)


FOLLOW_UPS: Final[tuple[Callable[[Deciding, str], None], ...]] = (finish_stopped, _tell_cancellers, _begin_queued)
"""Who looks after what `Deciding.follow_up` notes: `NODE_STOPPED`, `NODE_ENDED`, `MUTEX_FREE`."""
