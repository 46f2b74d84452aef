"""A work as a function of the RAG process sees it: what it is given, whether anybody still waits, how far it is, and the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Nobody waits for what was being done."""


class Task:
    """One work in hand. It is done in a thread; what is asked over the network is asked in the loop of the process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[float], None]) -> None:
        self._loop, self._tell = loop, tell
        self._stopped = threading.Event()
        self._asking: asyncio.Future[Any] | None = None

    def stop(self) -> None:
        """Nobody waits any more. Called in the loop."""
        self._stopped.set()
        if self._asking is not None:
            self._asking.cancel()

    def go_on(self, share: float | None = None) -> None:
        """Between two pieces of the work: tell how far it is (0 … 1). Raises Stopped."""
        if self._stopped.is_set():
            raise Stopped
        if share is not None:
            self._loop.call_soon_threadsafe(self._tell, min(max(share, 0.0), 1.0))

    def ask(self, asked: Coroutine[Any, Any, T]) -> T:
        """Wait for what is asked in the loop. Raises Stopped, and what it raises."""

        async def watched() -> T:
            self._asking = asyncio.ensure_future(asked)
            if self._stopped.is_set():
                self._asking.cancel()
            found: T = await self._asking
            return found

        try:
            return asyncio.run_coroutine_threadsafe(watched(), self._loop).result()
        except (asyncio.CancelledError, TimeoutError):
            self.go_on()
            raise
        finally:
            self._asking = None
