"""What a worker elsewhere reports about a task, as the command that it comes to."""

from __future__ import annotations

from msgspec import UNSET

from contracts.commands import Command, CompleteActivity, FailActivity, LoseActivity, ReportProgress, ReportStarted
from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.ports.lossy_channel import LossyChannel
from contracts.value_check import check
from contracts.values import decode, encode
from contracts.worker_protocol import Result
from workers.running.activity_error import ActivityError, failure_of
from workers.running.attempt import PROGRESS_EVERY_MS
from workers.running.memory_channel import tell_line, tell_progress
from workers.tasks.queue import LeasedTask
from workers.tasks.steps import step_of


def command_of(leased: LeasedTask, result: Result, now: int, output_bytes_max: int) -> Command | str | None:
    """The command for the owner; None where there is nothing to tell; a word where the result says nothing."""
    activity = leased.activity
    ended = ended_by(activity.path, activity.attempt, result, output_bytes_max)
    if ended is not None:
        return ended
    if result.step is not UNSET:
        return step_of(activity.path, activity.attempt, result.step, output_bytes_max)
    is_first = not leased.is_started
    leased.is_started = True
    if result.progress is not UNSET:
        return _progress(leased, result, now)
    if result.started:
        return ReportStarted(activity.path, activity.attempt, leased.worker) if is_first and activity.limits.report_start else None
    return "empty"


def command_instead(leased: LeasedTask, now: int) -> Command | None:
    """What is to be said for a worker that does not: its task is lost with its lease, or must have begun; None where there is nothing."""
    activity, limit = leased.activity, leased.activity.limits.start_to_close
    if leased.until <= now:
        return LoseActivity(activity.path, activity.attempt, leased.worker)
    if leased.is_started or limit is None or now - leased.taken_at < limit:
        return None
    leased.is_started, leased.seen_at = True, now
    return ReportStarted(activity.path, activity.attempt, leased.worker)


def ended_by(path: str, attempt: int, result: Result, output_bytes_max: int) -> CompleteActivity | FailActivity | LoseActivity | None:
    """How an attempt has ended by a result; None where it has not. An output that may not be a value is a failure."""
    if result.again:
        return LoseActivity(path, attempt, "", True)
    if result.output is not UNSET:
        return _completed(path, attempt, bytes(result.output), output_bytes_max)
    if result.error is not UNSET:
        error = result.error
        failure = failure_of(ActivityError(error.type or "error", error.message, details=error.details))
        return FailActivity(path, attempt, failure, error.retryable)
    return None


def _completed(path: str, attempt: int, output: bytes, most: int) -> CompleteActivity | FailActivity:
    if len(output) > most:
        failure = Failure("output.too_large", f"the output is {len(output)} bytes of JSON, {most} are allowed")
        return FailActivity(path, attempt, failure, retryable=False)
    try:
        return CompleteActivity(path, attempt, check(output))
    except InvalidInput as error:
        return FailActivity(path, attempt, Failure("output.invalid", f"the output: {error}"), retryable=False)


def detail_of(result: Result) -> bytes | None:
    """What was told beside the progress; what may not be a value is replaced by why it is not."""
    if result.detail is UNSET:
        return None
    try:
        return check(bytes(result.detail))
    except InvalidInput as error:
        return encode({"invalid": str(error)})


def pass_on(channel: LossyChannel | None, leased: LeasedTask, result: Result) -> None:
    """Tell those who listen of the progress and the log lines in a result, however often they come."""
    activity, progress = leased.activity, result.progress
    if channel is not None and result.log is not UNSET and channel.is_heard(activity.execution):
        for line in result.log:
            told_line = {"level": line.level, "message": line.message, "fields": {} if line.fields is UNSET else line.fields}
            tell_line(channel, activity.execution, activity.path, activity.attempt, told_line)
    if channel is None or progress is UNSET or (progress is None and result.detail is UNSET) or not channel.is_heard(activity.execution):
        return
    detail = detail_of(result)
    told = None if detail is None else decode(detail)
    tell_progress(channel, activity.execution, activity.path, activity.attempt, leased.progress if progress is None else progress, told)


def _progress(leased: LeasedTask, result: Result, now: int) -> Command | None:
    """Progress is passed on as seldom as that of the engine's own activities; every report is a sign of life."""
    progress, detail = result.progress, result.detail
    if progress is UNSET or (progress is None and detail is UNSET):
        return None
    is_last = progress is not None and progress >= 1 > leased.progress
    if progress is not None:
        leased.progress = progress
    if not is_last and leased.reported_at is not None and now - leased.reported_at < PROGRESS_EVERY_MS:
        return None
    leased.reported_at = now
    return ReportProgress(leased.activity.path, leased.activity.attempt, leased.progress, detail_of(result))
