"""Kafka triggers: each record starts one execution, whatever it holds and whoever dies; what is no value is listed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from refold.kafka.address import KafkaAddress
from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines
from tests.kafka.topics import new_topics

MIB = 1024 * 1024


def reads(topic: str, **more: Any) -> dict[str, Any]:
    trigger = {"id": "t", "type": "kafka", "topic": topic, "start": "earliest", **more}
    return {
        "name": "pay",
        "triggers": [trigger],
        "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": {"of": "{{ trigger.message.offset }}"}}}],
    }


async def make(address: KafkaAddress, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(**address.client_settings())
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs={"max.message.bytes": str(4 * MIB)})])
    finally:
        await admin.close()


async def write(address: KafkaAddress, topic: str, values: Sequence[bytes | None], key: bytes | None = None) -> None:
    producer = AIOKafkaProducer(**address.client_settings(), max_request_size=4 * MIB)
    await producer.start()
    try:
        for number, value in enumerate(values):
            await producer.send_and_wait(topic, value, key=key or str(number).encode(), headers=[("from", b"bank"), ("raw", b"\xff")])
    finally:
        await producer.stop()


async def write_batch(address: KafkaAddress, topic: str, names: Sequence[bytes], partition: int = 0) -> None:
    """Records in one batch, each with a header whose name is these bytes, as other clients may write it."""
    producer = AIOKafkaProducer(**address.client_settings())
    await producer.start()
    try:
        batch = producer.create_batch()
        for number, name in enumerate(names):
            batch.append(timestamp=None, key=b"k", value=str(number).encode(), headers=[("~" * len(name), b"x")])
        content = bytearray(batch._build())
        for name in names:
            content = content.replace(b"~" * len(name), name, 1)
        content[17:21] = calc_crc32c(bytes(content[21:])).to_bytes(4, "big")
        batch._buffer = content
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def committed(address: KafkaAddress, topic: str, group: str, partition: int = 0) -> int | None:
    consumer = AIOKafkaConsumer(**address.client_settings(), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        found: int | None = await consumer.committed(TopicPartition(topic, partition))
        return found
    finally:
        await consumer.stop()


def given(server: Server) -> list[Any]:
    found = server.get("/v1/executions?workflow=pay&limit=500").json["executions"]
    return [server.get(f"/v1/executions/{one['execution_id']}/state").json["input"] for one in found]


def skipped(server: Server) -> list[tuple[str, str]]:
    return [(one["reason"], one["cause"]) for one in server.get("/v1/triggers/pay.t").json["skipped"]]


@pytest.fixture
def address(broker: str) -> KafkaAddress:
    return new_topics(broker, 1)


@pytest.fixture
def topic(address: KafkaAddress) -> str:
    return f"payments-{address.prefix}"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def make(*flags: str) -> Server:
        started.append(Server(tmp_path / "data", *flags))
        return started[-1]

    try:
        yield make
    finally:
        for one in started:
            one.kill()


@pytest.fixture
def alone(serve: Callable[..., Server], broker: str) -> Server:
    return serve("--set", f"trigger_brokers=kafka://{broker}")


def test_what_a_topic_holds_starts_executions_and_junk_is_listed(alone: Server, address: KafkaAddress, topic: str) -> None:
    asyncio.run(make(address, topic, 1))
    alone.publish(reads(topic, input={"given": "{{ trigger.body }}", "key": "{{ trigger.key }}", "from": "{{ trigger.headers.from }}"}))
    big = b'"' + b"x" * MIB + b'"'
    asyncio.run(write(address, topic, [b'{"amount": 7}', b"{junk", b"\xff\xfe", None, b"1e400", big, b"[" * 250 + b"]" * 250]))
    until(lambda: asyncio.run(committed(address, topic, "refold-pay.t")) == 7, "not all is committed")
    unfit = [cause for reason, cause in skipped(alone) if reason != "away"]  # a topic that was just made may not be seen at once
    assert sorted(unfit) == [f"{topic}/0/{offset}" for offset in (1, 2, 4, 6)]
    assert {reason for reason, _ in skipped(alone)} - {"away"} == {"value", "input"}
    found = until(lambda: len(one := given(alone)) == 3 and one, "not all were started")
    small = sorted((one for one in found if one.get("key") in ("0", "3")), key=lambda one: str(one["key"]))
    assert small == [{"given": {"amount": 7}, "key": "0", "from": "bank"}, {"given": None, "key": "3", "from": "bank"}]


def test_a_record_whose_headers_cannot_be_read_is_listed_and_passed_over(alone: Server, address: KafkaAddress, topic: str) -> None:
    asyncio.run(make(address, topic, 2))
    alone.publish(reads(topic, input={"given": "{{ trigger.body }}"}))
    asyncio.run(write_batch(address, topic, [b"name"]))
    asyncio.run(write_batch(address, topic, [b"name", b"\xff\xfen", b"name"]))
    asyncio.run(write_batch(address, topic, [b"\xff\xfe"]))
    asyncio.run(write_batch(address, topic, [b"name", b"name"]))
    asyncio.run(write_batch(address, topic, [b"name"], partition=1))
    until(lambda: asyncio.run(committed(address, topic, "refold-pay.t")) == 7, "not all is committed")
    until(lambda: asyncio.run(committed(address, topic, "refold-pay.t", 1)) == 1, "not all is committed")
    unfit = [one for one in skipped(alone) if one[0] != "away"]
    assert sorted(unfit) == [("headers", f"{topic}/0/{offset}") for offset in (2, 3, 4)]
    found = until(lambda: len(one := given(alone)) == 5 and one, "not all were started")
    assert sorted(one["given"] for one in found) == [0, 0, 0, 0, 1]


def test_a_topic_that_is_not_there_yet_is_waited_for_and_what_comes_is_as_it_says(alone: Server, address: KafkaAddress, topic: str) -> None:
    alone.publish(reads(topic, value="bytes", group=f"mine-{topic}", key="trigger.key", input={"given": "{{ trigger.body }}"}))
    until(lambda: skipped(alone) == [("away", f"topic {topic}")], "nobody says that it is not there")
    asyncio.run(make(address, topic, 2))
    asyncio.run(write(address, topic, [b"\xff", b"\xff"], key=b"same"))
    until(lambda: len(given(alone)) == 1, "nothing was started")
    assert given(alone) == [{"given": {"base64": "/w=="}}]


def test_brokers_that_nobody_names_or_that_are_private_are_said(serve: Callable[..., Server], broker: str, topic: str) -> None:
    away = serve("--set", "trigger_brokers=kafka://127.0.0.1:1")
    away.publish(reads(topic))
    until(lambda: skipped(away) == [("away", f"topic {topic}")])
    away.kill()
    server = serve()
    until(lambda: len(skipped(server)) == 2)
    assert "set `trigger_brokers`" in server.get("/v1/triggers/pay.t").json["skipped"][0]["message"]
    server.publish(reads(topic, servers=[broker]))
    until(lambda: "allow_private_addresses" in server.get("/v1/triggers/pay.t").json["skipped"][0]["message"])


def test_what_is_wrong_with_a_topic_is_said_when_it_is_published(alone: Server) -> None:
    def problem(**config: Any) -> tuple[str, str]:
        found = alone.post("/v1/workflows", reads(**{"topic": "t", **config})).json["problems"][0]
        return found["path"], found["rule"]

    assert problem(topic="no/topic")[0] == "triggers[0].topic"
    assert problem(topic="..") == ("triggers[0].topic", "pattern")
    assert problem(group="a b")[0] == "triggers[0].group"
    assert problem(servers=["broker"]) == ("triggers[0].servers[0]", "pattern")
    assert problem(servers=["broker:99999"]) == ("triggers[0].servers[0]", "pattern")
    assert problem(value="xml")[0] == "triggers[0].value"
    assert problem(key="trigger.nothing") == ("triggers[0].key", "unknown_name")


def test_a_cluster_reads_its_own_brokers_and_a_killed_engine_loses_and_doubles_no_record(engines: Engines) -> None:
    topic = f"payments-{engines.address.prefix}"
    asyncio.run(make(engines.address, topic, 3))
    first, second = engines.start("a"), engines.start("b")
    first.publish(reads(topic))
    until(lambda: second.get("/v1/workflows/pay").status == 200)
    asyncio.run(write(engines.address, topic, [str(number).encode() for number in range(30)]))
    until(lambda: len(listed(second)) >= 10, "nothing was started")
    first.kill()
    asyncio.run(write(engines.address, topic, [str(number).encode() for number in range(30, 60)]))
    until(lambda: len(listed(second)) >= 60, "not all were started")
    assert len({one["execution_id"] for one in listed(second)}) == 60


def listed(server: Server) -> list[dict[str, Any]]:
    answer = server.get("/v1/executions?workflow=pay&limit=500")
    return list(answer.json["executions"]) if answer.status == 200 else []
