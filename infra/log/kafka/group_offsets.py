"""Checkpoints in the journal as offsets of a consumer group that has no members: any tool that shows the lag of groups shows theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contracts.errors import LogUnreachable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import give_up, reason, start
from refold.kafka.consumer import committed

TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_MS: Final = 5_000
NOTED_WITH: Final = 0
"""The partition whose offset a note is committed with."""


class GroupOffsets:
    """What a group has committed of the journal. Lives in the running event loop; all methods raise LogUnreachable."""

    def __init__(self, address: KafkaAddress, group: str) -> None:
        self._address, self._group, self._journal = address, address.topic(group), address.topic("journal")
        self._consumer: Any = None

    async def load(self, partitions: Collection[int]) -> dict[int, int]:
        """By partition what was saved; what never was is left out."""
        return {partition: offset for partition, (offset, _) in (await self._load(partitions)).items()}

    async def note(self) -> str:
        """The note that was saved with them; empty where there is none."""
        return (await self._load([NOTED_WITH])).get(NOTED_WITH, (0, ""))[1]

    async def _load(self, partitions: Collection[int]) -> dict[int, tuple[int, str]]:
        keys = [TopicPartition(self._journal, partition) for partition in partitions]
        if not keys:
            return {}
        try:
            found = await committed(await self._committing(keys), keys, TIMEOUT_S)
            return {key.partition: found[key] for key in keys if key in found and found[key][0] >= 0}
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise LogUnreachable(f"the offsets of {self._group} cannot be read: {reason(error)}") from error

    async def save(self, offsets: Mapping[int, int], note: str = "") -> None:
        """Commit these, and a note, of as many bytes as brokers keep (4,096, unless they are told otherwise)."""
        noted = {partition: (offset, note if partition == NOTED_WITH else "") for partition, offset in offsets.items()}
        keys = {TopicPartition(self._journal, partition): one for partition, one in noted.items()}
        try:
            consumer = await self._committing(keys)
            async with asyncio.timeout(TIMEOUT_S):
                await consumer.commit(keys)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise LogUnreachable(f"the offsets of {self._group} cannot be saved: {reason(error)}") from error

    async def _committing(self, keys: Collection[TopicPartition]) -> Any:
        """A consumer that consumes nothing: it only knows the group's offsets of these partitions."""
        if self._consumer is None:
            settings = self._address.client_settings()
            consumer = AIOKafkaConsumer(**settings, group_id=self._group, enable_auto_commit=False, request_timeout_ms=REQUEST_TIMEOUT_MS)
            await start(consumer, TIMEOUT_S)
            self._consumer = consumer
        consumer = self._consumer
        if missing := set(keys) - consumer.assignment():
            consumer.assign([*consumer.assignment(), *missing])
            consumer.pause(*consumer.assignment())
        return consumer

    async def close(self) -> None:
        """Let go of the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await give_up(consumer.stop())


class GroupCheckpoints:
    """The checkpoints of webhooks: a group each. See `workers.reading.webhook_delivery.Ground`."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._groups: dict[str, GroupOffsets] = {}

    def _of(self, name: str) -> GroupOffsets:
        return self._groups.setdefault(name, GroupOffsets(self._address, f"webhooks.{name}"))

    async def load(self, name: str, partitions: int) -> Mapping[int, int]:
        """What was saved under a name."""
        return await self._of(name).load(range(partitions))

    async def save(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        """Save it, and a note with it."""
        await self._of(name).save(checkpoint, note)

    async def note(self, name: str) -> str:
        """What was noted with it."""
        return await self._of(name).note()

    async def close(self) -> None:
        """Let go of all connections."""
        for group in self._groups.values():
            await group.close()
