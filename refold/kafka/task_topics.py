"""How the topics of tasks come to be: whoever sends to one and whoever takes from it both see to it that it is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import admin_client, broker_count, create, described, grow, settings_in_force
from refold.kafka.topic import task_topic_settings

REPLICAS_MAX_DEFAULT: Final = 3


class LogLimits(NamedTuple):
    """What is known of a log."""

    partitions: int
    result_bytes_max: int


def replicas_of(partitions: Iterable[Mapping[str, Any]]) -> int:
    """How many brokers hold each record of a topic."""
    return min(len(one["replicas"]) for one in partitions)


async def ensure_topics(address: KafkaAddress, names: Iterable[str]) -> LogLimits:
    """Make those topics that are missing, with as many partitions as the journal. Raises Unavailable, and what `is_fatal`."""
    journal, commands = address.topic("journal"), address.topic("commands")
    async with admin_client(address) as admin:
        log = await described(admin, [journal, commands])
        if len(log) < 2:
            raise Unavailable(f"there is no log at {address}; `refold kafka init --log {address}` makes one")
        partitions = len(log[journal])
        await ensure(admin, [address.topic(name) for name in names], partitions, replicas_of(log[journal]))
        return LogLimits(partitions, int((await settings_in_force(admin, [commands]))[commands]["max.message.bytes"][0]))


async def ensure(admin: AIOKafkaAdminClient, names: Collection[str], partitions: int, replicas: int) -> None:
    """See to it that topics of tasks are there, with so many partitions at least; what is made or grown for it has its leaders then."""
    there = await described(admin, names)
    settings = task_topic_settings(replicas)
    await create(admin, [NewTopic(name, partitions, replicas, topic_configs=settings) for name in names if name not in there])
    await grow(admin, {name: partitions for name in names if name in there and len(there[name]) < partitions})


async def replicas_wanted(admin: AIOKafkaAdminClient, asked: int | None = None) -> int:
    """How many brokers shall hold each record of a new topic: as many as are asked for, else as there are, up to three."""
    return asked or min(REPLICAS_MAX_DEFAULT, await broker_count(admin))
