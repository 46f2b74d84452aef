"""Appending: one idempotent producer, one hand-made batch a partition, all in one request; a producer in doubt is thrown away.

An idempotent aiokafka producer never gives a batch up: neither a time-out nor `stop()` takes it back, and after any
refusal it fails for ever on that partition. So every append has a deadline of its own, and whatever is not a plain
success costs the producer. What it had sent may land later: the outcome is unknown, never "no".

Several appends may be under way at once, as long as each partition has one. The producer that one of them has spoilt is
retired: nobody begins with it any more, and it is closed when the last append that had begun with it has its answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError, UnknownTopicOrPartitionError
from aiokafka.structs import TopicPartition

from contracts.errors import AppendUnknown, LogError, LogUnreachable, RecordTooLarge
from infra.log.arguments import batch_too_large
from infra.log.kafka.address import KafkaAddress
from infra.log.kafka.loop import give_up, look_at, reason

APPEND_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_MS: Final = 3_000
RETRY_PAUSE_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 1.0
START_TIMEOUT_S: Final = 5.0
BATCH_HEAD_BYTES: Final = 128
"""What a batch needs besides its records (61), and some room."""


@dataclass(eq=False)
class _Held:
    """A producer, and how many appends are under way with it."""

    producer: AIOKafkaProducer
    users: int = 0
    is_retired: bool = False


class Appending:
    """Appends batches; lives in the event loop. A partition has one append under way at a time, others may overlap."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address, self._message_bytes_max, self._timeout_s = address, message_bytes_max, timeout_s
        self._held: _Held | None = None
        self._starting: asyncio.Task[str] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def batch_bytes_max(self) -> int:
        """The largest batch, as `batch_bytes` counts."""
        return self._message_bytes_max - BATCH_HEAD_BYTES

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each partition; answer the first offset of each, or why it failed. Raises nothing of Kafka's."""
        answers = await self.append_all({TopicPartition(topic, partition): records for partition, records in batches.items()})
        return {place.partition: answer for place, answer in answers.items()}

    async def append_all(self, batches: Mapping[TopicPartition, Sequence[bytes]]) -> dict[TopicPartition, int | LogError]:
        """The same for places of any topics, in one request for each broker."""
        answers: dict[TopicPartition, int | LogError] = {}
        for place, records in batches.items():
            if refusal := batch_too_large(records, self.batch_bytes_max):
                answers[place] = refusal
        fitting = {place: records for place, records in batches.items() if place not in answers}
        return answers | await self._append(fitting) if fitting else answers

    async def _append(self, batches: Mapping[TopicPartition, Sequence[bytes]]) -> dict[TopicPartition, int | LogError]:
        deadline = time.monotonic() + self._timeout_s
        try:
            held = await self._ready(deadline)
        except LogUnreachable as error:
            return dict.fromkeys(batches, error)
        held.users += 1
        is_clean = False
        try:
            tasks = {place: asyncio.ensure_future(_send(held.producer, place, records)) for place, records in batches.items()}
            for task in tasks.values():
                task.add_done_callback(look_at)  # one that is not waited for any more may still fail
            await asyncio.wait(tasks.values(), timeout=max(0.0, deadline - time.monotonic()))
            answers = {place: self._answer(place, task) for place, task in tasks.items()}
            is_clean = not any(isinstance(answer, LogError) for answer in answers.values())
            return answers
        finally:
            held.users -= 1
            if not is_clean:
                self._retire(held)
            if held.is_retired and not held.users and not self._is_closed:
                self._leave(held.producer)

    async def _ready(self, deadline: float) -> _Held:
        """The producer, made if there is none. Raises LogUnreachable, and then nothing was sent."""
        why = "no answer"
        while self._held is None:
            if self._is_closed:
                raise LogUnreachable(f"nothing was sent to {self._address}: it is closed")
            if self._starting is None:
                self._starting = asyncio.ensure_future(self._start())
            starting = self._starting
            await asyncio.wait({starting}, timeout=max(0.05, deadline - time.monotonic()))
            if self._held is not None:
                break
            if starting.done() and not starting.cancelled():
                why = starting.result()
            if time.monotonic() + RETRY_PAUSE_S >= deadline:
                raise LogUnreachable(f"nothing was sent to {self._address}: {why}")
            await asyncio.sleep(RETRY_PAUSE_S)
        return self._held

    async def _start(self) -> str:
        """Make a producer; why it failed, where it did. Everybody who waits for one waits for this one."""
        producer = self._new_producer()
        starting = asyncio.ensure_future(producer.start())
        try:
            await asyncio.wait({starting}, timeout=START_TIMEOUT_S)
            if starting.done() and not starting.cancelled() and starting.exception() is None:
                self._held = _Held(producer)
                return ""
            return reason(starting.exception() if starting.done() and not starting.cancelled() else None)
        finally:
            self._starting = None
            if self._held is None or self._held.producer is not producer:
                starting.add_done_callback(look_at)
                starting.cancel()
                self._leave(producer)

    def _new_producer(self) -> AIOKafkaProducer:
        compression = self._address.compression
        return AIOKafkaProducer(
            **self._address.client_settings(),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=self._message_bytes_max,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=50,
            compression_type=None if compression == "none" else compression,
        )

    def _answer(self, place: TopicPartition, task: asyncio.Future[int]) -> int | LogError:
        where = f"{place.topic}, partition {place.partition} at {self._address}"
        if not task.done():
            task.cancel()
            return AppendUnknown(f"{where}: no answer within {self._timeout_s:g} s")
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            offset = task.result()
            return (
                offset if offset >= 0 else AppendUnknown(f"{where}: it was stored, but the broker does not know any more at which offset")
            )
        if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
            return RecordTooLarge(f"{where}: the broker refuses the batch as too large; is its max.message.bytes what it was?")
        if isinstance(error, UnknownTopicOrPartitionError):
            return LogUnreachable(f"{where}: there is no such topic; `refold kafka init` makes it")
        if isinstance(error, KafkaError | OSError | asyncio.CancelledError | asyncio.TimeoutError):
            return AppendUnknown(f"{where}: {error!r}")
        raise error

    def _retire(self, held: _Held) -> None:
        """The next append makes a new one."""
        held.is_retired = True
        if self._held is held:
            self._held = None

    def _leave(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.ensure_future(give_up(_close(producer), CLOSE_TIMEOUT_S))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Let go of everything; what cannot be closed in time is left behind. What is under way is answered: its outcome is unknown."""
        self._is_closed = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting}, timeout=CLOSE_TIMEOUT_S)
        if self._held is not None:
            held, self._held = self._held, None
            held.is_retired = True
            self._leave(held.producer)
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=2 * CLOSE_TIMEOUT_S)


async def _send(producer: AIOKafkaProducer, place: TopicPartition, records: Sequence[bytes]) -> int:
    """Hand a batch over and wait for its offset."""
    batch = producer.create_batch()
    now = int(time.time() * 1000)
    for record in records:
        taken = batch.append(key=None, value=record, timestamp=now)
        assert taken is not None, "the size of a batch is checked before"
    known = producer.client.cluster.partitions_for_topic(place.topic)
    if known is not None and place.partition not in known:  # added since it began
        await producer.client.force_metadata_update()
        if place.partition not in producer.client.cluster.partitions_for_topic(place.topic):
            raise UnknownTopicOrPartitionError
    future = await producer.send_batch(batch, place.topic, partition=place.partition)
    return int((await future).offset)


async def _close(producer: Any) -> None:
    """As `stop()`, which waits for what is under way, but without waiting: first the sender, then the connections."""
    producer._closed = True
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    if sender is not None:
        await asyncio.wait({sender})
