"""Appending: one idempotent producer, one hand-made batch a partition, all in one request; a producer in doubt is thrown away.

An idempotent aiokafka producer never gives a batch up: neither a time-out nor `stop()` takes it back, and after any
refusal it fails for ever on that partition. So every append has a deadline of its own, and whatever is not a plain
success costs the producer. What it had sent may land later: the outcome is unknown, never "no".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError, UnknownTopicOrPartitionError

from contracts.errors import AppendUnknown, LogError, LogUnreachable, RecordTooLarge
from infra.log.kafka.address import KafkaAddress
from infra.log.kafka.loop import give_up, reason

APPEND_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_MS: Final = 3_000
RETRY_PAUSE_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 1.0


class Appending:
    """Appends batches; lives in the event loop."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address, self._message_bytes_max, self._timeout_s = address, message_bytes_max, timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each partition; answer the first offset of each, or why it failed. Raises nothing of Kafka's."""
        deadline = time.monotonic() + self._timeout_s
        try:
            producer = await self._ready(deadline)
        except LogUnreachable as error:
            return dict.fromkeys(batches, error)
        tasks = {partition: asyncio.ensure_future(_send(producer, topic, partition, records)) for partition, records in batches.items()}
        try:
            await asyncio.wait(tasks.values(), timeout=max(0.0, deadline - time.monotonic()))
            answers = {partition: self._answer(topic, partition, task) for partition, task in tasks.items()}
        except BaseException:
            self.discard()
            raise
        if any(isinstance(answer, LogError) for answer in answers.values()):
            self.discard()
        return answers

    async def _ready(self, deadline: float) -> AIOKafkaProducer:
        """The producer, made if there is none. Raises LogUnreachable, and then nothing was sent."""
        why = ""
        while self._producer is None:
            producer = self._new_producer()
            starting = asyncio.ensure_future(producer.start())
            await asyncio.wait({starting}, timeout=max(0.05, deadline - time.monotonic()))
            if starting.done() and not starting.cancelled() and starting.exception() is None:
                self._producer = producer
                break
            why = reason(starting.exception() if starting.done() and not starting.cancelled() else None)
            starting.cancel()
            self._leave(producer)
            if time.monotonic() + RETRY_PAUSE_S >= deadline:
                raise LogUnreachable(f"nothing was sent to {self._address}: {why}")
            await asyncio.sleep(RETRY_PAUSE_S)
        return self._producer

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

    def _answer(self, topic: str, partition: int, task: asyncio.Future[int]) -> int | LogError:
        where = f"{topic}, partition {partition} at {self._address}"
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

    def discard(self) -> None:
        """Let go of the producer; the next append makes a new one."""
        if self._producer is not None:
            self._leave(self._producer)
            self._producer = None

    def _leave(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.ensure_future(give_up(_close(producer), CLOSE_TIMEOUT_S))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Let go of everything; what cannot be closed in time is left behind."""
        self.discard()
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=2 * CLOSE_TIMEOUT_S)


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[bytes]) -> int:
    """Hand a batch over and wait for its offset."""
    batch = producer.create_batch()
    now = int(time.time() * 1000)
    for record in records:
        taken = batch.append(key=None, value=record, timestamp=now)
        assert taken is not None, "the size of a batch is checked before"
    future = await producer.send_batch(batch, topic, partition=partition)
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
