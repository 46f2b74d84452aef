"""The topics of activities: their names, and that they are there when they are needed, however many ask for them at once."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from contracts.errors import LogError, LogUnreachable
from contracts.worker_topics import task_topic
from infra.log.kafka.admin import init, partition_count
from infra.log.kafka.administration import administering
from infra.log.kafka.task_topics import KnownTaskTopics
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.admin import described, settings_in_force
from refold.kafka.topic import task_topic_settings
from tests.kafka.following import scenario
from tests.kafka.test_log import grow_by_hand
from tests.kafka.topics import new_address


def topic_of(prefix: str, queue: str, kind: str, priority: int) -> str:
    return f"{prefix}.{task_topic(queue, kind, priority)}"


def topics_of(prefix: str, queue: str, kind: str) -> list[str]:
    return [topic_of(prefix, queue, kind, priority) for priority in (9, 5, 1)]


@pytest.mark.parametrize(
    ("priority", "name"),
    [
        (0, "p.activities.q.k.low"),
        (3, "p.activities.q.k.low"),
        (4, "p.activities.q.k"),
        (6, "p.activities.q.k"),
        (7, "p.activities.q.k.high"),
    ],
)
def test_a_priority_says_the_level(priority: int, name: str) -> None:
    assert topic_of("p", "q", "k", priority) == name


def test_what_kafka_does_not_allow_in_a_name_is_replaced_and_told_apart_by_a_hash() -> None:
    plain = topic_of("p", "Heavy_1-x", "send", 5)
    assert plain == "p.activities.Heavy_1-x.send"
    marked = [hashlib.sha256(name.encode()).hexdigest()[:8] for name in ("a.b", "a/b", "größe")]
    assert topic_of("p", "a.b", "send", 5) == f"p.activities.a-b-{marked[0]}.send"
    assert topic_of("p", "a/b", "größe", 5) == f"p.activities.a-b-{marked[1]}.gr--e-{marked[2]}"
    assert topics_of("p", "q", "k") == ["p.activities.q.k.high", "p.activities.q.k", "p.activities.q.k.low"]


async def look_at(address: KafkaAddress) -> dict[str, int]:
    async with administering(address) as admin:
        return {name: len(found) for name, found in (await described(admin)).items() if name.startswith(address.tasks)}


@scenario
async def test_they_are_made_once_with_their_settings_by_however_many_that_need_them(broker: str) -> None:
    address = new_address(broker)
    await init(address, 3)
    names = topics_of(address.prefix, "default", "send")
    processes = [KnownTaskTopics(address, 3) for _ in range(4)]
    await asyncio.gather(*(topics.ensure(names[:2]) for topics in processes for _ in range(3)))
    assert await look_at(address) == dict.fromkeys(names[:2], 3)
    await processes[0].ensure(names)
    assert await look_at(address) == dict.fromkeys(names, 3)
    assert [topics.missing(names) for topics in processes] == [[], *[names[2:]] * 3]
    async with administering(address) as admin:
        [settings] = (await settings_in_force(admin, names[:1])).values()
    wanted = task_topic_settings(1)
    assert {name: settings[name][0] for name in wanted} == wanted


@scenario
async def test_what_is_known_to_be_there_is_not_asked_for_again(broker: str) -> None:
    address = new_address(broker)
    await init(address, 1)
    topics = KnownTaskTopics(address, 1)
    await topics.ensure([topic_of(address.prefix, "q", "k", 5)])
    away = KnownTaskTopics(parse_address("kafka://127.0.0.1:1"), 1)
    away._known = topics._known
    await away.ensure([topic_of(address.prefix, "q", "k", 5)])
    with pytest.raises(LogUnreachable):
        await away.ensure([topic_of(address.prefix, "q", "other", 5)])


@scenario
async def test_they_grow_with_the_log_by_init_and_by_whoever_needs_them(broker: str) -> None:
    address = new_address(broker)
    await init(address, 1)
    names = topics_of(address.prefix, "q", "k")
    topics = KnownTaskTopics(address, 1)
    await topics.ensure(names)
    done = await init(address, 2)
    assert set(done) >= {f"grew {name} to 2 partition(s)" for name in names}
    assert await look_at(address) == dict.fromkeys(names, 2)
    await asyncio.to_thread(grow_by_hand, address, "journal", 4)
    topics.partitions = await partition_count(address)
    await topics.ensure(names[:1])
    assert await look_at(address) == {names[0]: 4, names[1]: 2, names[2]: 2}


@scenario
async def test_a_topic_that_cannot_be_made_is_named(broker: str) -> None:
    address = new_address(broker)
    await init(address, 1)
    with pytest.raises(LogError, match=r"the topic .*q{100}.* cannot be looked at: InvalidTopicError"):
        await KnownTaskTopics(address, 1).ensure([topic_of(address.prefix, "q" * 200, "k" * 100, 5)])
