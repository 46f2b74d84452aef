"""An event loop in a thread of its own, so that a synchronous log can use an asynchronous client."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")
STANDS_STILL: Final = "the event loop stands still while it waits for the log"
_log = logging.getLogger("refold.log")
STOP_TIMEOUT_S: Final = 5.0


class LoopThread:
    """Runs coroutines for whoever waits for them. The thread ends with `stop`, or with the process."""

    def __init__(self) -> None:
        self._loop = _new_event_loop()
        self._kept_out: int | None = None
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what a coroutine answers. It has to have a deadline of its own."""
        if threading.get_ident() == self._kept_out:
            _log.error(STANDS_STILL, stack_info=True)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def keep_out(self) -> None:
        """From now on it is a mistake to wait in this thread."""
        self._kept_out = threading.get_ident()

    def let_in(self) -> None:
        """At the end everybody may wait."""
        self._kept_out = None

    def stop(self) -> None:
        """End the loop and all that still runs in it."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(STOP_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_TIMEOUT_S)


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """The faster loop, where the system has it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _cancel_all() -> None:
    """What was given up is cancelled, and waited for only so long: a client may not let itself be cancelled."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S / 2)
