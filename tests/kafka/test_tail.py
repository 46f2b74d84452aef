"""Following places of the log: everything once and in order, whatever becomes of brokers, leaders and topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial

import pytest
from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogUnreachable
from infra.log.kafka.admin import init
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.tail import EARLIEST, LATEST, Stamped
from infra.log.kafka.topics import settings_of
from refold.kafka.address import KafkaAddress, parse_address
from tests.kafka.following import DEADLINE_S, Follower, following, scenario, until
from tests.kafka.test_log import administer
from tests.kafka.topics import KafkaLogs, new_address

"""Much less than a long poll lasts."""


async def filled(logs: KafkaLogs, partitions: int = 1, count: int = 3) -> tuple[KafkaLog, KafkaAddress]:
    log = await asyncio.to_thread(logs.open, partitions)
    if count:
        records = {partition: [b"%d/%d" % (partition, number) for number in range(count)] for partition in range(partitions)}
        await asyncio.to_thread(log.append, "journal", records)
    assert logs.address is not None
    return log, logs.address


# What comes, and from where.


@scenario
async def test_from_an_offset_from_the_earliest_and_from_the_latest_on(logs: KafkaLogs) -> None:
    log, address = await filled(logs, 3)
    async with following(address) as one:
        one.follow("journal", 0, 1)
        one.follow("journal", 1, EARLIEST)
        one.follow("journal", 2, LATEST)
        await until(lambda: one.tail.position(address.topic("journal"), 2) == 3)
        await asyncio.to_thread(log.append, "journal", {0: [b"new"], 1: [b"new"], 2: [b"new"]})
        await until(lambda: all(one.tail.position(address.topic("journal"), partition) == 4 for partition in range(3)))
        assert one.records("journal", 0) == [(1, b"0/1"), (2, b"0/2"), (3, b"new")]
        assert one.records("journal", 1) == [(0, b"1/0"), (1, b"1/1"), (2, b"1/2"), (3, b"new")]
        assert one.records("journal", 2) == [(3, b"new")]
        assert one.tail.end(address.topic("journal"), 2) == 4
        assert one.problems == []


@scenario
async def test_a_record_has_the_time_at_which_the_log_appended_it(logs: KafkaLogs) -> None:
    before = time.time() * 1000
    log, address = await filled(logs, count=1)
    await asyncio.to_thread(log.append, "journal", {0: [b"later"]})
    async with following(address) as one:
        one.follow("journal", 0)
        await until(lambda: len(one.records("journal", 0)) == 2)
        times = [record.timestamp_ms for batch in one.batches["journal", 0] for record in batch]
        assert before - 1000 <= times[0] <= times[1] <= time.time() * 1000 + 1000


@scenario
async def test_partitions_that_join_one_after_the_other_are_served(logs: KafkaLogs) -> None:
    _, address = await filled(logs, 8)
    async with following(address) as one:
        one.follow("journal", 0, LATEST)
        await until(lambda: one.tail.end(address.topic("journal"), 0) is not None)
        for partition in range(1, 8):
            one.follow("journal", partition)
            await until(partial(one.records, "journal", partition))


@scenario
async def test_many_partitions_that_join_faster_than_there_are_lines_are_all_served(logs: KafkaLogs) -> None:
    _, address = await filled(logs, 20)
    async with following(address) as one:
        for partition in range(20):
            one.follow("journal", partition)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await until(lambda: all(len(one.records("journal", partition)) == 3 for partition in range(20)))


@scenario
async def test_a_place_that_is_followed_again_goes_on_from_there_and_one_that_is_let_go_is_silent(logs: KafkaLogs) -> None:
    log, address = await filled(logs, 2)
    async with following(address) as one:
        one.follow("journal", 0)
        one.follow("journal", 1)
        await until(lambda: one.records("journal", 0) and one.records("journal", 1))
        one.follow("journal", 0, 2)
        one.tail.unfollow(address.topic("journal"), 1)
        await asyncio.to_thread(log.append, "journal", {1: [b"nobody's"]})
        await asyncio.to_thread(log.append, "journal", {0: [b"new"]})
        await until(lambda: (3, b"new") in one.records("journal", 0))
        assert [offset for offset, _ in one.records("journal", 0)] == [0, 1, 2, 2, 3]
        assert [offset for offset, _ in one.records("journal", 1)] == [0, 1, 2]
        assert one.tail.position(address.topic("journal"), 1) is None


@scenario
async def test_who_lets_a_place_go_while_it_is_told_of_records_hears_no_more_of_it(logs: KafkaLogs) -> None:
    log, address = await filled(logs)
    heard = []

    def take(topic: str, partition: int, records: Sequence[Stamped], end: int) -> None:
        heard.append(len(records))
        one.tail.unfollow(topic, partition)

    async with following(address) as one:
        one.tail.follow(address.topic("journal"), 0, 0, take)
        await until(lambda: heard)
        await asyncio.to_thread(log.append, "journal", {0: [b"x"]})
        one.follow("commands", 0)
        await asyncio.to_thread(log.append, "commands", {0: [b"x"]})
        await until(lambda: one.records("commands", 0))
        assert heard == [3]


@scenario
async def test_batches_larger_than_what_is_asked_for_come_in_turns(logs: KafkaLogs) -> None:
    log, address = await filled(logs, 4, 0)
    large = bytes(log.record_bytes_max)
    for partition in (0, 1, 2, 3, 0, 0, 0):
        await asyncio.to_thread(log.append, "journal", {partition: [large] * (2 if partition else 1)})
    async with following(address) as one:
        for partition in range(4):
            one.follow("journal", partition)
        await until(lambda: [len(one.records("journal", partition)) for partition in range(4)] == [4, 2, 2, 2])
        assert sorted(one.order[:4]) == [0, 1, 2, 3]


@scenario
async def test_a_backlog_of_many_places_and_topics_comes_whole_and_in_order(logs: KafkaLogs) -> None:
    log, address = await filled(logs, 4, 0)
    for number in range(30):
        for topic in ("journal", "commands"):
            batch = {partition: [b"%d" % number * 1000] * 50 for partition in range(4)}
            await asyncio.to_thread(log.append, topic, batch)
    async with following(address) as one:
        for partition in range(4):
            one.follow("journal", partition)
            one.follow("commands", partition)
        await until(lambda: all(len(one.records(topic, p)) >= 1500 for topic in ("journal", "commands") for p in range(4)))
        for topic in ("journal", "commands"):
            for partition in range(4):
                assert one.records(topic, partition) == [(offset, b"%d" % (offset // 50) * 1000) for offset in range(1500)]


# What keeps a place from being followed.


@scenario
async def test_records_that_were_deleted_are_told_once_and_others_go_on(logs: KafkaLogs) -> None:
    log, address = await filled(logs, 2)
    place = TopicPartition(address.topic("journal"), 0)
    await asyncio.to_thread(administer, address.servers[0], lambda admin: admin.delete_records({place: RecordsToDelete(before_offset=2)}))
    async with following(address) as one:
        one.follow("journal", 0)
        one.follow("journal", 1)
        await until(lambda: one.problems)
        [(topic, partition, error)] = one.problems
        assert (topic, partition, type(error)) == (*place, LogCorrupt)
        assert "lacks offset 0; the first one that is there is 2" in str(error)
        await asyncio.to_thread(log.append, "journal", {0: [b"x"], 1: [b"x"]})
        await until(lambda: len(one.records("journal", 1)) == 4)
        assert one.records("journal", 0) == []
        one.follow("journal", 0, EARLIEST)
        await until(lambda: one.records("journal", 0) == [(2, b"0/2"), (3, b"x")])
        assert len(one.problems) == 1


@scenario
async def test_an_offset_beyond_the_end_is_told_after_some_patience(logs: KafkaLogs) -> None:
    _, address = await filled(logs)
    async with following(address) as one:
        one.follow("journal", 0, 7)
        await until(lambda: one.problems)
        [(_, _, error)] = one.problems
        assert "ends at 3; it was to be followed from 7 on" in str(error)


@scenario
async def test_an_offset_that_comes_to_be_within_the_patience_is_no_problem(logs: KafkaLogs) -> None:
    log, address = await filled(logs)
    async with following(address) as one:
        one.follow("journal", 0, 4)
        await asyncio.sleep(0)
        await asyncio.to_thread(log.append, "journal", {0: [b"a", b"b"]})
        await until(lambda: one.records("journal", 0) == [(4, b"b")])
        assert one.problems == []


@scenario
async def test_a_topic_that_is_made_later_is_followed_then_and_not_made_by_asking(broker: str) -> None:
    address = new_address(broker)
    async with following(address) as one:
        one.follow("journal", 0)
        with pytest.raises(LogUnreachable, match="nobody says how many partitions"):
            await one.tail.partition_count(address.topic("journal"))
        await init(address, 2)
        log = await asyncio.to_thread(KafkaLog, address)
        with closing(log):
            await asyncio.to_thread(log.append, "journal", {0: [b"x"]})
            await until(lambda: one.records("journal", 0) == [(0, b"x")])
        assert await one.tail.partition_count(address.topic("journal")) == 2
        assert one.problems == []


@scenario
async def test_who_fails_at_its_records_is_told_and_gets_no_more(logs: KafkaLogs) -> None:
    log, address = await filled(logs)
    failing = 0

    def take(topic: str, partition: int, records: Sequence[Stamped], end: int) -> None:
        nonlocal failing
        failing += 1
        raise ZeroDivisionError

    async with following(address) as one:
        one.tail.follow(address.topic("journal"), 0, 0, take)
        await until(lambda: one.problems)
        assert isinstance(one.problems[0][2], ZeroDivisionError)
        await asyncio.to_thread(log.append, "journal", {0: [b"x"]})
        assert failing == 1
        one.follow("journal", 0, one.tail.position(address.topic("journal"), 0) or 0)
        await until(lambda: one.records("journal", 0) == [(3, b"x")])


@scenario
async def test_an_offset_that_is_none_is_refused(logs: KafkaLogs) -> None:
    _, address = await filled(logs)
    async with following(address) as one:
        with pytest.raises(ValueError, match="offsets count from 0; -3 was asked for"):
            one.follow("journal", 0, -3)


@scenario
async def test_what_is_closed_follows_nothing_and_without_a_broker_it_is_closed_all_the_same() -> None:
    one = Follower(parse_address("kafka://127.0.0.1:1"))
    one.follow("journal", 0)
    await until(lambda: one.tail._unsettled and next(iter(one.tail._unsettled)).tries > 1)
    async with asyncio.timeout(DEADLINE_S):
        await one.tail.close()
    with pytest.raises(RuntimeError, match="it is closed"):
        one.follow("journal", 0)
    assert one.problems == []


def test_a_topic_made_anew_is_told(broker: str) -> None:
    async def run() -> None:
        address = new_address(broker)
        await init(address, 1)
        log = await asyncio.to_thread(KafkaLog, address)
        await asyncio.to_thread(log.append, "journal", {0: [b"a", b"b"]})
        async with following(address) as one:
            one.follow("journal", 0)
            await until(lambda: one.records("journal", 0))
            name = address.topic("journal")
            await asyncio.to_thread(administer, broker, lambda admin: admin.delete_topics([name]))
            await until(lambda: one.tail._unsettled)
            await asyncio.to_thread(
                administer, broker, lambda admin: admin.create_topics([NewTopic(name, 1, 1, topic_configs=settings_of("journal", 1))])
            )
            await until(lambda: one.problems)
            assert "ends at 0; it was to be followed from 2 on" in str(one.problems[0][2])
        await asyncio.to_thread(log.close)

    asyncio.run(run())
