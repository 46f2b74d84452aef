"""The thread for what takes long, reading and folding; it has connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class ReadThread:
    """One at a time is read, in the order in which they were asked for. All methods belong to the event loop's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.pool = ThreadPoolExecutor(1, "refold-reading")

    def run(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        """Read there."""
        return self._loop.run_in_executor(self.pool, read, *arguments)

    def close(self) -> None:
        """What is read ends; what waits is not read any more."""
        self.pool.shutdown(wait=True, cancel_futures=True)
