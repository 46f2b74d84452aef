"""What is asked of a cluster's administration: topics made, grown, looked at, set; each with its answer awaited and checked.

What a broker has acknowledged is not at once known to all of them, so what was done is looked at until it shows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidPartitionsError,
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import CONNECT_TIMEOUT_S, give_up, is_away, is_fatal, reason, start

REQUEST_TIMEOUT_MS: Final = 10_000
DONE_TIMEOUT_S: Final = 30.0
BROKERS_TIMEOUT_S: Final = 10.0
"""So long a broker that has just come back may not count yet, as its cluster keeps it fenced until it has caught up."""
RETRY_PAUSE_S: Final = 0.1
SET_ON_TOPIC: Final = 1
"""The source of a setting that was set on the topic itself."""


class AdminRefused(Unavailable):
    """A broker answers, and refuses what was asked of it."""


@asynccontextmanager
async def admin_client(address: KafkaAddress, timeout_s: float = 0.0) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for a while; a broker is looked for so long. Raises Unavailable, and what `is_fatal` where nobody may look."""
    admin = await _connected(address, timeout_s)
    try:
        yield admin
    except Exception as error:
        if is_fatal(error) or not is_away(error):
            raise
        raise Unavailable(f"the log {address} cannot be looked at: {reason(error)}") from error
    finally:
        await give_up(admin.close())


async def _connected(address: KafkaAddress, timeout_s: float) -> AIOKafkaAdminClient:
    """A client that has reached a broker; tried again for a while, as brokers start and restart."""
    deadline = time.monotonic() + timeout_s
    while True:
        admin = AIOKafkaAdminClient(**address.client_settings(), request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await start(admin, timeout_s or CONNECT_TIMEOUT_S)
            if not admin._client.cluster.brokers():
                raise KafkaConnectionError("the broker that answers knows of none yet")
            return admin
        except Exception as error:
            await give_up(admin.close())
            if not is_away(error):
                raise
            if time.monotonic() >= deadline:
                if is_fatal(error):
                    raise
                raise Unavailable(f"no broker answers at {', '.join(address.servers)}: {reason(error)}") from error
        await asyncio.sleep(RETRY_PAUSE_S)


async def described(admin: AIOKafkaAdminClient, names: Iterable[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Those of the topics (None: all) that are there, with their partitions. Raises AdminRefused for one that may not be looked at.

    aiokafka's own `describe_topics` makes a missing topic, where the brokers allow it, and with the wrong settings.
    """
    request = MetadataRequest(None if names is None else list(names), allow_auto_topic_creation=False)
    answer = await admin._send_request(request)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in answer.to_object()["topics"]:
        error = for_code(one["error_code"])
        if error is UnknownTopicOrPartitionError:
            continue
        if error.errno and not error.retriable:
            raise AdminRefused(f"the topic {one['topic']} cannot be looked at: {error.__name__}")
        found[one["topic"]] = one["partitions"]
    return found


async def settings_in_force(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """Every setting of those topics that are there, with its source."""
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for answer in answers:
        for code, message, _, name, entries, *_ in answer.resources:
            if code == UnknownTopicOrPartitionError.errno:  # it was deleted a moment ago
                continue
            if code:
                raise AdminRefused(f"the settings of {name} cannot be read: {message or for_code(code).__name__}")
            found[name] = {entry[0]: (entry[1] or "", entry[3]) for entry in entries}
    return found


async def broker_count(admin: AIOKafkaAdminClient) -> int:
    """How many brokers the cluster has. Raises Unavailable where none counts in time."""
    deadline = time.monotonic() + BROKERS_TIMEOUT_S
    while not (found := len((await admin.describe_cluster())["brokers"])):
        if time.monotonic() >= deadline:
            raise Unavailable(f"the cluster has no broker that is ready {BROKERS_TIMEOUT_S:g} s after one has answered")
        await asyncio.sleep(RETRY_PAUSE_S)
    return found


async def create(admin: AIOKafkaAdminClient, topics: Sequence[NewTopic]) -> list[str]:
    """Make topics; what was done, a line each. One that somebody else has made meanwhile is as good."""
    if not topics:
        return []
    wanted, deadline = list(topics), time.monotonic() + BROKERS_TIMEOUT_S
    while wanted:
        answer = await admin.create_topics(wanted, timeout_ms=REQUEST_TIMEOUT_MS)
        refused = {name: (code, *rest) for name, code, *rest in answer.topic_errors if code not in (0, TopicAlreadyExistsError.errno)}
        for name, (code, *rest) in refused.items():
            if code != InvalidReplicationFactorError.errno or time.monotonic() >= deadline:
                raise AdminRefused(f"the topic {name} could not be made: {rest[0] if rest and rest[0] else for_code(code).__name__}")
        if wanted := [one for one in wanted if one.name in refused]:
            await asyncio.sleep(RETRY_PAUSE_S)
    await wait_until_there(admin, {one.name: one.num_partitions for one in topics})
    return [f"made {one.name}: {one.num_partitions} partition(s), {one.replication_factor} replica(s)" for one in topics]


async def grow(admin: AIOKafkaAdminClient, counts: Mapping[str, int]) -> list[str]:
    """Give topics more partitions, so that they have as many as named; what was done, a line each."""
    for name, count in counts.items():
        try:
            await admin.create_partitions({name: NewPartitions(count)}, timeout_ms=REQUEST_TIMEOUT_MS)
        except InvalidPartitionsError:  # somebody else was faster; whether it has enough is looked at below
            pass
        except KafkaError as error:
            if error.retriable:
                raise
            raise AdminRefused(f"{name} could not be given {count} partition(s): {error!r}") from error
    await wait_until_there(admin, counts)
    return [f"grew {name} to {count} partition(s)" for name, count in counts.items()]


async def wait_until_there(admin: AIOKafkaAdminClient, counts: Mapping[str, int]) -> None:
    """Wait until topics are known with so many partitions at least, and a leader for each."""
    deadline = time.monotonic() + DONE_TIMEOUT_S
    while time.monotonic() < deadline:
        there = await described(admin, counts)
        if all(len(led := _led(there.get(name, []))) >= count and len(led) == len(there[name]) for name, count in counts.items()):
            return
        await asyncio.sleep(RETRY_PAUSE_S / 2)
    raise Unavailable(f"{', '.join(counts)}: they have no leaders {DONE_TIMEOUT_S:g} s after they were made")


def _led(partitions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in partitions if not one["error_code"] and one["leader"] >= 0]


async def change(admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str]) -> None:
    """Change settings of a topic; what else was set on it is kept."""
    before = (await settings_in_force(admin, [name]))[name]
    kept = {key: value for key, (value, source) in before.items() if source == SET_ON_TOPIC}
    for answer in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, kept | dict(wanted))]):
        for code, message, *_ in answer.resources:
            if code:
                raise AdminRefused(f"the settings of {name} could not be changed: {message or for_code(code).__name__}")
    deadline = time.monotonic() + DONE_TIMEOUT_S
    while time.monotonic() < deadline:
        found = (await settings_in_force(admin, [name]))[name]
        if all(found[key][0] == value for key, value in wanted.items()):
            return
        await asyncio.sleep(RETRY_PAUSE_S / 2)
    raise Unavailable(f"the settings of {name} are not in force {DONE_TIMEOUT_S:g} s after they were changed")
