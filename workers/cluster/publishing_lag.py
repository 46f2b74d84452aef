"""How far public events lag behind the partitions that are owned here, whoever publishes them, or nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from contracts.errors import LogError
from contracts.ports.event_topic import EventTopic

LOOK_EVERY_S: Final = 5.0

_log = logging.getLogger("refold.publisher")


class PublishingLag:
    """Lives in the event loop. `positions` says by partition that is owned here where its journal ends."""

    def __init__(self, topic: EventTopic, positions: Callable[[], Mapping[int, int]]) -> None:
        self._topic, self._positions = topic, positions
        self._committed: dict[int, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look now and then."""
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            try:
                self._committed |= await self._topic.committed(sorted(self._positions()))
            except LogError as error:
                _log.debug("how far public events are is not known: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    @property
    def records(self) -> int | None:
        """The records of the journals that are owned here and not published; None where nobody has ever published any."""
        positions = self._positions()
        known = [max(0, positions[partition] - self._committed[partition]) for partition in positions if partition in self._committed]
        return sum(known) if known else None

    async def published(self, partition: int) -> int | None:
        """The offset up to which the events of a partition are written; None where nobody has ever published any. Raises LogError."""
        return (await self._topic.committed([partition])).get(partition)

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._topic.close()
