"""Close: from the end of the outermost body to the end of the execution.

outermost body left ─► the workflow's error handler (failed) ─► compensation (cancelled, or failed and asked for)
                    ─► children still open, by their policy ─► completed · failed · cancelled
"""

from __future__ import annotations

from contracts.events import (
    ChildCancelRequested,
    Ending,
    ExecutionCancelled,
    ExecutionCompleted,
    ExecutionEnding,
    ExecutionFailed,
    ScopeEntered,
    TimerCancelled,
    TimerStarted,
)
from contracts.failure import Failure
from domain.execution.deciding import Deciding
from domain.execution.moves import compensation
from domain.execution.moves.entry import begin_scope
from domain.execution.paths import HANDLER, is_undo
from domain.execution.state import Scope


def root_left(ctx: Deciding, scope: Scope, ending: Ending) -> None:
    """The outermost body, or the handler, has ended; `close` does what is left."""
    state = ctx.state
    if scope.path == HANDLER:
        if ":workflow" in state.timers:
            ctx.emit(TimerCancelled(":workflow"))
        return
    failure = ending.failure
    if state.cancelling:
        ctx.emit(ExecutionEnding(Ending("cancelled")))
    elif ending.status == "failed":
        ctx.emit(ExecutionEnding(Ending("failed", failure)))
    elif ending.status == "cancelled":
        ctx.emit(ExecutionEnding(Ending("cancelled")))
    elif state.children:
        ctx.emit(ExecutionEnding(Ending("completed")))
    else:
        ctx.emit(ExecutionCompleted(state.outcome))


def close(ctx: Deciding) -> bool:
    """End the execution, or begin the next piece of clean-up; True where that has first moves to make, or is done already."""
    state = ctx.state
    if state.ending is None or state.is_ended or state.scopes or state.runs or state.undoing:
        return False
    status = state.ending.status
    if status == "failed" and ctx.graph.handler is not None and not state.handled and not state.cancelling:
        _enter_handler(ctx)
        return True
    wants_undo = status == "cancelled" or (status == "failed" and ctx.graph.settings.compensate_on_failure)
    if wants_undo and not state.undone and compensation.begin(ctx, "", None):
        return not state.undoing
    if close_children(ctx):
        return False
    if status == "completed":
        ctx.emit(ExecutionCompleted(state.outcome))
    elif status == "failed":
        ctx.emit(ExecutionFailed(state.ending.failure or Failure("unknown", "no failure was recorded")))
    else:
        ctx.emit(ExecutionCancelled())
    return False


def _enter_handler(ctx: Deciding) -> None:
    assert ctx.state.ending is not None
    failure = ctx.state.ending.failure
    ctx.emit(ScopeEntered("", HANDLER, 0, None if failure is None else ctx.keep(failure.as_value())))
    if ctx.graph.timeout_ms and ctx.graph.rules.handlers_have_a_limit:
        ctx.emit(TimerStarted(":workflow", ctx.now + ctx.graph.timeout_ms))
    begin_scope(ctx, ctx.state.scopes[HANDLER])


def close_children(ctx: Deciding) -> bool:
    """Apply `on_parent_close` to the children still open; True while one is still cleaning up."""
    state = ctx.state
    waiting = False
    for child, path in list(state.children.items()):
        policy = child_policy(ctx, child)
        if policy == "terminate":
            ctx.emit(ChildCancelRequested(path, child, True))
        elif policy == "cancel":
            waiting = True
            if child not in state.children_asked:
                ctx.emit(ChildCancelRequested(path, child))
    return waiting


def child_policy(ctx: Deciding, child: str) -> str:
    """`on_parent_close` of the node that started a child; its body may be gone, so the definition is asked."""
    definition = ctx.state.child_nodes.get(child)
    node = ctx.graph.nodes[definition] if definition is not None else None
    if node is None:
        return "cancel"
    return str((node.undo_config if is_undo(ctx.state.children[child]) else node.config).on_parent_close)
