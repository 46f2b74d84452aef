"""Whether somebody still waits for an activity, what is to be stopped when nobody does, and how it ends then: in every worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from refold.errors import ActivityError, Cancelled

_log = logging.getLogger("refold.activity")
_lock = threading.Lock()
"""Guards all cancellations: it is held for a moment only, and a lock each would cost more."""


class Cancellation:
    """Safe to use from any thread."""

    __slots__ = ("_is_cancelled", "_stops")

    def __init__(self) -> None:
        self._is_cancelled = False
        self._stops: list[Callable[[], object]] = []

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self._is_cancelled

    def on_cancel(self, stop: Callable[[], object]) -> None:
        """Call `stop`, in another thread, when the activity is cancelled; at once if it is already."""
        with _lock:
            if not self._is_cancelled:
                self._stops.append(stop)
                return
        self._call(stop)

    def cancel(self) -> None:
        """Say that nobody waits any more, and stop what asked to be stopped. For the worker."""
        with _lock:
            self._is_cancelled = True
            stops, self._stops = self._stops, []
        for stop in stops:
            self._call(stop)

    def _call(self, stop: Callable[[], object]) -> None:
        try:
            stop()
        except Exception:
            _log.exception("what an activity does on cancel failed", extra=self.about())

    def about(self) -> dict[str, Any]:
        """What a line of the log says about it."""
        return {}


def cause_of_end(error: BaseException, cancellation: Cancellation) -> BaseException | None:
    """What an activity that raised has failed with; None where it stopped because it was cancelled."""
    if not isinstance(error, Cancelled):
        return error
    if cancellation.is_cancelled:
        return None
    return ActivityError("cancelled", "the activity stopped by itself as if it were cancelled", retryable=False)
