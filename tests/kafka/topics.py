"""Topics of their own for each test, on a broker that all tests share."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from infra.log.kafka.admin import init
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress, parse_address


def new_address(broker: str, **settings: Any) -> KafkaAddress:
    """A place on the broker where nothing is yet."""
    query = "&".join(f"{name}={value}" for name, value in settings.items())
    return parse_address(f"kafka://{broker}/test-{secrets.token_hex(6)}?{query}")


def new_topics(broker: str, partitions: int = 1, **settings: Any) -> KafkaAddress:
    """A new log on the broker."""
    address = new_address(broker, **settings)
    asyncio.run(init(address, partitions))
    return address


async def grow(address: KafkaAddress, partitions: int) -> None:
    """Add partitions to the journal and the commands of a log."""
    admin = AIOKafkaAdminClient(**address.client_settings())
    await admin.start()
    try:
        await admin.create_partitions({address.topic(topic): NewPartitions(partitions) for topic in ("journal", "commands")})
    finally:
        await admin.close()


def wait_until(done: Callable[[], bool], deadline_s: float = 60.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + deadline_s
    while not done():
        assert time.monotonic() < deadline


async def delete_topic(address: KafkaAddress, topic: str) -> None:
    """Delete a topic, and wait until it is gone."""
    admin = AIOKafkaAdminClient(**address.client_settings())
    await admin.start()
    try:
        await admin.delete_topics([f"{address.prefix}.{topic}"])
        while f"{address.prefix}.{topic}" in await admin.list_topics():
            await asyncio.sleep(0.05)
    finally:
        await admin.close()


class KafkaLogs:
    """Opens views of one new log; each has connections and producers of its own."""

    def __init__(self, broker: str, **settings: Any) -> None:
        self._broker, self._settings = broker, settings
        self.address: KafkaAddress | None = None
        self._opened: list[KafkaLog] = []

    def open(self, partitions: int = 1, **settings: Any) -> KafkaLog:
        if self.address is None:
            self.address = new_topics(self._broker, partitions, **self._settings)
        self._opened.append(KafkaLog(self.address, partitions, **settings))
        return self._opened[-1]

    def close(self) -> None:
        for log in self._opened:
            log.close()
