"""The driver: moves an engine inside an event loop, by callbacks alone. No task and no future stands between a command and its round.

    submit ─► wake ─► (end of the loop's turn) move: one round ─► wake again while there was something to do, else a timer for what is due
       ▲
    worker threads (set)

What comes in during one turn of the loop is one round, so batches come by themselves.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Final, Protocol

from contracts.ports.clock import Clock

SLEEP_MAX_S: Final = 60.0
"""How long it sleeps where nothing is to come due."""
LOOK_EVERY_S: Final = 1.0
"""How long it sleeps where something is: the clock may be set ahead meanwhile, and nobody would say so."""
SLEEP_MIN_S: Final = 0.001


class Moved(Protocol):
    """What is moved by steps."""

    def step(self) -> bool:
        """Do what can be done now; True when anything was done."""

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""


class Driver(threading.Event):
    """Wakes from the loop's thread by `wake`, from any other by `set`; many times before the next move is once.

    What comes in before `start` is moved then. `failed` gets what a step raises: a bug, or a broken log.
    """

    def __init__(self, clock: Clock, failed: asyncio.Future[None]) -> None:
        super().__init__()
        self._clock, self.failed = clock, failed
        self._loop = asyncio.get_running_loop()
        self._moved: Moved | None = None
        self._is_due = self._is_stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0

    def start(self, moved: Moved) -> None:
        """Move this from now on."""
        self._moved, self._is_due = moved, False
        self.wake()

    def set(self) -> None:
        """Wake it. After the loop has ended there is nobody to wake."""
        if not self.is_set():
            super().set()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.wake)

    def wake(self) -> None:
        """There is something to do; many times in one turn of the loop is once."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._move)

    def fail(self, error: Exception) -> None:
        """Move it no more, because of this."""
        self.stop()
        if not self.failed.done():
            self.failed.set_exception(error)

    def stop(self) -> None:
        """Move it no more."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _move(self) -> None:
        if self._is_stopped or self._moved is None:
            return
        self._is_due = False
        self.clear()
        try:
            worked = self._moved.step()
        except Exception as error:
            self.fail(error)
            return
        if worked:
            self.wake()
        elif not self._is_due:
            self._sleep(self._moved)

    def _sleep(self, moved: Moved) -> None:
        """Until something is due. The timer that is armed already serves unless something is due earlier."""
        now = self._clock.now()
        due = moved.next_due()
        at = now + round(SLEEP_MAX_S * 1000) if due is None else min(due, now + round(LOOK_EVERY_S * 1000))
        if self._timer is not None:
            if now < self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(SLEEP_MIN_S, (at - now) / 1000), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.wake()
