"""Debugging: a halt ends. The node goes on as if it had never stood, or ends as a person says; what they change is recorded as that."""

from __future__ import annotations

from contracts import events as e
from contracts.commands import ReleaseHalt
from contracts.failure import Failure
from contracts.values import NULL
from domain.execution.breakpoints import is_halted
from domain.execution.debugged import HALT, Halt
from domain.execution.deciding import Deciding
from domain.execution.moves.advance import go_past, restart
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import go_on_failed
from domain.execution.state import Execution, NodeRun


def is_paused_by_halt(state: Execution) -> bool:
    """Whether an execution is paused because it halts, and not because a person has paused it."""
    return state.paused and state.quarantine is None and state.debugged is not None and state.debugged.pauses


def ends_halt(ctx: Deciding, timer: str) -> bool:
    """Whether a timer is that of a halt which its own pause is about: it does not wait for the end of that."""
    path, _, purpose = timer.rpartition(":")
    return purpose == HALT and is_halted(ctx.state, path) and is_paused_by_halt(ctx.state)


def release(ctx: Deciding, path: str, how: str) -> None:
    """The halt at a node is over; where the whole execution halts, so are those that stand because of it."""
    debugged = ctx.state.debugged
    halt = None if debugged is None else debugged.halts.get(path)
    if debugged is None or halt is None:
        return
    others = [one.path for one in debugged.halts.values() if one.halts == "all" and one.path != path] if halt.halts == "all" else []
    _end(ctx, halt, how)
    for other in others:
        _end(ctx, debugged.halts[other], "continue")


def release_whole(ctx: Deciding) -> None:
    """The execution is resumed: whatever it is paused for halts no more."""
    debugged = ctx.state.debugged
    for halt in [] if debugged is None else [one for one in debugged.halts.values() if one.halts == "all"]:
        _end(ctx, halt, "continue")


def _end(ctx: Deciding, halt: Halt, how: str) -> None:
    ctx.released = (*ctx.released, (halt, how))
    ctx.emit(e.HaltEnded(halt.path, how))


def go_on(ctx: Deciding, halt: Halt, how: str) -> None:
    """The node that stood goes on, unless something else has ended it."""
    run = ctx.state.runs.get(halt.path)
    if run is None or run.status != "queued" or is_halted(ctx.state, halt.path):
        return
    if how == "complete":
        _complete(ctx, run)
    elif how == "fail":
        _fail(ctx, run)
    elif how == "retry":
        ctx.emit(e.NodeRetried(run.path, run.attempt + 1, ctx.now, None if halt.failed is None else halt.failed.failure))
        ctx.emit(e.TimerFired(f"{run.path}:retry", ctx.now))
        restart(ctx, run)
    elif halt.failed is None:
        go_past(ctx, run)
    else:
        failed = halt.failed
        go_on_failed(ctx, run, failed.failure, failed.retryable, failed.final, failed.continues, failed.not_before)
    if run.scope in ctx.state.scopes:
        ctx.touch(run.scope)


def _pinned(ctx: Deciding, run: NodeRun) -> ReleaseHalt:
    command = ctx.command
    assert isinstance(command, ReleaseHalt), "only a person says how a node ends"
    ctx.emit(e.NodePinned(run.path, run.attempt, f"{command.by or 'somebody'}, debugging"))
    return command


def _complete(ctx: Deciding, run: NodeRun) -> None:
    command, node = _pinned(ctx, run), ctx.graph.nodes[run.node]
    output = NULL if command.output is None and node.is_activity else command.output
    complete(ctx, run, output, (command.port,) if command.port is not None else node.ports[:1] or None)


def _fail(ctx: Deciding, run: NodeRun) -> None:
    command = _pinned(ctx, run)
    failure = command.failure or Failure("debugged", "a person let it fail")
    go_on_failed(ctx, run, failure, False, False, True, 0)
