"""Trials: the attempts that try by a circuit breaker end, and it hears how."""

from __future__ import annotations

from contracts.events import FailureCounted, TrialEnded
from domain.execution.deciding import Deciding
from domain.execution.state import NodeRun


def note_success(ctx: Deciding, run: NodeRun) -> None:
    """The attempt is about to end well: if it tries by a breaker, that hears of it."""
    trial = ctx.state.trials.get(run.path)
    if trial is not None:
        ctx.emit(TrialEnded(run.path, run.attempt, trial.breaker, "succeeded"))


def note_failure(ctx: Deciding, run: NodeRun, breakers: tuple[str, ...]) -> None:
    """The attempt is about to fail, which counts for these breakers; for another one that it tries by it does not: that is no failure."""
    trial = ctx.state.trials.get(run.path)
    if trial is not None:
        ctx.emit(TrialEnded(run.path, run.attempt, trial.breaker, "failed" if trial.breaker in breakers else "succeeded"))
    if breakers:
        ctx.emit(FailureCounted(run.path, run.attempt, breakers))


def end_trials(ctx: Deciding) -> None:
    """What became of the attempts in this decision: those that are gone without a result have tried nothing."""
    if ctx.state.ended_at:
        return
    for path, trial in list(ctx.state.trials.items()):
        run = ctx.state.runs.get(path)
        if run is None or run.attempt != trial.attempt or run.status != "active":
            ctx.emit(TrialEnded(path, trial.attempt, trial.breaker, "abandoned"))
