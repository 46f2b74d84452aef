"""What a worker elsewhere reports about a task, as the command that it comes to."""

from __future__ import annotations

from msgspec import UNSET

from contracts.commands import Command, CompleteActivity, FailActivity, LoseActivity, ReportProgress, ReportStarted
from contracts.failure import Failure
from contracts.worker_protocol import Result
from workers.activity_error import ActivityError, failure_of
from workers.attempt import PROGRESS_EVERY_MS
from workers.remote_queue import Errand


def command_of(errand: Errand, result: Result, now: int, output_bytes_max: int) -> Command | str | None:
    """The command for the owner; None where there is nothing to tell; a word where the result says nothing."""
    activity = errand.activity
    if result.output is not UNSET:
        return _completed(errand, bytes(result.output), output_bytes_max)
    if result.error is not UNSET:
        error = result.error
        failure = failure_of(ActivityError(error.type or "error", error.message, details=error.details))
        return FailActivity(activity.path, activity.attempt, failure, error.retryable)
    is_first = not errand.is_started
    errand.is_started = True
    if result.progress is not UNSET:
        return _progress(errand, result, now)
    if result.started:
        return ReportStarted(activity.path, activity.attempt, errand.worker) if is_first and activity.limits.report_start else None
    return "empty"


def command_instead(errand: Errand, now: int) -> Command | None:
    """What is to be said for a worker that does not: its task is lost with its lease, or must have begun; None where there is nothing."""
    activity, limit = errand.activity, errand.activity.limits.start_to_close
    if errand.until <= now:
        return LoseActivity(activity.path, activity.attempt, errand.worker)
    if errand.is_started or limit is None or now - errand.taken_at < limit:
        return None
    errand.is_started, errand.seen_at = True, now
    return ReportStarted(activity.path, activity.attempt, errand.worker)


def _completed(errand: Errand, output: bytes, most: int) -> Command:
    activity = errand.activity
    if len(output) <= most:
        return CompleteActivity(activity.path, activity.attempt, output)
    failure = Failure("output.too_large", f"the output is {len(output)} bytes of JSON, {most} are allowed")
    return FailActivity(activity.path, activity.attempt, failure, retryable=False)


def _progress(errand: Errand, result: Result, now: int) -> Command | None:
    """Progress is passed on as seldom as that of the engine's own activities; every report is a sign of life."""
    progress, detail = result.progress, result.detail
    if progress is UNSET or (progress is None and detail is UNSET):
        return None
    is_last = progress is not None and progress >= 1 > errand.progress
    if not is_last and errand.reported_at is not None and now - errand.reported_at < PROGRESS_EVERY_MS:
        return None
    errand.reported_at, errand.progress = now, progress or 0.0
    told = None if detail is UNSET else bytes(detail)
    return ReportProgress(errand.activity.path, errand.activity.attempt, errand.progress, told)
