"""What a worker has in hand: runs it, plain functions on the pool and `async` ones on the loop, and keeps what there is to report.

Outcomes are collected in a list, and the loop is woken once for all that came in the meantime.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from refold.errors import ActivityError, Cancelled
from refold.json_values import dumps, loads, output
from refold.worker.activities import Activity, ActivityContext, within
from refold.worker.cancellation import cause_of_end
from refold.worker.pool import Pool
from refold.worker.raised import told
from refold.worker.steps import Step, error_of
from refold.worker.task_in_hand import TaskInHand

LINES_MAX: Final = 100
"""So many lines of a log wait to be told for each task; the oldest make room."""
PROGRESS_EVERY_S: Final = 1.0
"""Progress and signs of life are sent at most this often; the first and the last always are."""

_log = logging.getLogger("refold.worker")


class InHand:
    """What a worker has in hand. All methods but `tell` are for the loop's thread; `on_gone` is told of what is not in hand any more."""

    def __init__(
        self,
        activities: dict[str, Activity[..., Any]],
        threads_max: int,
        loop: asyncio.AbstractEventLoop,
        on_gone: Callable[[TaskInHand], None] = lambda one: None,
    ) -> None:
        self._activities, self._loop, self._on_gone = activities, loop, on_gone
        self.tasks: dict[str, TaskInHand] = {}
        self.has_news = asyncio.Event()
        self.tells_lines = True
        """Whether anybody there can hear what logs say."""
        self._news: deque[TaskInHand] = deque()
        self._pool: Pool[TaskInHand] = Pool("activity", threads_max, self._attend)
        self._owed = 0
        self._outcomes: list[tuple[TaskInHand, bytes | None]] = []
        self._is_woken = False
        self._lock = threading.Lock()

    def begin(self, content: dict[str, Any]) -> None:
        """Take a task in; one that is in hand already is left alone."""
        if content["task"] in self.tasks:
            return
        activity = self._activities.get(content["kind"])
        is_async = activity is not None and activity.is_async
        one = TaskInHand(content, activity, ActivityContext(content, self.tell, self.tell_line, self.record, is_async))
        self.tasks[one.task] = one
        if activity is not None and activity.is_async:
            one.handle = self._loop.create_task(self._run_async(one, activity))
            return
        self._owed += 1
        self._pool.add(one)

    @property
    def running(self) -> list[str]:
        """The tasks that are the worker's: all in hand but those that nobody waits for any more."""
        return [task for task, one in self.tasks.items() if not one.context.is_cancelled]

    @property
    def owed(self) -> int:
        """How many plain functions run or wait for a thread."""
        return self._owed

    # Running.

    def _attend(self, one: TaskInHand) -> None:
        """In a thread of the pool."""
        outcome = None
        if not one.context.is_cancelled:
            self._note_start(one)
            outcome = self._run(one)
        with self._lock:
            self._outcomes.append((one, outcome))
            must_wake, self._is_woken = not self._is_woken, True
        if must_wake:
            self._wake(self._collect)

    def _wake(self, function: Any, *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: the worker has been stopped, and its server gives the task to another one
            _log.debug("an outcome came after the end")

    def _note_start(self, one: TaskInHand) -> None:
        one.is_begun, one.begun_at = True, time.monotonic()
        if one.content.get("report_start"):
            one.must_tell_start = True
            self._wake(self._list, one)

    def _run(self, one: TaskInHand) -> bytes | None:
        try:
            if one.activity is None:
                raise ActivityError("activity.unknown", f"this worker has no activity {one.content['kind']}", retryable=False)
            content = one.content
            with within(one.context):
                return _ended(one, _completed(one, one.activity.run(content["input"], content["config"], one.context)))
        except BaseException as error:  # SystemExit and its like: an activity must not end the worker
            return _ended(one, _failed(one, error))

    async def _run_async(self, one: TaskInHand, activity: Activity[..., Any]) -> None:
        one.is_begun, one.begun_at = True, time.monotonic()
        outcome: bytes | None = None
        try:
            if one.content.get("report_start"):
                one.must_tell_start = True
                self._list(one)
            content = one.content
            with within(one.context):
                outcome = _completed(one, await activity.run(content["input"], content["config"], one.context))
        except asyncio.CancelledError as error:
            outcome = None if one.context.is_cancelled else _failed(one, error)
        except BaseException as error:
            outcome = _failed(one, error)
        self._end(one, _ended(one, outcome))

    def _collect(self) -> None:
        """Take over what the threads have done since."""
        with self._lock:
            outcomes, self._outcomes, self._is_woken = self._outcomes, [], False
        self._owed -= len(outcomes)
        for one, outcome in outcomes:
            self._end(one, outcome)

    def _end(self, one: TaskInHand, outcome: bytes | None) -> None:
        """It has ended; without an outcome it was cancelled, and nobody wants to hear of it."""
        if self.tasks.get(one.task) is not one:
            return
        if outcome is None or one.context.is_cancelled:
            self.let_go(one)
            return
        one.outcome = outcome
        self._list(one)

    # Reporting.

    def tell(self, task: str, progress: float | None, detail: Any) -> None:
        """An activity is alive, and so far. Only the latest word is sent. Safe to call from any thread."""
        known = loads(dumps(detail))  # as it is now; what cannot be told is the activity's own mistake, and shows where it was made
        self._wake(self._note_progress, task, progress, known)

    def tell_line(self, task: str, line: dict[str, Any]) -> None:
        """A line of its log. The last hundred since they were sent are kept. Safe to call from any thread."""
        if self.tells_lines:
            try:
                known = loads(dumps(line))
            except (TypeError, ValueError):
                known = {**line, "fields": {name: repr(value) for name, value in line["fields"].items()}}
            self._wake(self._note_line, task, known)

    def record(self, task: str, step: Step) -> None:
        """An activity has done a step: it is settled once that is durable. Safe to call from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._note_step, task, step)
        except RuntimeError:  # the loop is closed: the worker has been stopped
            step.settle(Cancelled())

    def _note_step(self, task: str, step: Step) -> None:
        one = self.tasks.get(task)
        if one is None or one.outcome is not None or one.context.is_cancelled:
            step.settle(Cancelled())
            return
        one.steps = one.steps or deque()
        one.steps.append(step)
        self._list(one)

    def _note_line(self, task: str, line: dict[str, Any]) -> None:
        one = self.tasks.get(task)
        if one is not None and one.outcome is None:
            one.lines = one.lines or deque(maxlen=LINES_MAX)
            one.lines.append(line)
            self._list_soon(one, self._loop.time())

    def _list_soon(self, one: TaskInHand, now: float) -> None:
        """At once, unless something was told a moment ago."""
        if one.told_at is None or now - one.told_at >= PROGRESS_EVERY_S:
            one.told_at = now
            self._list(one)
        elif not one.is_listed:
            self._loop.call_at(one.told_at + PROGRESS_EVERY_S, self._list, one)

    def _note_progress(self, task: str, progress: float | None, detail: Any) -> None:
        one = self.tasks.get(task)
        if one is None or one.outcome is not None:
            return
        latest = one.progress or {}
        one.progress = {"progress": latest.get("progress") if progress is None else progress}
        if detail is not None or "detail" in latest:
            one.progress["detail"] = latest.get("detail") if detail is None else detail
        now = self._loop.time()
        if progress is not None and progress >= 1:
            one.told_at = now
            self._list(one)
        else:
            self._list_soon(one, now)

    def _list(self, one: TaskInHand) -> None:
        if not one.is_listed and self.tasks.get(one.task) is one:
            one.is_listed = True
            self._news.append(one)
            self.has_news.set()

    def next_news(self) -> TaskInHand | None:
        """The next task of which there is something to report."""
        while self._news:
            one = self._news.popleft()
            one.is_listed = False
            if self.tasks.get(one.task) is one:
                return one
        self.has_news.clear()
        return None

    def tell_again(self, batch: list[TaskInHand]) -> None:
        """These were not acknowledged: that they began and how they ended is reported again; progress is old by then."""
        for one in batch:
            if one.outcome is not None or one.must_tell_start or one.steps:
                self._list(one)

    def recorded(self, batch: list[TaskInHand], refused: Mapping[str, str] = MappingProxyType({})) -> None:
        """The steps of these that were told are durable, but for those of tasks that were refused; whom nobody waits for is stopped."""
        for one in batch:
            if not one.steps:
                continue
            error = error_of(refused[one.task]) if one.task in refused else None
            if isinstance(error, Cancelled):
                self.cancel(one.task)
                continue
            one.settle_steps(error)
            if one.steps:
                self._list(one)

    def tell_start(self, one: TaskInHand) -> None:
        """Report that it has begun, though nobody asked."""
        one.must_tell_start = True
        self._list(one)

    def fail_as_too_large(self, one: TaskInHand, most: str = "the server takes in one request") -> None:
        """What there is to report of it alone is more than can be told: that is how it ended."""
        one.settle_steps(ActivityError("step.too_large", f"its result is more than {most}", retryable=False))
        if one.outcome is not None:
            message = f"what it gave is {len(one.outcome)} bytes, more than {most}"
            one.outcome = _failed(one, ActivityError("output.too_large", message, retryable=False))

    # Letting go.

    def let_go(self, one: TaskInHand) -> None:
        """It is not in hand any more."""
        if self.tasks.get(one.task) is one:
            del self.tasks[one.task]
            one.drop_steps()
            self._on_gone(one)

    def cancel(self, task: str) -> None:
        """Nobody waits for it any more: tell the function, and forget what waits or has ended."""
        one = self.tasks.get(task)
        if one is None or one.context.is_cancelled:
            return
        one.context.cancel()
        one.drop_steps()
        if one.handle is not None:
            one.handle.cancel()
        if one.outcome is not None or not one.is_begun:
            self.let_go(one)

    def hand_back(self) -> None:
        """Drop what has not begun; the next poll does not name it any more, and the server gives it to another worker."""
        for one in [one for one in self.tasks.values() if not one.is_begun and one.handle is None]:
            one.is_handed_back = True
            one.context.cancel()
            self.let_go(one)

    def cancel_all(self) -> None:
        """The time to stop is over."""
        for task, one in list(self.tasks.items()):
            one.is_handed_back = True
            self.cancel(task)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.close()


def _ended(one: TaskInHand, outcome: bytes | None) -> bytes | None:
    """How it ended; whatever it says itself, if it was given up."""
    return b'{"task":%s,"again":true}' % dumps(one.task) if one.context.is_given_up else outcome


def _completed(one: TaskInHand, value: Any) -> bytes:
    return b'{"task":%s,"output":%s}' % (dumps(one.task), output(value))


def _failed(one: TaskInHand, raised: BaseException) -> bytes | None:
    """How it failed; never raises."""
    error = cause_of_end(raised, one.context)
    if error is None:
        return None
    said = told(error)
    _tell(one, error, f"{said.type}: {said.message}")
    failure = {"type": said.type, "message": said.message, "retryable": said.is_retryable}
    if said.details is not None:
        failure["details"] = said.details
    return dumps({"task": one.task, "error": failure})


def _tell(one: TaskInHand, error: BaseException, said: str) -> None:
    """Log that it raised, and where, unless it says itself what went wrong."""
    context = one.context
    is_said = isinstance(error, ActivityError) and error.__cause__ is None
    with suppress(Exception):  # whatever the program's own handlers do
        _log.warning("%s raised %s", context.kind, said, extra=context.about(), exc_info=None if is_said else error)
