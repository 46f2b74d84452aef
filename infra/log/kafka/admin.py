"""The topics of a log: looked at, made where they are missing, given more partitions, and set right. Each call brings its own client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts.errors import LogError
from contracts.ports.log import Topic
from infra.log.arguments import DIVIDED, check_partitions, partitions_in
from infra.log.kafka.administration import administering, asked
from infra.log.kafka.topics import KAFKA_TOPICS, MADE_WITH, PARTITIONS_DEFAULT, Found, settings_of, topics_of
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import change, create, described, grow, settings_in_force, wait_until_there
from refold.kafka.client import CONNECT_TIMEOUT_S
from refold.kafka.task_topics import replicas_of, replicas_wanted
from refold.kafka.topic import topic_settings

KEPT: Final = "kept"
"""The topic of copies of what is needed before journals were cut."""
KEPT_SETTINGS: Final = {"segment.bytes": str(64 * 1024 * 1024)}


async def look(address: KafkaAddress, timeout_s: float = CONNECT_TIMEOUT_S) -> dict[str, Found]:
    """Those of our topics that are there. Raises LogUnreachable where no broker answers."""
    return await asked(address, lambda admin: _look(address, admin), timeout_s)


async def _look(address: KafkaAddress, admin: AIOKafkaAdminClient) -> dict[str, Found]:
    there = await described(admin, topics_of(address))
    settings = await settings_in_force(admin, list(there))
    return {
        name: Found(len(partitions), replicas_of(partitions), {key: value for key, (value, _) in settings[name].items()})
        for name, partitions in there.items()
        if name in settings
    }


async def init(address: KafkaAddress, partitions: int | None = None, replicas: int | None = None) -> list[str]:
    """Make the topics that are missing, give more partitions to those that have fewer, and set what is set otherwise.

    What was done, a line each. Partitions come to the journal first: no other topic ever has one that the journal lacks.
    Raises LogError for fewer partitions than there are: none can be taken away.
    """
    async with administering(address) as admin:
        before = await _look(address, admin)
        count = _count(address, before, partitions)
        replicas = await replicas_wanted(admin, replicas)
        done = await _make(address, admin, before, ("journal",), count, replicas)
        others = (*(topic for topic in KAFKA_TOPICS if topic not in ("journal", "commands")), "commands")
        done += await _make(address, admin, before, others, count, replicas)
        done += await grow(admin, await _short_task_topics(address, admin, count))
        return done + await _mend(address, admin, before)


def _count(address: KafkaAddress, before: Mapping[str, Found], asked: int | None) -> int:
    """How many partitions there shall be: as many as are asked for, else as there are."""
    there = {name: before[name].partitions for topic in DIVIDED if (name := address.topic(topic)) in before}
    count = asked or max(there.values(), default=PARTITIONS_DEFAULT)
    check_partitions(count)
    for name, found in there.items():
        if found > count:
            raise LogError(f"{name} has {found} partition(s); {count} were asked for, and partitions can only be added")
    return count


async def _make(
    address: KafkaAddress, admin: AIOKafkaAdminClient, before: Mapping[str, Found], topics: tuple[Topic, ...], count: int, replicas: int
) -> list[str]:
    """Make those topics that are missing, and grow those that are short."""
    missing = [
        NewTopic(address.topic(topic), partitions_in(topic, count, KAFKA_TOPICS), replicas, topic_configs=_made_with(topic, replicas))
        for topic in topics
        if address.topic(topic) not in before
    ]
    there = [address.topic(topic) for topic in topics if topic in DIVIDED and address.topic(topic) in before]
    return await create(admin, missing) + await grow(admin, {name: count for name in there if before[name].partitions < count})


def _made_with(topic: Topic, replicas: int) -> dict[str, str]:
    return settings_of(topic, replicas) | dict(MADE_WITH.get(topic, {}))


async def _short_task_topics(address: KafkaAddress, admin: AIOKafkaAdminClient, count: int) -> dict[str, int]:
    """The topics of tasks that have fewer partitions than the journal."""
    there = await described(admin)
    return {name: count for name, found in there.items() if name.startswith(address.tasks) and len(found) < count}


async def _mend(address: KafkaAddress, admin: AIOKafkaAdminClient, before: Mapping[str, Found]) -> list[str]:
    """Set what is set otherwise on the topics that were there."""
    done: list[str] = []
    for topic in KAFKA_TOPICS:
        name = address.topic(topic)
        if name not in before:
            continue
        wanted = settings_of(topic, before[name].replicas)
        differing = {key: value for key, value in wanted.items() if before[name].settings.get(key) != value}
        if differing:
            await change(admin, name, differing)
            done += [f"set {key}={value} on {name}" for key, value in differing.items()]
    return done


async def is_there(address: KafkaAddress, topic: str) -> bool:
    """Whether a topic of the log is there. Raises LogUnreachable."""
    name = address.topic(topic)
    return name in await asked(address, lambda admin: described(admin, [name]))


async def ensure_kept(address: KafkaAddress, partitions: int) -> None:
    """Make the topic of copies, or give it more partitions; it comes with the first cut. Raises LogError."""
    async with administering(address) as admin:
        name, journal = address.topic(KEPT), address.topic("journal")
        there = await described(admin, [name, journal])
        if name not in there:
            replicas = replicas_of(there[journal]) if journal in there else await replicas_wanted(admin)
            settings = topic_settings(replicas, None, must_last=True) | KEPT_SETTINGS
            await create(admin, [NewTopic(name, partitions, replicas, topic_configs=settings)])
            await wait_until_there(admin, {name: partitions})
        elif len(there[name]) < partitions:
            await grow(admin, {name: partitions})


async def partition_count(address: KafkaAddress) -> int:
    """How many partitions the journal has now. Raises LogUnreachable. With a tail at hand, `Tail.partition_count` is cheaper."""
    name = address.topic("journal")
    there = await asked(address, lambda admin: described(admin, [name]))
    if name not in there:
        raise LogError(f"the topic {name} is missing: refold kafka init --log {address}")
    return len(there[name])
