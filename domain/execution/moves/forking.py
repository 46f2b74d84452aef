"""Forking: a fork begins. Its past is taken up, and what was open in it is asked anew."""

from __future__ import annotations

from contracts import events as e
from contracts.commands import Fork
from contracts.errors import Rejected
from contracts.failure import Failure
from contracts.ids import ID_LENGTH_MAX, child_id
from contracts.values import NULL
from domain.execution.deciding import Deciding
from domain.execution.forked import child_of, past_in, timers_anew
from domain.execution.memo import TaskMemo
from domain.execution.moves.advance import arm_limits
from domain.execution.moves.notices import tell
from domain.execution.paths import is_for_worker, is_undo
from domain.execution.state import Execution, NodeRun


def check_ids(name: str, fork: Fork) -> None:
    """Raise Rejected where a child of a fork of this name would be called by more than an id may have."""
    past = past_in(fork) if fork.children else None
    for path, creation in fork.children:
        assert past is not None, "what has not begun has no children"
        child = child_id(name, path, past.runs[path].attempt)
        if len(child) > ID_LENGTH_MAX:
            said = f"the id of its child at {path} would have {len(child)} characters, {ID_LENGTH_MAX} is the limit: choose a shorter id"
            raise Rejected("id_too_long", said, child=child)
        if creation.fork is not None:
            check_ids(child, creation.fork)


def go_on_from_past(ctx: Deciding, past: Execution) -> None:
    """The fork has begun: it goes on where its source was."""
    timers, has_limit = timers_anew(ctx.graph, past, ctx.now), ":workflow" in past.timers
    is_ended, status = past.is_ended, past.status
    ctx.emit(e.PastTakenUp())
    if is_ended:
        ctx.emit(_end(ctx.state, status))
        return
    for timer, due in timers:
        ctx.emit(e.TimerStarted(timer, due))
    if has_limit:
        ctx.emit(e.TimerStarted(":workflow", ctx.now + ctx.graph.timeout_ms))
    for run in list(ctx.state.runs.values()):
        _ask(ctx, run)
    ctx.changed = True


def _end(state: Execution, status: str) -> e.Event:
    """The end of the source, said of the fork."""
    if status == "completed":
        return e.ExecutionCompleted(state.outcome, NULL if state.output is None else state.output)
    if status == "failed":
        return e.ExecutionFailed(state.failure or Failure("unknown", "its source failed"))
    if status == "cancelled":
        return e.ExecutionCancelled()
    return e.ExecutionTerminated(state.reason) if status == "terminated" else e.ExecutionQuarantined(state.reason)


def _ask(ctx: Deciding, run: NodeRun) -> None:
    """What a run waits for of others: the limits of a worker begin anew, a child is forked too, people are told."""
    node = ctx.graph.nodes[run.node]
    if run.status == "active" and is_for_worker(ctx.graph, run):
        if not is_undo(run.path):
            arm_limits(ctx, node, run)
        elif node.compensate_timeout_ms:
            ctx.emit(e.TimerStarted(f"{run.path}:start_to_close", ctx.now + node.compensate_timeout_ms))
    elif child_of(run):
        _fork_child(ctx, run)
    elif isinstance(run.memo, TaskMemo) and run.status == "active" and not run.memo.closed and run.memo.asked_at:
        tell(ctx, run, "created")


def _fork_child(ctx: Deciding, run: NodeRun) -> None:
    forked = ctx.state.forked
    creation = None if forked is None else forked.children.get(run.path)
    if creation is None:
        return
    child = child_id(ctx.state.execution, run.path, run.attempt)
    ctx.emit(e.ChildStarted(run.path, child, creation.workflow, creation.version, creation.input))
    if child in ctx.state.children_asked:
        ctx.emit(e.ChildCancelRequested(run.path, child))
