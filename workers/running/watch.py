"""A watch over something that blocks: it keeps the heartbeat going and ends the waiting on cancel and at the time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from contracts.ports.activities import ActivityContext
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.alarms import ALARMS, Alarm

HEARTBEAT_S: Final = 1.0


class Watch:
    """While the `with` block runs, `stop` is called (from another thread, at most once) when the activity is cancelled
    or the time is up; never after the block has ended. Whoever was stopped asks `is_late` and the context why.
    """

    def __init__(self, context: ActivityContext, seconds: float, stop: Callable[[], None]) -> None:
        self._context = context
        self._seconds = seconds
        self._stop: Callable[[], None] | None = stop
        self._lock = threading.Lock()
        self._limit: Alarm | None = None
        self._heartbeat: Alarm | None = None
        self.is_late = False

    def __enter__(self) -> Watch:
        self._limit = ALARMS.after(self._seconds, self._end_late)
        self._heartbeat = ALARMS.after(HEARTBEAT_S, self._beat)
        self._context.on_cancel(self._end)
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._stop = None
        for alarm in (self._limit, self._heartbeat):
            if alarm is not None:
                alarm.cancel()

    def _end_late(self) -> None:
        with self._lock:
            self.is_late = self._stop is not None
        self._end()

    def _end(self) -> None:
        with self._lock:
            stop, self._stop = self._stop, None
            if stop is not None:
                stop()

    def _beat(self) -> None:
        try:
            self._context.heartbeat()
        except Cancelled:
            return
        with self._lock:
            if self._stop is not None:
                self._heartbeat = ALARMS.after(HEARTBEAT_S, self._beat)


def seconds_of(duration: str, field: str) -> float:
    """The seconds of a duration in a config. Raises ActivityError `input.invalid` that names the field."""
    from domain.expressions import parse_duration

    try:
        return parse_duration(duration) / 1000
    except ValueError as error:
        raise ActivityError("input.invalid", f"config.{field}: {error}", retryable=False) from None
