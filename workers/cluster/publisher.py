"""The publisher: writes the public events of the partitions that fall to this process, and says how far it is.

    members ─► the partitions that are ours ─► a PartitionPublisher each ─► checkpoints, once a second

Who has the role publishes what it owns, and its part of what those own who have it not. Two may publish one partition for a moment:
then events are there twice. A takeover begins at the checkpoint.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from contracts.errors import LogError
from contracts.ports.event_topic import EventTopic
from contracts.ports.feed import Feed
from workers.cluster.members import Members
from workers.cluster.projection_share import projected_by
from workers.reading.partition_publisher import Fail, PartitionPublisher, Present

PUBLISHER: Final = "publisher"
LOOK_EVERY_S: Final = 0.5
SAVE_EVERY: Final = 2
"""Checkpoints are saved with every second look."""
SAVE_ANYWAY: Final = 3600
"""So many looks after which they are saved also where nothing has changed: a broker forgets them after a while."""

_log = logging.getLogger("refold.publisher")


class Publisher:
    """Lives in the event loop. `partitions` says how many the log has, `present` makes the records of a decision.

    `fail` hears of what ends it.
    """

    def __init__(
        self,
        members: Members,
        feed: Feed,
        topic: EventTopic,
        present: Present,
        partitions: Callable[[], int],
        fail: Fail,
    ) -> None:
        self._members, self._feed, self._topic, self._present, self._partitions = members, feed, topic, present, partitions
        self._fail = fail
        self._publishing: dict[int, PartitionPublisher] = {}
        self._saved: dict[int, int] = {}
        self._known_partitions = 0
        self._task: asyncio.Task[None] | None = None
        self._is_late = False

    def start(self) -> None:
        """Publish from now on."""
        self._task = asyncio.ensure_future(self._run())
        self._task.add_done_callback(self._look_at)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(error)

    async def _run(self) -> None:
        looks = 0
        while True:
            try:
                await self._look()
                looks += 1
                if looks % SAVE_EVERY == 0:
                    await self._save(is_all=looks % SAVE_ANYWAY == 0)
                self._is_late = False
            except LogError as error:
                if not self._is_late:
                    _log.warning("public events wait: %s", error)
                self._is_late = True
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Begin with what has become ours, end with what is not any more."""
        own = self._own()
        for partition in self._publishing.keys() - own:
            await self._end(partition)
        new = sorted(own - self._publishing.keys())
        if not new:
            return
        if self._known_partitions < self._partitions():
            await self._topic.ensure(self._partitions())
            self._known_partitions = self._partitions()
        for partition, offset in (await self._topic.load(new)).items():
            self._publishing[partition] = PartitionPublisher(partition, self._feed, self._topic, self._present, offset, self._fail)
            _log.info("public events of partition %d are published here, from offset %d on", partition, offset)

    def _own(self) -> frozenset[int]:
        membership = self._members.membership
        assignment = membership.in_force or membership.latest
        publishers = [name for name, one in membership.table.living() if PUBLISHER in one.said.roles and not one.said.leaving]
        own = projected_by(self._members.who.node, {} if assignment is None else assignment.owners, publishers)
        return frozenset(partition for partition in own if partition < self._partitions())

    async def _end(self, partition: int) -> None:
        publisher = self._publishing.pop(partition)
        await publisher.stop()
        self._saved.pop(partition, None)
        await self._topic.save({partition: publisher.done})

    async def _save(self, is_all: bool = False) -> None:
        done = {partition: one.done for partition, one in self._publishing.items()}
        changed = done if is_all else {partition: at for partition, at in done.items() if self._saved.get(partition) != at}
        if changed:
            await self._topic.save(changed)
            self._saved |= changed

    @property
    def done(self) -> dict[int, int]:
        """By partition that is published here the offset of the journal up to which all is written."""
        return {partition: one.done for partition, one in self._publishing.items()}

    async def stop(self) -> None:
        """Publish nothing more, and say how far it came."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for partition in list(self._publishing):
            try:
                await self._end(partition)
            except LogError as error:
                _log.warning("how far partition %d was published is not saved, some events come twice: %s", partition, error)
        await self._topic.close()
