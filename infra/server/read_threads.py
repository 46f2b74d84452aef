"""The threads that read: a list does not wait until somebody's long history has been folded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from workers.reading.courtesy import Courtesy

T = TypeVar("T")


class ReadThreads:
    """One for lists, one for all that reads the journal. In each, one at a time is read, in the order in which they were asked for.

    All methods belong to the event loop's thread.
    """

    def __init__(self, courtesy: Courtesy | None = None) -> None:
        self._courtesy = courtesy or Courtesy()
        self._loop = asyncio.get_running_loop()
        self.pool = ThreadPoolExecutor(1, "refold-reading")
        self._lists = ThreadPoolExecutor(1, "refold-lists")

    def run(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        """Read in the journal, and fold."""
        return self._loop.run_in_executor(self.pool, read, *arguments)

    def run_list(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        """Read nothing but rows: see `PartitionedReader`."""
        self._courtesy.come()
        future = self._loop.run_in_executor(self._lists, read, *arguments)
        future.add_done_callback(lambda _: self._courtesy.go())
        return future

    def close(self) -> None:
        """What is read ends; what waits is not read any more."""
        for pool in (self.pool, self._lists):
            pool.shutdown(wait=True, cancel_futures=True)
