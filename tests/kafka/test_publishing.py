"""Public events on Kafka: every consumer hears each of them, in order, whoever publishes meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from contracts.ports.event_topic import EventRecord
from contracts.positions import Positions
from contracts.public_events import BY_TYPE
from infra.log.kafka.event_topic import KafkaEventTopic
from projections.public.present import PUBLIC
from refold.kafka.address import KafkaAddress
from tests.api.conftest import HELLO, Server
from tests.kafka.played_engine import ROOT, until
from tests.kafka.test_cluster import Engines
from tests.kafka.topics import new_topics

PARTITIONS = 4
PUBLISHES = ("--roles", "api,owner,projector,worker,publisher")
PUBLIC_NAMES = {event.__name__ for event in PUBLIC}


def read(address: KafkaAddress) -> list[tuple[int, bytes, dict[str, Any]]]:
    """All that stands in the topic: partition, key, event."""

    async def consume() -> list[tuple[int, bytes, dict[str, Any]]]:
        async with AIOKafkaConsumer(**address.client_settings()) as consumer:
            keys = [TopicPartition(address.topic("events"), partition) for partition in range(PARTITIONS)]
            consumer.assign(keys)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(keys)
            found = []
            while any([await consumer.position(key) < ends[key] for key in keys]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        assert ("content-type", b"application/cloudevents+json") in record.headers
                        found.append((record.partition, record.key, json.loads(record.value)))
            return found

    return asyncio.run(consume())


def expected(server: Server, execution: str) -> list[str]:
    """The ids of the public events of an execution, by its history."""
    events = server.get(f"/v1/executions/{execution}/history?limit=1000").json["events"]
    return [f"{execution}/{event['version']}" for event in events if event["type"] in PUBLIC_NAMES]


def heard(address: KafkaAddress) -> dict[str, list[str]]:
    """By execution the ids, in the order in which they were first heard."""
    found: dict[str, dict[str, None]] = {}
    for _, _, event in read(address):
        found.setdefault(event["subject"], {})[event["id"]] = None
    return {execution: list(ids) for execution, ids in found.items()}


def until_published(address: KafkaAddress, server: Server, executions: list[str]) -> dict[str, list[str]]:
    """Wait until all events of these are there; what is."""
    wanted = {execution: expected(server, execution) for execution in executions}
    found: dict[str, list[str]] = {}

    def is_there() -> bool:
        found.clear()
        found.update(heard(address))
        return all(len(found.get(execution, [])) >= len(ids) for execution, ids in wanted.items())

    until(is_there, "not all events are published")
    assert {execution: found[execution] for execution in executions} == wanted
    return found


def run_many(server: Server, count: int) -> list[str]:
    return [server.start("hello", {"name": str(number)}, wait=30)["execution_id"] for number in range(count)]


def test_each_event_stands_in_the_topic_under_its_execution_and_a_plain_client_hears_it(engines: Engines, tmp_path: Path) -> None:
    server = engines.start("a", *PUBLISHES)
    server.publish(HELLO)
    executions = run_many(server, 6)
    until_published(engines.address, server, executions)
    for partition, key, event in read(engines.address):
        assert (key.decode(), event["type"] in BY_TYPE) == (event["subject"], True)
        assert int(event["position"]) % 1024 == partition
        history = server.get(event["data"]["href"]).json["events"]
        assert [one["version"] for one in history] == [event["data"]["version"]]
    out = tmp_path / "heard.txt"
    address = engines.address
    command = [sys.executable, str(ROOT / "docs/snippets/kafka_consumer.py"), ",".join(address.servers), address.topic("events")]
    with out.open("wb") as file, subprocess.Popen(command, stdout=file) as consumer:
        try:
            wanted = {name for execution in executions for name in expected(server, execution)}
            until(lambda: {line.split()[0] for line in out.read_text().splitlines()} == wanted, "the client has not heard all")
        finally:
            consumer.kill()


def test_who_takes_over_from_a_publisher_that_was_killed_misses_nothing(engines: Engines) -> None:
    first, second = engines.start("a", *PUBLISHES), engines.start("b", *PUBLISHES)
    first.publish(HELLO)
    until(lambda: second.get("/v1/workflows/hello").status == 200)
    executions = [second.start("hello", {"name": "x"})["execution_id"] for _ in range(40)]
    first.kill()
    executions += [second.start("hello", {"name": "x"})["execution_id"] for _ in range(40)]
    until(lambda: all(second.get(f"/v1/executions/{one}").json.get("status") == "completed" for one in executions))
    until_published(engines.address, second, executions)


def lag(server: Server) -> float | None:
    """What the metrics say."""
    lines = [line for line in server.get("/metrics").content.decode().splitlines() if line.startswith("refold_events_lag ")]
    return float(lines[0].split()[1]) if lines else None


def test_one_that_only_publishes_tells_of_what_was_before_it_came_and_the_lag_says_when_it_is_gone(engines: Engines) -> None:
    server = engines.start("a")
    server.publish(HELLO)
    executions = run_many(server, 3)
    assert lag(server) is None
    publisher = engines.start("p", "--roles", "publisher")
    executions += run_many(server, 3)
    until_published(engines.address, server, executions)
    until(lambda: lag(server) == 0, "it is not published")
    publisher.kill()
    run_many(server, 2)
    assert until(lambda: lag(server))


def story(address: KafkaAddress, tell: Callable[[KafkaEventTopic], Any], retention_h: float = 168.0) -> Any:
    async def run() -> Any:
        topic = KafkaEventTopic(address, 1_000_000, retention_h, Positions(is_divided=True))
        try:
            await topic.ensure(PARTITIONS)
            return await tell(topic)
        finally:
            await topic.close()

    return asyncio.run(run())


def test_a_checkpoint_is_what_was_committed_or_else_what_the_last_event_says(broker: str) -> None:
    address = new_topics(broker, PARTITIONS)

    async def write(topic: KafkaEventTopic) -> dict[int, int]:
        await topic.append(1, [EventRecord(b"x", b'{"position": "%d"}' % (77 * 1024 + 1))])
        await topic.append(3, [EventRecord(b"x", b"junk")])
        await topic.save({2: 5})
        return dict(await topic.load([0, 1, 2, 3]))

    async def load(topic: KafkaEventTopic) -> dict[int, int]:
        return dict(await topic.load([2, 1]))

    assert story(address, write) == {0: 0, 1: 77, 2: 5, 3: 0}
    assert story(address, load) == {1: 77, 2: 5}


def test_the_topic_has_the_retention_that_is_set_and_gets_another_one(broker: str) -> None:
    from infra.log.kafka.administration import administering
    from refold.kafka.admin import settings_in_force

    address = new_topics(broker, PARTITIONS)

    async def retention(_: KafkaEventTopic) -> str:
        async with administering(address) as admin:
            name = address.topic("events")
            return (await settings_in_force(admin, [name]))[name]["retention.ms"][0]

    assert story(address, retention, 2.0) == str(2 * 3600 * 1000)
    assert story(address, retention, 1.0) == str(3600 * 1000)
