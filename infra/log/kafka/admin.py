"""Looking at topics, making them, and setting their settings. Every call brings its own client, and lets go of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from contracts.errors import LogError, LogUnreachable
from contracts.ports.log import TOPICS
from infra.log.arguments import check_partitions, partitions_in
from infra.log.kafka.address import KafkaAddress
from infra.log.kafka.loop import give_up, reason
from infra.log.kafka.topics import PARTITIONS_DEFAULT, Found, settings_of

REQUEST_TIMEOUT_MS: Final = 10_000
CONNECT_TIMEOUT_S: Final = 10.0
CREATE_TIMEOUT_S: Final = 30.0
RETRY_PAUSE_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 1.0
SET_ON_TOPIC: Final = 1
"""The source of a setting that was set on the topic itself."""


async def look(address: KafkaAddress, timeout_s: float = CONNECT_TIMEOUT_S) -> dict[str, Found]:
    """Those of our topics that are there. Raises LogUnreachable where no broker answers."""
    async with _admin(address, timeout_s) as admin:
        return await _look(address, admin)


async def _look(address: KafkaAddress, admin: AIOKafkaAdminClient) -> dict[str, Found]:
    described = dict(_described(await admin.describe_topics(address.topics)))
    if not described:
        return {}
    settings = await _settings(admin, list(described))
    return {
        name: Found(
            len(partitions), min(len(one["replicas"]) for one in partitions), {key: value for key, (value, _) in settings[name].items()}
        )
        for name, partitions in described.items()
    }


def _described(topics: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The topics that are there, with their partitions. Raises LogError for one that may not be looked at."""
    for one in topics:
        error = for_code(one["error_code"])
        if error is UnknownTopicOrPartitionError:
            continue
        if error.errno and not error.retriable:
            raise LogError(f"the topic {one['topic']} cannot be looked at: {error.__name__}")
        yield one["topic"], one["partitions"]


async def _settings(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """Every setting of the topics that is in force, with its source."""
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for answer in answers:
        for code, message, _, name, entries, *_ in answer.resources:
            if code:
                raise LogError(f"the settings of {name} cannot be read: {message or for_code(code).__name__}")
            found[name] = {entry[0]: (entry[1] or "", entry[3]) for entry in entries}
    return found


async def init(address: KafkaAddress, partitions: int | None = None, replicas: int | None = None) -> list[str]:
    """Make the topics that are missing, and set what is set otherwise; what was done, a line each.

    Partitions and replicas of topics that are there stay as they are.
    """
    async with _admin(address) as admin:
        before = await _look(address, admin)
        journal = before.get(address.topic("journal"))
        count = partitions or (journal.partitions if journal else PARTITIONS_DEFAULT)
        check_partitions(count)
        if journal is not None and journal.partitions != count:
            raise LogError(f"{address.topic('journal')} has {journal.partitions} partition(s); {count} were asked for")
        brokers = len((await admin.describe_cluster())["brokers"])
        done = await _create(address, admin, before, count, replicas or min(3, brokers))
        await _wait_until_there(address, admin, count)
        return done + await _mend(address, admin, before)


async def _create(address: KafkaAddress, admin: AIOKafkaAdminClient, before: Mapping[str, Found], count: int, replicas: int) -> list[str]:
    missing = [topic for topic in TOPICS if address.topic(topic) not in before]
    new = [
        NewTopic(address.topic(topic), partitions_in(topic, count), replicas, topic_configs=settings_of(topic, replicas))
        for topic in missing
    ]
    if not new:
        return []
    answer = await admin.create_topics(new, timeout_ms=REQUEST_TIMEOUT_MS)
    for name, code, *rest in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise LogError(f"the topic {name} could not be made: {rest[0] if rest and rest[0] else for_code(code).__name__}")
    return [f"made {one.name}: {one.num_partitions} partition(s), {replicas} replica(s)" for one in new]


async def _wait_until_there(address: KafkaAddress, admin: AIOKafkaAdminClient, count: int) -> None:
    """A topic that was made is not at once known to every broker, with a leader for each partition."""
    deadline = time.monotonic() + CREATE_TIMEOUT_S
    while time.monotonic() < deadline:
        described = {one["topic"]: one for one in await admin.describe_topics(address.topics)}
        if all(_has_leaders(described.get(name)) for name in address.topics):
            return
        await asyncio.sleep(RETRY_PAUSE_S / 2)
    raise LogUnreachable(f"the topics of {address} have no leaders {CREATE_TIMEOUT_S:g} s after they were made")


def _has_leaders(described: Mapping[str, object] | None) -> bool:
    if described is None or described["error_code"]:
        return False
    partitions = described["partitions"]
    assert isinstance(partitions, list)
    return all(not one["error_code"] and one["leader"] >= 0 for one in partitions)


async def _mend(address: KafkaAddress, admin: AIOKafkaAdminClient, before: Mapping[str, Found]) -> list[str]:
    """Set what is set otherwise on the topics that were there; what else was set on them is kept."""
    done: list[str] = []
    there = [topic for topic in TOPICS if address.topic(topic) in before]
    settings = await _settings(admin, [address.topic(topic) for topic in there]) if there else {}
    for topic in there:
        name = address.topic(topic)
        wanted = settings_of(topic, before[name].replicas)
        differing = {key: value for key, value in wanted.items() if settings[name].get(key, ("", 0))[0] != value}
        if not differing:
            continue
        kept = {key: value for key, (value, source) in settings[name].items() if source == SET_ON_TOPIC}
        for answer in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, kept | wanted)]):
            for code, message, *_ in answer.resources:
                if code:
                    raise LogError(f"the settings of {name} could not be changed: {message or for_code(code).__name__}")
        await _wait_until_set(admin, name, differing)
        done += [f"set {key}={value} on {name}" for key, value in differing.items()]
    return done


async def _wait_until_set(admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str]) -> None:
    """A setting that was changed is not at once in force at every broker."""
    deadline = time.monotonic() + CREATE_TIMEOUT_S
    while time.monotonic() < deadline:
        found = (await _settings(admin, [name]))[name]
        if all(found[key][0] == value for key, value in wanted.items()):
            return
        await asyncio.sleep(RETRY_PAUSE_S / 2)
    raise LogUnreachable(f"the settings of {name} are not in force {CREATE_TIMEOUT_S:g} s after they were changed")


@asynccontextmanager
async def _admin(address: KafkaAddress, timeout_s: float = CONNECT_TIMEOUT_S) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = await _connected(address, timeout_s)
    try:
        yield admin
    except (TimeoutError, KafkaError, OSError) as error:
        raise LogUnreachable(f"the log {address} cannot be looked at: {reason(error)}") from error
    finally:
        await give_up(admin.close(), CLOSE_TIMEOUT_S)


async def _connected(address: KafkaAddress, timeout_s: float) -> AIOKafkaAdminClient:
    """A client that has reached a broker; tried again for a while, as brokers start and restart."""
    deadline = time.monotonic() + timeout_s
    while True:
        admin = AIOKafkaAdminClient(**address.client_settings(), request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await asyncio.wait_for(admin.start(), timeout_s)
            return admin
        except (TimeoutError, KafkaError, OSError) as error:
            await give_up(admin.close(), CLOSE_TIMEOUT_S)
            if time.monotonic() >= deadline:
                raise LogUnreachable(f"no broker answers at {', '.join(address.servers)}: {reason(error)}") from error
        await asyncio.sleep(RETRY_PAUSE_S)
