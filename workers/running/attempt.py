"""An attempt in hand: what a running activity knows and may do, and what its worker notes about it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from contracts.commands import ReportProgress, RunActivity
from contracts.ids import idempotency_key
from contracts.ports.activities import Report
from contracts.ports.clock import Clock
from contracts.values import written
from workers.running.activity_error import Cancelled
from workers.running.alarms import Alarm

PROGRESS_EVERY_MS: Final = 1_000
"""Progress is reported at most this often; the first and the last always are."""

_log = logging.getLogger("refold.activity")
_lock = threading.Lock()
"""Guards the cancellation of all attempts: it is held for a moment only, and a lock each would cost more."""


class Attempt:
    """An `ActivityContext`, see there."""

    __slots__ = ("_clock", "_progress", "_report", "_reported_at", "_stops", "activity", "is_cancelled", "limit", "seen_at")

    def __init__(self, activity: RunActivity, report: Report, clock: Clock) -> None:
        self.activity = activity
        self.is_cancelled = False
        self.seen_at: int | None = None
        """The last sign of life; None while it waits."""
        self.limit: Alarm | None = None
        self._report = report
        self._clock = clock
        self._stops: list[Callable[[], None]] = []
        self._progress = 0.0
        self._reported_at: int | None = None

    @property
    def execution(self) -> str:
        """See ActivityContext."""
        return self.activity.execution

    @property
    def path(self) -> str:
        """See ActivityContext."""
        return self.activity.path

    @property
    def attempt(self) -> int:
        """See ActivityContext."""
        return self.activity.attempt

    @property
    def idempotency_key(self) -> str:
        """See ActivityContext."""
        return idempotency_key(self.activity.execution, self.activity.path)

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """See ActivityContext. Without progress and detail it is a sign of life and reports nothing."""
        if self.is_cancelled:
            raise Cancelled
        now = self._clock.now()
        self.seen_at = now
        if progress is None and detail is None:
            return
        is_first_or_last = self._reported_at is None or (progress is not None and progress >= 1 > self._progress)
        if progress is not None:
            self._progress = min(1.0, max(0.0, progress))
        if is_first_or_last or now - (self._reported_at or 0) >= PROGRESS_EVERY_MS:
            self._reported_at = now
            told = None if detail is None else written(detail)
            self._report(self.execution, ReportProgress(self.path, self.attempt, self._progress, told))

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """See ActivityContext."""
        with _lock:
            if not self.is_cancelled:
                self._stops.append(stop)
                return
        _call(stop)

    def cancel(self) -> None:
        """Say that nobody waits any more, and stop what asked to be stopped."""
        with _lock:
            self.is_cancelled = True
            stops, self._stops = self._stops, []
        for stop in stops:
            _call(stop)


def _call(stop: Callable[[], None]) -> None:
    try:
        stop()
    except Exception:
        _log.exception("what an activity does on cancel failed")
