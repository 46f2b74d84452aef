"""What a feed has done beside it in a process with an event loop: reading in another thread, everything else in the loop's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from contracts.journal import Checkpoint
from contracts.ports.feed import Selector
from workers.reading.backlog import Backlog, Piece

LATER_S: Final = 0.5
"""So long after a failure it is tried again."""


class LoopBeside:
    """See `workers.reading.owner_feed.Beside`. `pool` has the one thread that uses the backlog."""

    def __init__(self, backlog: Backlog, pool: Executor) -> None:
        self._backlog, self._pool = backlog, pool
        self._loop = asyncio.get_running_loop()

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        """Read in the thread."""

        def arrived(future: asyncio.Future[Piece]) -> None:
            if not future.cancelled():
                error = future.exception()
                assert error is None or isinstance(error, Exception)
                then(future.result() if error is None else error)

        future = self._loop.run_in_executor(self._pool, self._backlog.read, partition, start, end, selector)
        future.add_done_callback(arrived)

    def soon(self, do: Callable[[], None]) -> None:
        """Do it when this turn of the loop is over."""
        self._loop.call_soon(do)

    def later(self, do: Callable[[], None]) -> None:
        """Do it in a moment."""
        self._loop.call_later(LATER_S, do)
