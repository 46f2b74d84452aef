"""Fetching: one request, one answer, from any offset, without a group and without anything that runs on in between.

aiokafka's consumer fetches ahead in the background; where a log is read piecewise from many partitions, that is in the way
(a fetch that waits for news holds up the next one) and it must be closed with care. Its client is enough here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.errors import KafkaError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogError, LogUnreachable
from infra.log.kafka.client import BrokerClient, KafkaAway
from refold.kafka.address import KafkaAddress
from refold.kafka.client import give_up, reason

READ_TIMEOUT_S: Final = 30.0
REQUEST_TIMEOUT_MS: Final = 10_000
RETRY_PAUSE_S: Final = 0.05
FETCH_BYTES: Final = 4 * 1024 * 1024
FETCH_BYTES_MIN: Final = 16 * 1024
FETCH_BYTES_A_RECORD: Final = 2 * 1024
"""Whoever wants a few records is not sent megabytes; a batch comes whole, however large."""
FETCH_WAIT_MS: Final = 200
LATEST: Final = -1
EARLIEST: Final = -2
_NO_LEADER: Final = -1


class RecordsDeleted(LogCorrupt):
    """What was asked for is deleted; `first` is the offset of the first record that is there."""

    def __init__(self, message: str, first: int) -> None:
        super().__init__(message)
        self.first = first


class Fetcher:
    """Asks brokers for records and offsets; lives in the event loop. Every question has a deadline: LogUnreachable."""

    def __init__(self, address: KafkaAddress, timeout_s: float = READ_TIMEOUT_S) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._client: BrokerClient | None = None

    async def offset(self, key: TopicPartition, which: int) -> int:
        """The offset after the last durable record (LATEST), or of the first one (EARLIEST)."""
        request = OffsetRequest(-1, 0, [(key.topic, [(key.partition, which)])])
        answer = await self._ask(key, request)
        return int(answer[3])

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has now. Raises LogUnreachable where nobody says."""
        try:
            client = await self.client()
            await client._wait_on_metadata(topic)
            await asyncio.wait_for(client.force_metadata_update(), self._timeout_s)
        except (TimeoutError, KafkaError, OSError) as error:
            raise LogUnreachable(f"{topic} at {self._address}: {error!r}") from error
        return len(client.cluster.partitions_for_topic(topic) or ())

    async def fetch(self, key: TopicPartition, offset: int, count: int) -> bytes:
        """Some batches, the first of which holds `offset`, for somebody who wants so many records. RecordsDeleted where they are."""
        size = min(FETCH_BYTES, FETCH_BYTES_MIN + count * FETCH_BYTES_A_RECORD)
        request = FetchRequest(FETCH_WAIT_MS, 1, size, 0, [(key.topic, [(key.partition, offset, size)])])
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            try:
                found = bytes((await self._ask(key, request))[-1])
            except OffsetOutOfRangeError:
                found = b""
                first = await self.offset(key, EARLIEST)
                if offset < first:
                    raise RecordsDeleted(str(self.lacks(key, offset, f"the first one that is there is {first}")), first) from None
            if found:
                return found
            await asyncio.sleep(RETRY_PAUSE_S)  # a new leader may not show yet what an old one has acknowledged
        raise self.lacks(key, offset, f"nothing came within {self._timeout_s:g} s, and it was there before")

    def lacks(self, key: TopicPartition, offset: int, found: str) -> LogCorrupt:
        """The error for a record that is not where it must be."""
        return LogCorrupt(f"the log {self._address} is damaged: {key.topic}, partition {key.partition} lacks offset {offset}; {found}")

    async def _ask(self, key: TopicPartition, request: Any) -> tuple[Any, ...]:
        """Ask the leader until it answers; what it says about the partition."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return await self._ask_once(key, request)
            except OffsetOutOfRangeError:
                raise
            except (TimeoutError, KafkaError, OSError) as error:
                is_final = isinstance(error, KafkaError) and not error.retriable
                if is_final or time.monotonic() >= deadline:
                    raise LogUnreachable(f"{key.topic}, partition {key.partition} at {self._address}: {error!r}") from error
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _ask_once(self, key: TopicPartition, request: Any) -> tuple[Any, ...]:
        client = await self.client()
        leader = client.cluster.leader_for_partition(key)
        if leader is None or leader == _NO_LEADER:
            await client._wait_on_metadata(key.topic)
            leader = client.cluster.leader_for_partition(key)
        if leader is None or leader == _NO_LEADER:
            await client.force_metadata_update()
            raise KafkaAway("the partition has no leader at the moment")
        response = await client.send(leader, request)
        [(_, [answer])] = response.topics
        error = for_code(answer[1])
        if error.errno:
            if error.invalid_metadata:
                await client.force_metadata_update()
            raise error()
        return tuple(answer)

    async def client(self) -> BrokerClient:
        """A client that knows the cluster, made if there is none."""
        if self._client is None:
            timeout_ms = min(REQUEST_TIMEOUT_MS, int(self._timeout_s * 1000))
            client = BrokerClient(**self._address.client_settings(), request_timeout_ms=timeout_ms, retry_backoff_ms=50)
            try:
                await client.bootstrap()
            except KafkaError as error:
                await give_up(client.close())
                raise KafkaAway(reason(error)) from error
            self._client = client
        return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await give_up(client.close())


def batches_in(fetched: bytes) -> Iterator[Any]:
    """The whole batches of what was fetched. Raises LogError where a checksum does not match."""
    batches = MemoryRecords(fetched)
    while batches.has_next():
        batch = batches.next_batch()
        if not batch.validate_crc():
            raise LogError(f"the checksum of the batch from {batch.base_offset} on does not match")
        yield batch


def records_in(fetched: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The records of fetched batches from an offset on. Raises LogError where a checksum does not match."""
    for batch in batches_in(fetched):
        if batch.is_control_batch:
            continue
        for record in batch:
            if record.offset >= offset:
                yield record.offset, record.value or b""
