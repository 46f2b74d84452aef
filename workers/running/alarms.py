"""Alarms: functions that are called after a while, all from one thread, started with the first of them.

Activities use them for their time limits and for heartbeats while they wait on something that cannot be interrupted
from within. What is called must be quick: it closes, kills or notes something.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

CANCELLED_MAX: Final = 1_000
"""So many cancelled alarms may stay in the heap before it is cleared of them."""

_log = logging.getLogger("refold.alarms")


class Alarm:
    """A call that is to come. `cancel` forgets it; one that has been made already is not undone."""

    __slots__ = ("_alarms", "_call")

    def __init__(self, alarms: Alarms, call: Callable[[], None]) -> None:
        self._alarms = alarms
        self._call: Callable[[], None] | None = call

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing will be called any more."""
        return self._call is None

    def cancel(self) -> None:
        """Forget the call."""
        if self._call is not None:
            self._call = None
            self._alarms._note_cancelled()

    def ring(self) -> None:
        """Make the call, once. What it raises is logged: one alarm never harms another."""
        call, self._call = self._call, None
        if call is None:
            return
        try:
            call()
        except Exception:
            _log.exception("an alarm's call failed")


class Alarms:
    """The alarms of a process and the thread that rings them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Call the function once, so many seconds from now."""
        alarm = Alarm(self, call)
        with self._changed:
            entry = (time.monotonic() + seconds, next(self._numbers), alarm)
            heapq.heappush(self._heap, entry)
            self._start_thread()
            if self._heap[0] is entry:
                self._changed.notify()
        return alarm

    def _start_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._ring_forever, name="refold-alarms", daemon=True)
            self._thread.start()

    def _note_cancelled(self) -> None:
        with self._changed:
            self._cancelled += 1
            if self._cancelled > CANCELLED_MAX:
                self._heap = [entry for entry in self._heap if not entry[2].is_cancelled]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def _ring_forever(self) -> None:
        while True:
            self._next().ring()

    def _next(self) -> Alarm:
        with self._changed:
            while True:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)


ALARMS: Final = Alarms()
"""The alarms of this process."""
