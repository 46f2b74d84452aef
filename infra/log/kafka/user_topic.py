"""A topic of the users' own, as a group reads it that has no members: which process reads it, the engine decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contracts.ports.user_topic import TopicAway, TopicRecord
from refold.kafka.address import KafkaAddress
from refold.kafka.client import give_up, is_away, reason, start

TIMEOUT_S: Final = 10.0
NEXT_MS: Final = 1_000
RECORDS_MAX: Final = 100
"""So many records are taken at a time."""
LOOK_EVERY_S: Final = 30.0
"""So often it is looked whether the topic has more partitions."""
_NO_UTF8: Final = "the name of a header is no UTF-8, in this record or in one before it in the same batch"
T = TypeVar("T")


class KafkaUserTopic:
    """See `contracts.ports.user_topic.UserTopic`. Where the group has no offset it begins at a time, or at the beginning."""

    def __init__(self, address: KafkaAddress, topic: str, group: str, since: int | None) -> None:
        """`since` is in milliseconds since 1970; None: from the beginning."""
        self._address, self._topic, self._group, self._since = address, topic, group, since
        self._consumer: Any = None
        self._partitions: frozenset[int] = frozenset()
        self._looked_at = 0.0
        self._next: dict[TopicPartition, int] = {}
        """What is read next of each partition."""

    async def begin(self) -> None:
        """See UserTopic."""
        await self._asked(self._begin(), TIMEOUT_S * 2)

    async def _begin(self) -> None:
        settings = self._address.client_settings()
        self._consumer = AIOKafkaConsumer(
            **settings, group_id=self._group, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
        )  # fmt: skip
        await start(self._consumer, TIMEOUT_S)
        self._partitions = await self._found()
        keys = [TopicPartition(self._topic, partition) for partition in sorted(self._partitions)]
        self._consumer.assign(keys)
        begins = {key: await self._consumer.committed(key) for key in keys}
        new = [key for key, offset in begins.items() if offset is None]
        begins |= await self._first(new)
        if new:
            await self._consumer.commit({key: begins[key] for key in new})  # so that the next one begins there, whatever came meanwhile
        for key, offset in begins.items():
            self._consumer.seek(key, offset)
        self._next = dict(begins)

    async def _found(self) -> frozenset[int]:
        """Its partitions; all topics are asked for, as to ask for one may make it."""
        self._looked_at = time.monotonic()
        cluster = await self._consumer._client.fetch_all_metadata()  # what its public face, `topics`, gives the names of
        if self._topic not in cluster.topics() or not (found := cluster.partitions_for_topic(self._topic)):
            raise TopicAway(f"topic {self._topic} is not at {', '.join(self._address.servers)} yet")
        return frozenset(found)

    async def _first(self, keys: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        if not keys:
            return {}
        if self._since is None:
            return dict(await self._consumer.beginning_offsets(keys))
        ends = await self._consumer.end_offsets(keys)
        found = await self._consumer.offsets_for_times(dict.fromkeys(keys, self._since))
        return {key: ends[key] if found.get(key) is None else found[key].offset for key in keys}

    async def next(self) -> Sequence[TopicRecord]:
        """See UserTopic."""
        try:
            found = await self._asked(self._consumer.getmany(timeout_ms=NEXT_MS, max_records=RECORDS_MAX), TIMEOUT_S)
        except UnicodeDecodeError:
            return await self._one_by_one()
        self._next |= {key: records[-1].offset + 1 for key, records in found.items() if records}
        if not found and time.monotonic() > self._looked_at + LOOK_EVERY_S:
            await self._look()
        return [_record(one) for records in found.values() for one in records]

    async def _one_by_one(self) -> list[TopicRecord]:
        """Once more what was read when the name of a header was no UTF-8: that record says so, and is passed over.

        aiokafka reads nothing that comes behind such a record in the same batch, so each of those says so, too.
        """
        for key, offset in self._next.items():
            self._consumer.seek(key, offset)  # what was read of other partitions, and before it, was thrown away
        found: list[TopicRecord] = []
        for key in self._next:
            while len(found) < RECORDS_MAX:
                offset = self._next[key]
                try:
                    one = await self._asked(self._consumer.getmany(key, timeout_ms=NEXT_MS, max_records=1), TIMEOUT_S)
                except UnicodeDecodeError as error:
                    found.append(TopicRecord(self._topic, key.partition, offset, -1, None, None, (), f"{_NO_UTF8}: {error}"))
                    self._next[key] = offset + 1
                    self._consumer.seek(key, offset + 1)
                    continue
                if not (records := one.get(key)):
                    break
                found.append(_record(records[0]))
                self._next[key] = records[0].offset + 1
        return found

    async def _look(self) -> None:
        """Whether brokers are there still, and the topic has the partitions that it had."""
        if (now := await self._asked(self._found(), TIMEOUT_S)) != self._partitions:
            raise TopicAway(f"topic {self._topic} has {len(now)} partitions now")

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """See UserTopic."""
        keys = {TopicPartition(self._topic, partition): offset for partition, offset in offsets.items()}
        await self._asked(self._consumer.commit(keys), TIMEOUT_S)

    async def close(self) -> None:
        """See UserTopic."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await give_up(consumer.stop())

    async def _asked(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        try:
            async with asyncio.timeout(timeout_s):
                return await work
        except (TopicAway, UnicodeDecodeError):
            raise
        except (KafkaError, OSError, TimeoutError, RuntimeError, ValueError) as error:
            if isinstance(error, RuntimeError) and not is_away(error):
                raise
            what = f"topic {self._topic} cannot be read at {', '.join(self._address.servers)} as group {self._group}"
            raise TopicAway(f"{what}: {reason(error)}") from error


def _record(one: Any) -> TopicRecord:
    return TopicRecord(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, one.headers)
