"""How far the read models of each partition go, and who waits for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Final

ASK_EVERY_S: Final = 0.2
"""The projector is asked so often while somebody waits: nobody else may tell it of what others have written."""


class Progress:
    """All methods belong to the event loop's thread. `ask` makes the projector look at a partition."""

    def __init__(self, ask: Callable[[int], None]) -> None:
        self._ask = ask
        self._offsets: dict[int, int] = {}
        self._waiting: defaultdict[int, list[tuple[int, asyncio.Future[None]]]] = defaultdict(list)

    def of(self, partition: int) -> int:
        """The offset up to which the read models of a partition go, as far as is known."""
        return self._offsets.get(partition, 0)

    def is_waited_for(self, partition: int) -> bool:
        """Whether anybody waits for a partition."""
        return bool(self._waiting[partition])

    def note(self, partition: int, offset: int) -> None:
        """The read models of a partition go up to here; after a rebuild that may be less than before."""
        self._offsets[partition] = offset
        waiting = self._waiting[partition]
        for wanted, future in waiting:
            if wanted <= offset and not future.done():
                future.set_result(None)
        self._waiting[partition] = [one for one in waiting if not one[1].done()]

    async def reach(self, partition: int, offset: int, timeout_s: float) -> None:
        """Wait until the read models of a partition go up to an offset. Raises TimeoutError."""
        if self.of(partition) >= offset:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[partition].append((offset, future))
        try:
            async with asyncio.timeout(timeout_s):
                while not future.done():
                    self._ask(partition)
                    await asyncio.wait({future}, timeout=ASK_EVERY_S)
        finally:
            future.cancel()
