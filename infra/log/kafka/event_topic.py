"""The topic `events` on Kafka: written with keys, at a retention of its own; checkpoints are offsets of a consumer group.

The group `PREFIX.publisher` has committed, of each partition of the journal, up to where its events are written. So any tool that
shows the lag of groups shows that of the publisher. A broker forgets a group after a week of silence: then the last event tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contracts.errors import LogUnreachable
from contracts.ports.event_topic import EventRecord
from contracts.positions import Positions
from contracts.public_events import CONTENT_TYPE
from infra.log.kafka.administration import administering
from infra.log.kafka.group_offsets import REQUEST_TIMEOUT_MS, TIMEOUT_S, GroupOffsets
from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import change, create, described, grow, settings_in_force
from refold.kafka.append import BATCH_BYTES, FRAME_BYTES
from refold.kafka.client import give_up, reason, start
from refold.kafka.producer import Keyed, Producer
from refold.kafka.task_topics import replicas_of, replicas_wanted
from refold.kafka.topic import topic_settings

EVENTS: Final = "events"
GROUP: Final = "publisher"
SEGMENTS_PER_RETENTION: Final = 8
"""Kafka deletes whole segments: one lasts so small a part of the retention, an hour at least."""
_HOUR_MS: Final = 3600 * 1000
_HEADERS: Final = (("content-type", CONTENT_TYPE.encode()),)
_FAILURES: Final = (KafkaError, OSError, TimeoutError, asyncio.CancelledError)


class _Position(msgspec.Struct):
    position: str


class KafkaEventTopic:
    """See `contracts.ports.event_topic.EventTopic`. Lives in the running event loop."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, retention_h: float, positions: Positions) -> None:
        self._address, self._retention_ms = address, round(retention_h * _HOUR_MS)
        self._topic, self._journal = address.topic(EVENTS), address.topic("journal")
        self._producer = Producer(address, message_bytes_max)
        self._positions = positions
        self._offsets = GroupOffsets(address, GROUP)

    async def ensure(self, partitions: int) -> None:
        """Make the topic, give it more partitions, set its retention."""
        async with administering(self._address) as admin:
            there = await described(admin, [self._topic, self._journal])
            journal = there.get(self._journal)
            replicas = replicas_of(journal) if journal else await replicas_wanted(admin)
            segment_ms = max(_HOUR_MS, self._retention_ms // SEGMENTS_PER_RETENTION)
            wanted = topic_settings(replicas, self._retention_ms, must_last=False) | {"segment.ms": str(segment_ms)}
            if self._topic not in there:
                await create(admin, [NewTopic(self._topic, partitions, replicas, topic_configs=wanted)])
                return
            if len(there[self._topic]) < partitions:
                await grow(admin, {self._topic: partitions})
            found = (await settings_in_force(admin, [self._topic]))[self._topic]
            ours = {name: wanted[name] for name in ("retention.ms", "segment.ms") if found[name][0] != wanted[name]}
            if ours:
                await change(admin, self._topic, ours)

    async def append(self, partition: int, records: Sequence[EventRecord]) -> None:
        """Write them, a batch after the other."""
        for batch in _batches(records):
            try:
                (answer,) = await self._producer.send([(TopicPartition(self._topic, partition), batch)])
            except (Unavailable, KafkaError) as error:
                raise LogUnreachable(f"{self._topic}, partition {partition}: {reason(error)}") from error
            if isinstance(answer, _FAILURES):
                raise LogUnreachable(f"{self._topic}, partition {partition}: {reason(answer)}") from answer
            if isinstance(answer, BaseException):
                raise answer

    async def load(self, partitions: Collection[int]) -> Mapping[int, int]:
        """What is committed, else what the last event says."""
        found = await self.committed(partitions)
        try:
            return {one: found[one] if one in found else await self._last_written(one) for one in partitions}
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnreachable(f"the last public events cannot be read: {reason(error)}") from error

    async def committed(self, partitions: Collection[int]) -> Mapping[int, int]:
        """What the group has committed."""
        return await self._offsets.load(partitions)

    async def save(self, offsets: Mapping[int, int]) -> None:
        """Commit, once: what is not committed is written again, no more."""
        await self._offsets.save(offsets)

    async def _last_written(self, partition: int) -> int:
        """The offset of the last event's decision in the journal, which may not be written whole; 0 without any."""
        key = TopicPartition(self._topic, partition)
        reader = AIOKafkaConsumer(**self._address.client_settings(), enable_auto_commit=False, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await start(reader, TIMEOUT_S)
            async with asyncio.timeout(TIMEOUT_S):
                reader.assign([key])
                end = (await reader.end_offsets([key]))[key]
                if end <= (await reader.beginning_offsets([key]))[key]:
                    return 0
                reader.seek(key, end - 1)
                record = await reader.getone(key)
            last = self._positions.partition_and_offset(int(msgspec.json.decode(record.value, type=_Position).position))
            return last[1] if last[0] == partition else 0
        except (msgspec.MsgspecError, ValueError):  # somebody else has written there
            return 0
        finally:
            await give_up(reader.stop())

    async def close(self) -> None:
        """Let go of everything."""
        await self._offsets.close()
        await self._producer.close()


def _batches(records: Sequence[EventRecord]) -> Iterator[list[Keyed]]:
    batch: list[Keyed] = []
    size = 0
    for record in records:
        more = len(record.key) + len(record.value) + FRAME_BYTES
        if batch and size + more > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(Keyed(record.key, record.value, _HEADERS))
        size += more
    if batch:
        yield batch
