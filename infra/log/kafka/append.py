"""Appending to the log: a batch a partition, answered by its first offset or by the error of the port that says what is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError, UnknownTopicOrPartitionError
from aiokafka.structs import TopicPartition

from contracts.errors import AppendUnknown, LogError, LogUnreachable, RecordTooLarge
from infra.log.arguments import batch_too_large
from refold.kafka.address import KafkaAddress
from refold.kafka.client import is_fatal, reason
from refold.kafka.producer import APPEND_TIMEOUT_S, NotSent, Producer

BATCH_HEAD_BYTES: Final = 128
"""What a batch needs besides its records (61), and some room."""


class LogAppender:
    """Appends batches; lives in the event loop. A partition has one append under way at a time, others may overlap."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address, self._message_bytes_max = address, message_bytes_max
        self._producer = Producer(address, message_bytes_max, timeout_s)

    @property
    def batch_bytes_max(self) -> int:
        """The largest batch, as `batch_bytes` counts."""
        return self._message_bytes_max - BATCH_HEAD_BYTES

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each partition; answer the first offset of each, or why it failed. Raises nothing of Kafka's."""
        answers = await self.append_all({TopicPartition(topic, partition): records for partition, records in batches.items()})
        return {key.partition: answer for key, answer in answers.items()}

    async def append_all(self, batches: Mapping[TopicPartition, Sequence[bytes]]) -> dict[TopicPartition, int | LogError]:
        """The same for partitions of any topics, in one request for each broker."""
        answers: dict[TopicPartition, int | LogError] = {}
        for key, records in batches.items():
            if refusal := batch_too_large(records, self.batch_bytes_max):
                answers[key] = refusal
        fitting = [(key, records) for key, records in batches.items() if key not in answers]
        return answers | await self._append(fitting) if fitting else answers

    async def _append(self, batches: Sequence[tuple[TopicPartition, Sequence[bytes]]]) -> dict[TopicPartition, int | LogError]:
        try:
            answers = await self._producer.send(batches)
        except NotSent as error:
            return {key: LogUnreachable(str(error)) for key, _ in batches}
        except KafkaError as error:
            if not is_fatal(error):
                raise
            return {key: LogUnreachable(f"nothing was sent to {self._address}: {reason(error)}") for key, _ in batches}
        return {key: self._told(key, answer) for (key, _), answer in zip(batches, answers, strict=True)}

    def _told(self, key: TopicPartition, answer: int | BaseException) -> int | LogError:
        where = f"{key.topic}, partition {key.partition} at {self._address}"
        if isinstance(answer, int):
            return (
                answer if answer >= 0 else AppendUnknown(f"{where}: it was stored, but the broker does not know any more at which offset")
            )
        if isinstance(answer, MessageSizeTooLargeError | RecordListTooLargeError):
            return RecordTooLarge(f"{where}: the broker refuses the batch as too large; is its max.message.bytes what it was?")
        if isinstance(answer, UnknownTopicOrPartitionError):
            return LogUnreachable(f"{where}: there is no such topic; `refold kafka init` makes it")
        if isinstance(answer, TimeoutError):
            return AppendUnknown(f"{where}: {answer}")
        if isinstance(answer, KafkaError | OSError | asyncio.CancelledError):
            return AppendUnknown(f"{where}: {answer!r}")
        raise answer

    async def close(self) -> None:
        """Let go of everything; what is under way is answered: its outcome is unknown."""
        await self._producer.close()
