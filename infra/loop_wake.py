"""Waking what waits in an event loop, from any thread."""

from __future__ import annotations

import asyncio
import threading


class LoopWake(threading.Event):
    """Wakes what waits in an event loop, from any thread; many times before it looks is once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.event = asyncio.Event()

    def set(self) -> None:
        """Wake it. After the loop has ended there is nobody to wake."""
        if not self.is_set():
            super().set()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.event.set)

    def clear(self) -> None:
        """From here on it is to be woken again."""
        super().clear()
        self.event.clear()
