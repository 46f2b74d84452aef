"""Appending to a Kafka log: hand-made batches, one request; a producer in doubt is thrown away, and the caller appends again.

An idempotent aiokafka producer never gives a batch up: what it had sent may land later. Whoever appends here must bear that
a record is there twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.clients import give_up, is_fatal, reason, start

APPEND_TIMEOUT_S: Final = 5.0
BATCH_BYTES: Final = 700 * 1024
"""A batch is not filled further; one record may be larger."""
FRAME_BYTES: Final = 100
"""What a batch of one record needs besides the record's own length, at most."""

Place = tuple[str, int]
"""Topic and partition."""


class Appender:
    """Appends to topics; lives in the event loop."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address, self._timeout_s = address, timeout_s
        self.message_bytes_max = message_bytes_max
        self._producer: Any = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def append(self, records: Mapping[Place, Sequence[bytes]]) -> None:
        """Append, and return once all of it is durable. Raises Unavailable where that is not known."""
        try:
            if self._producer is None:
                self._producer = await self._started()
            sends = [
                asyncio.ensure_future(_send(self._producer, place, batch))
                for place, several in records.items()
                for batch in _batches(several, min(BATCH_BYTES, self.message_bytes_max - FRAME_BYTES))
            ]
            await self._all(sends)
        except BaseException as error:
            self._discard()
            if isinstance(error, KafkaError | OSError | TimeoutError) and not is_fatal(error):
                raise Unavailable(f"appending to {self._address}: {reason(error)}") from error
            raise

    async def _started(self) -> Any:
        compression = self._address.compression
        producer = AIOKafkaProducer(
            **self._address.client_settings(),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=self.message_bytes_max,
            request_timeout_ms=3_000,
            retry_backoff_ms=50,
            compression_type=None if compression == "none" else compression,
        )
        try:
            await start(producer)
        except BaseException:
            self._leave(producer)
            raise
        return producer

    async def _all(self, sends: Sequence[asyncio.Future[None]]) -> None:
        try:
            _, late = await asyncio.wait(sends, timeout=self._timeout_s)
        finally:
            for send in sends:
                send.cancel()
        if late:
            raise TimeoutError(f"no answer within {self._timeout_s:g} s")
        for send in sends:
            if send.cancelled():
                raise TimeoutError("given up by the client")
        for send in sends:
            send.result()

    def _discard(self) -> None:
        if self._producer is not None:
            self._leave(self._producer)
            self._producer = None

    def _leave(self, producer: Any) -> None:
        task = asyncio.ensure_future(give_up(_close(producer)))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Let go of everything; what cannot be closed in time is left behind."""
        self._discard()
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=2)


def _batches(records: Sequence[bytes], most: int) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for record in records:
        if batch and size + len(record) > most:
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record) + FRAME_BYTES
    yield batch


async def _send(producer: Any, place: Place, records: list[bytes]) -> None:
    batch = producer.create_batch()
    now = int(time.time() * 1000)
    for record in records:
        taken = batch.append(key=None, value=record, timestamp=now)
        assert taken is not None, "the size of a record is checked before"
    topic, partition = place
    await (await producer.send_batch(batch, topic, partition=partition))


async def _close(producer: Any) -> None:
    """As `stop()`, which waits for what is under way, but without waiting: first the sender, then the connections."""
    producer._closed = True
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    if sender is not None:
        await asyncio.wait({sender})
