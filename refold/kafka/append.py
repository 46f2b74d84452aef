"""Appending records to a Kafka log for whoever appends them again where it is not known that they are there.

Whoever appends here must bear that a record is there twice: see `refold/kafka/producer.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import is_fatal, reason
from refold.kafka.producer import APPEND_TIMEOUT_S, Producer

BATCH_BYTES: Final = 700 * 1024
"""A batch is not filled further; one record may be larger."""
FRAME_BYTES: Final = 100
"""What a batch of one record needs besides the record's own length, at most."""


class Appender:
    """Appends to topics; lives in the event loop."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address = address
        self.message_bytes_max = message_bytes_max
        self._producer = Producer(address, message_bytes_max, timeout_s)

    async def append(self, records: Mapping[tuple[str, int], Sequence[bytes]]) -> None:
        """Append by topic and partition, and return once all is durable. Raises Unavailable where that is not known, what `is_fatal`."""
        most = min(BATCH_BYTES, self.message_bytes_max - FRAME_BYTES)
        batches = [(TopicPartition(*key), batch) for key, several in records.items() for batch in _batches(several, most)]
        for answer in await self._producer.send(batches):
            if isinstance(answer, BaseException):
                if isinstance(answer, KafkaError | OSError | asyncio.CancelledError) and not is_fatal(answer):
                    raise Unavailable(f"appending to {self._address}: {reason(answer)}") from answer
                raise answer

    async def close(self) -> None:
        """Let go of everything; what cannot be closed in time is left behind."""
        await self._producer.close()


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
