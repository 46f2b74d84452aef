"""The driver: moves an engine inside an event loop, by callbacks alone. No task and no future stands between a command and its round.

    submit ─► wake ─► (end of the loop's turn) move: one round ─► wake again while there was something to do, else a timer for what is due
       ▲
    worker threads (call_soon_threadsafe)

What comes in during one turn of the loop is one round, so batches come by themselves.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final

from infra.server.engine import Engine

SLEEP_MAX_S: Final = 60.0
"""How long it sleeps where nothing is to come due."""
LOOK_EVERY_S: Final = 1.0
"""How long it sleeps where something is: the clock may be set ahead meanwhile, and nobody would say so."""
SLEEP_MIN_S: Final = 0.001


class LoopWake(threading.Event):
    """Calls `wake` in the loop's thread when it is set from any thread; many times before it is cleared is once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.wake: Callable[[], None] = lambda: None

    def set(self) -> None:
        """Wake it. After the loop has ended there is nobody to wake."""
        if not self.is_set():
            super().set()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        self.wake()


class Driver:
    """Moves an engine whenever there is something to do. All methods belong to the loop's thread.

    `failed` gets what the engine raises: a bug, or a broken log.
    """

    def __init__(self, engine: Engine, wake: LoopWake) -> None:
        self._engine, self._wake = engine, wake
        self._loop = asyncio.get_running_loop()
        self._is_due = self._is_stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0
        self.failed: asyncio.Future[None] = self._loop.create_future()
        wake.wake = self.wake

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
        if self._is_stopped:
            return
        self._is_due = False
        self._wake.clear()
        try:
            worked = self._engine.step()
        except Exception as error:
            self.fail(error)
            return
        if worked:
            self.wake()
        elif not self._is_due:
            self._sleep()

    def _sleep(self) -> None:
        """Until something is due. The timer that is armed already serves unless something is due earlier."""
        now = self._engine.clock.now()
        due = self._engine.next_due()
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
