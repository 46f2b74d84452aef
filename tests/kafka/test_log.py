"""What the log on Kafka holds besides the port's suite: sizes, compression, gaps, and producers in doubt."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import closing
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogError, LogUnreachable, RecordTooLarge
from contracts.ports.log import RECORD_FRAME_BYTES, Topic
from infra.log.kafka.admin import init, look
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.topics import settings_of, topics_of
from refold.kafka.address import KafkaAddress, parse_address
from tests.kafka.topics import KafkaLogs, new_topics


def administer(servers: str, call: Any) -> Any:
    async def run() -> Any:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        try:
            return await call(admin)
        finally:
            await admin.close()

    return asyncio.run(run())


def set_on_topic(address: KafkaAddress, topic: Topic, **settings: str) -> None:
    """Change settings of a topic; the others stay as they were made."""
    values = settings_of(topic, 1) | {name.replace("_", "."): value for name, value in settings.items()}
    resource = ConfigResource(ConfigResourceType.TOPIC, address.topic(topic), values)
    administer(address.servers[0], lambda admin: admin.alter_configs([resource]))
    deadline = time.monotonic() + 30
    while not asyncio.run(look(address))[address.topic(topic)].settings.items() >= values.items():
        assert time.monotonic() < deadline


def grow_by_hand(address: KafkaAddress, topic: Topic, count: int) -> None:
    """Give a topic more partitions with Kafka's own tools, and wait until that is known."""
    administer(address.servers[0], lambda admin: admin.create_partitions({address.topic(topic): NewPartitions(count)}))
    deadline = time.monotonic() + 30
    while asyncio.run(look(address))[address.topic(topic)].partitions < count:
        assert time.monotonic() < deadline


# Sizes.


def test_a_batch_at_the_limit_is_taken_and_one_byte_more_is_refused_unsent(logs: KafkaLogs) -> None:
    log = logs.open()
    third = log.batch_bytes_max // 3 - RECORD_FRAME_BYTES
    rest = log.batch_bytes_max - 2 * third - 3 * RECORD_FRAME_BYTES
    assert log.append("journal", {0: [os.urandom(third), os.urandom(third), os.urandom(rest)]}) == {0: 0}
    answer = log.append("journal", {0: [os.urandom(third), os.urandom(third), os.urandom(rest + 1)]})[0]
    assert isinstance(answer, RecordTooLarge)
    assert f"the log takes {log.batch_bytes_max:,}" in str(answer)
    assert log.append("journal", {0: [b"next"]}) == {0: 3}


def test_many_small_records_fill_a_batch_no_more_than_is_counted(logs: KafkaLogs) -> None:
    log = logs.open()
    records = [b"x"] * (log.batch_bytes_max // (RECORD_FRAME_BYTES + 1))
    assert log.append("journal", {0: records}) == {0: 0}
    assert log.end("journal", 0) == len(records)


def test_a_batch_that_the_broker_refuses_does_no_harm_to_the_next(broker: str, logs: KafkaLogs) -> None:
    log = logs.open(partitions=2)
    log.append("journal", {0: [b"before"], 1: [b"before"]})
    assert logs.address is not None
    set_on_topic(logs.address, "journal", max_message_bytes="100000")
    answers = log.append("journal", {0: [os.urandom(500_000)], 1: [b"small"]})
    assert isinstance(answers[0], RecordTooLarge)
    assert answers[1] == 1
    assert log.append("journal", {0: [b"next"], 1: [b"next"]}) == {0: 1, 1: 2}


@pytest.mark.parametrize("compression", ["gzip", "lz4", "snappy", "zstd"])
def test_compressed_batches_come_back_as_they_were(broker: str, compression: str) -> None:
    written = [b"%d: the same again and again" % number for number in range(5_000)]
    with closing(KafkaLog(new_topics(broker, compression=compression))) as log:
        assert log.append("journal", {0: written[:3_000]}) == {0: 0}
        assert log.append("journal", {0: written[3_000:]}) == {0: 3_000}
        assert list(log.read("journal", 0)) == list(enumerate(written))
        assert list(log.read("journal", 0, 2_990, 3_010)) == list(enumerate(written))[2_990:3_010]


def test_a_topic_that_compresses_by_itself_keeps_offsets_contiguous(broker: str, logs: KafkaLogs) -> None:
    log = logs.open()
    assert logs.address is not None
    set_on_topic(logs.address, "journal", compression_type="gzip")
    assert [log.append("journal", {0: [b"again"] * 500})[0] for _ in range(3)] == [0, 500, 1_000]
    assert list(log.read("journal", 0)) == [(offset, b"again") for offset in range(1_500)]


# What is gone.


def test_records_that_were_deleted_are_a_gap_and_reading_after_it_goes_on(broker: str, logs: KafkaLogs) -> None:
    log = logs.open()
    for number in range(4):
        log.append("journal", {0: [b"%d" % number] * 3})
    assert logs.address is not None
    place = TopicPartition(logs.address.topic("journal"), 0)
    administer(broker, lambda admin: admin.delete_records({place: RecordsToDelete(before_offset=7)}))
    with pytest.raises(LogCorrupt, match=r"partition 0 lacks offset 0; the first one that is there is 7"):
        list(log.read("journal", 0))
    assert list(log.read("journal", 0, 7)) == [(7, b"2"), (8, b"2"), (9, b"3"), (10, b"3"), (11, b"3")]


def test_a_transaction_of_somebody_else_leaves_an_offset_that_is_no_record(broker: str, logs: KafkaLogs) -> None:
    log = logs.open()
    log.append("journal", {0: [b"ours"]})
    assert logs.address is not None
    topic = logs.address.topic("journal")

    async def transact() -> None:
        from aiokafka import AIOKafkaProducer

        async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic) as producer, producer.transaction():
            await producer.send_and_wait(topic, b"theirs", partition=0)

    asyncio.run(transact())
    while log.end("journal", 0) < 3:  # the marker comes after the answer; a test that never ends would say so
        pass
    with pytest.raises(LogCorrupt, match="lacks offset 2; what was fetched there holds no record"):
        list(log.read("journal", 0))
    assert log.append("journal", {0: [b"ours"]}) == {0: 3}
    with pytest.raises(LogCorrupt, match="lacks offset 2; the next one is 3"):
        list(log.read("journal", 0))


def test_a_topic_made_anew_is_said_loudly(broker: str, logs: KafkaLogs, caplog: pytest.LogCaptureFixture) -> None:
    log = logs.open()
    log.append("journal", {0: [b"a", b"b", b"c"]})
    assert logs.address is not None
    make_anew(broker, logs)
    assert log.end("journal", 0) == 0
    assert "partition 0 ends at 0; 3 was acknowledged: records are lost" in caplog.text


def make_anew(broker: str, logs: KafkaLogs) -> None:
    """Delete the topics of a log, and make them again under the same names."""
    address = logs.address
    assert address is not None
    administer(broker, lambda admin: admin.delete_topics(topics_of(address)))
    while asyncio.run(look(address)):
        pass
    asyncio.run(init(address, 1))


# Nobody there.


def test_without_a_broker_it_says_so_in_time(unused_port: int) -> None:
    with pytest.raises(LogUnreachable, match=rf"no broker answers at 127.0.0.1:{unused_port}"):
        KafkaLog(parse_address(f"kafka://127.0.0.1:{unused_port}"), read_timeout_s=0.3)


def test_without_its_topics_it_names_them_and_the_command_that_makes_them(broker: str) -> None:
    with pytest.raises(LogError, match=rf"the topic none-here.journal is missing: refold kafka init --log kafka://{broker}/none-here"):
        KafkaLog(parse_address(f"kafka://{broker}/none-here"))


def test_another_number_of_partitions_than_there_is_is_refused(broker: str) -> None:
    with pytest.raises(LogError, match=r"has 3 partition\(s\); 2 were asked for"):
        KafkaLog(new_topics(broker, 3), partitions=2)


def test_a_log_that_is_closed_leaves_no_thread(logs: KafkaLogs) -> None:
    log = logs.open()
    log.append("journal", {0: [b"x"]})
    assert any(thread.name == "kafka" for thread in threading.enumerate())
    log.close()
    assert not any(thread.name == "kafka" for thread in threading.enumerate())


@pytest.fixture
def unused_port() -> int:
    from brokers.cluster import free_ports

    return free_ports(1)[0]
