"""A log that is shared by several processes, from an event loop: see `workers.cluster.ports.ClusterLog`.

Two producers: what follows from a round must not wait behind other records on the way to the same broker, nor hold up the
next round. What is read continuously comes by a tail, what is read now and then through the synchronous log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from aiokafka.structs import TopicPartition

from contracts.errors import LogError
from infra.log.kafka.administration import delete_before
from infra.log.kafka.append import LogAppender
from infra.log.kafka.fetch import EARLIEST, LATEST, Fetcher
from infra.log.kafka.log import BEHIND_TIMEOUT_S, KafkaLog
from infra.log.kafka.poll import OnRecords, Stamped
from infra.log.kafka.tail import Tail
from infra.log.kafka.task_topics import KnownTaskTopics
from refold.kafka.address import KafkaAddress

READ_TIMEOUT_S: Final = 5.0
BEHIND_PAUSE_S: Final = 0.05


class SharedKafkaLog:
    """Lives in the running event loop. `on_problem` hears of a partition that cannot be followed any further."""

    def __init__(self, address: KafkaAddress, log: KafkaLog, on_problem: Callable[[str, int, LogError], None]) -> None:
        self._address, self.log, self._on_problem = address, log, on_problem
        self._prefix = f"{address.prefix}."
        self._journal = LogAppender(address, log.message_bytes_max)
        self._others = LogAppender(address, log.message_bytes_max)
        self._tail = Tail(address, self._problem)
        self._fetcher = Fetcher(address, READ_TIMEOUT_S)
        self._activities = KnownTaskTopics(address, log.partitions)

    async def append_round(self, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append to the journal."""
        return await self._journal.append(f"{self._prefix}journal", batches)

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append to any other topic."""
        return await self._others.append(self._prefix + topic, batches)

    async def ensure(self, topics: Iterable[str]) -> None:
        """Make the topics of activities that are missing. Raises LogError."""
        await self._activities.ensure([self._prefix + topic for topic in topics])

    async def end(self, topic: str, partition: int, at_least: int = 0) -> int:
        """The offset that the next record would get. A new leader may show an older one for a moment. Raises LogError."""
        key = TopicPartition(self._prefix + topic, partition)
        deadline = time.monotonic() + BEHIND_TIMEOUT_S
        while (found := await self._fetcher.offset(key, LATEST)) < at_least and time.monotonic() < deadline:
            await asyncio.sleep(BEHIND_PAUSE_S)
        return found

    async def start(self, topic: str, partition: int) -> int:
        """The offset of the first record that is still there. Raises LogError."""
        return await self._fetcher.offset(TopicPartition(self._prefix + topic, partition), EARLIEST)

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records before an offset. Raises LogError."""
        await delete_before(self._address, TopicPartition(self._prefix + topic, partition), offset)

    async def partition_count(self) -> int:
        """How many partitions the journal has now. Raises LogError."""
        count: int = await self._tail.partition_count(f"{self._prefix}journal")
        self._activities.partitions = count
        return count

    def follow(self, topic: str, partition: int, offset: int, then: OnRecords) -> None:
        """Call back with every record from an offset on."""

        def named(_: str, partition: int, records: Sequence[Stamped], end: int) -> None:
            then(topic, partition, records, end)

        self._tail.follow(self._prefix + topic, partition, offset, named)

    def unfollow(self, topic: str, partition: int) -> None:
        """Call back no more."""
        self._tail.unfollow(self._prefix + topic, partition)

    def _problem(self, topic: str, partition: int, error: Exception) -> None:
        told = error if isinstance(error, LogError) else LogError(str(error))
        self._on_problem(topic.removeprefix(self._prefix), partition, told)

    async def close(self) -> None:
        """Let go of everything."""
        for part in (self._tail, self._journal, self._others, self._fetcher):
            await part.close()
