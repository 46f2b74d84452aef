"""Activities: what workers report of an attempt, and that one is lost."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.errors import Rejected
from contracts.failure import Failure
from contracts.values import length_of
from domain.execution.decide import hold
from domain.execution.decide.timer import fire_of_run
from domain.execution.deciding import Deciding, Handler
from domain.execution.kind import kind_of
from domain.execution.memo import TaskMemo
from domain.execution.moves import budget, compensation
from domain.execution.moves.completion import complete
from domain.execution.moves.fast_path import take_fast_path
from domain.execution.moves.questions import ask
from domain.execution.moves.trials import note_failure, note_success
from domain.execution.paths import has_asked, held_by, is_undo
from domain.execution.state import NodeRun

LOSSES_MAX: Final = 10
"""So often a worker may be lost with one node, without a step between, before the node is taken to be the reason."""
ANEW_MAX: Final = 100
"""So often a node may begin anew, without a step between: no worker keeps it going round for ever."""
STEPS_MAX: Final = 10_000
"""So many steps may the attempts of one node record."""
STEPS_BYTES_MAX: Final = 4 * 1024 * 1024
"""So many bytes of names and results: all of them are sent with the next attempt."""


def _active(ctx: Deciding, path: str, attempt: int) -> NodeRun:
    """The run that a report is about. Raises Rejected for an attempt nobody waits for.

    One that a circuit breaker holds may have been with a worker before, whose result is one.
    """
    run = ctx.state.runs.get(path)
    if run is None or run.attempt != attempt or not (run.status == "active" or held_by(run)) or has_asked(run):
        found = "it has ended" if run is None or has_asked(run) else f"it is {run.status} in attempt {run.attempt}"
        raise Rejected("stale_attempt", f"nobody waits for attempt {attempt} of {path}: {found}", path=path, attempt=attempt)
    if run.memo is not None and isinstance(run.memo, TaskMemo):
        raise Rejected("stale_attempt", f"no worker is asked for {path}: people are, and they answer its task", path=path, attempt=attempt)
    return run


def _complete_activity(ctx: Deciding, command: c.CompleteActivity) -> None:
    run = _active(ctx, command.path, command.attempt)
    if ctx.state.paused and hold.is_held(ctx):
        return
    if command.calls or ctx.state.spending is not None:
        budget.count(ctx, run, command)
    if ctx.state.trials:
        note_success(ctx, run)
    if ctx.state.undoing and is_undo(command.path):
        compensation.completed(ctx, run, command.output)
    elif not take_fast_path(ctx, run, command):
        complete(ctx, run, command.output, kind_of(ctx.graph.nodes[run.node]).way_of(ctx, command.output))


def _fail_activity(ctx: Deciding, command: c.FailActivity) -> None:
    run = _active(ctx, command.path, command.attempt)
    if hold.is_held(ctx):
        return
    if command.calls or ctx.state.spending is not None:
        budget.count(ctx, run, command)
    if not is_undo(command.path) and ask(ctx, run, command.failure):
        return
    note_failure(ctx, run, command.breakers)
    not_before = ctx.now + command.retry_after_ms if command.retry_after_ms > 0 else 0
    compensation.fail_run(ctx, run, command.failure, command.retryable, not_before)


def _lose_activity(ctx: Deciding, command: c.LoseActivity) -> None:
    """Nobody is to blame that the code could see, so it does not count as a try; a node that workers die of fails."""
    run = _active(ctx, command.path, command.attempt)
    if hold.is_held(ctx):
        return
    why = "it may have been begun before" if command.anew else f"the worker {command.worker or 'that had it'} gave no sign of life"
    failure = Failure("worker.lost", why, None, run.path, run.attempt)
    if run.lost >= LOSSES_MAX if not command.anew else run.begun_anew >= ANEW_MAX:
        compensation.fail_run(ctx, run, failure)
        return
    ctx.emit(e.NodeRetried(run.path, run.attempt + 1, ctx.now, failure))
    ctx.emit(e.TimerFired(f"{run.path}:retry", ctx.now))
    fire_of_run(ctx, run, "retry")


def _report_started(ctx: Deciding, command: c.ReportStarted) -> None:
    run = _active(ctx, command.path, command.attempt)
    _begin_attempt(ctx, run, command.worker)


def _begin_attempt(ctx: Deciding, run: NodeRun, worker: str = "") -> None:
    """A worker has begun: the limits that count from there begin with it."""
    if run.started_at:
        return
    ctx.emit(e.NodeProgressed(run.path, None, None, worker))
    limits = ctx.graph.nodes[run.node].timeouts if not is_undo(run.path) else {}
    for name in ("start_to_close", "heartbeat"):
        if name in limits:
            ctx.emit(e.TimerStarted(f"{run.path}:{name}", ctx.now + limits[name]))


def _report_progress(ctx: Deciding, command: c.ReportProgress) -> None:
    run = _active(ctx, command.path, command.attempt)
    if run.progress is None or command.progress > run.progress:
        if ctx.graph.rules.signs_of_life_begin and ctx.graph.nodes[run.node].limits.report_start and not is_undo(run.path):
            _begin_attempt(ctx, run)
        ctx.emit(e.NodeProgressed(run.path, command.progress, command.detail))


def _record_step(ctx: Deciding, command: c.RecordStep) -> None:
    """A step that is recorded stays as it is. Nothing holds it up: it moves nothing on. Raises Rejected for one that may not be kept."""
    run = _active(ctx, command.path, command.attempt)
    known = run.steps or {}
    if (recorded := known.get(command.name)) is not None:
        if recorded != command.output:
            raise Rejected("step.differs", f"step {command.name!r} of {run.path} is recorded with another result")
        return
    if len(known) >= STEPS_MAX:
        raise Rejected("step.too_many", f"{run.path} has recorded {len(known)} steps, and {STEPS_MAX} are allowed")
    size = run.steps_bytes + len(command.name) + length_of(command.output)
    if size > STEPS_BYTES_MAX:
        raise Rejected("step.too_large", f"the steps of {run.path} take {size} bytes with {command.name!r}; {STEPS_BYTES_MAX} are allowed")
    ctx.emit(e.StepRecorded(run.path, run.attempt))


HANDLERS: Final[dict[type, Handler]] = {
    c.CompleteActivity: _complete_activity,
    c.FailActivity: _fail_activity,
    c.LoseActivity: _lose_activity,
    c.ReportStarted: _report_started,
    c.ReportProgress: _report_progress,
    c.RecordStep: _record_step,
}
