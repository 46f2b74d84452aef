"""Brokers that are killed, frozen, away, or have lost the end of a topic: outcomes are unknown, and nothing acknowledged is doubted."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from brokers.cluster import Cluster
from brokers.finding import own_cluster
from brokers.jars import NoBroker
from contracts.errors import AppendUnknown, LogError, LogUnreachable
from infra.log.kafka.admin import init, look
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.topics import topics_of
from refold.kafka.address import KafkaAddress
from tests.conftest import no_broker
from tests.kafka.harness import DEADLINE_S, Journal, KafkaBench
from tests.kafka.topics import new_address, new_topics
from tests.workers.harness import sequence
from workers.partition.round import Answer

SHORT_S = 1.0


@pytest.fixture
def address(cluster: Cluster) -> KafkaAddress:
    return new_topics(cluster.bootstrap)


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KafkaLog]:
    """A log that has appended once, and does not wait long for its broker."""
    with closing(KafkaLog(address, append_timeout_s=SHORT_S, read_timeout_s=SHORT_S)) as opened:
        assert opened.append("journal", {0: [b"first"]}) == {0: 0}
        yield opened


@pytest.fixture
def bench(address: KafkaAddress) -> Iterator[KafkaBench]:
    made = KafkaBench(address, append_timeout_s=SHORT_S, read_timeout_s=DEADLINE_S)
    made.publish(sequence("noop", "noop"))
    yield made
    made.log.close()


def append_until_it_lands(log: KafkaLog, record: bytes) -> int:
    """Append again and again, as often as the outcome is unknown."""
    deadline = time.monotonic() + DEADLINE_S
    while isinstance(answer := log.append("journal", {0: [record]})[0], LogError):
        assert time.monotonic() < deadline, answer
    return answer


def records(address: KafkaAddress) -> list[bytes]:
    with closing(KafkaLog(address)) as reader:
        return [record for _, record in reader.read("journal", 0)]


# Frozen.


def test_an_append_to_a_frozen_broker_is_unknown_in_the_end_and_may_land(cluster: Cluster, address: KafkaAddress, log: KafkaLog) -> None:
    cluster.nodes[0].freeze()
    answer = log.append("journal", {0: [b"in flight"]})[0]
    assert isinstance(answer, AppendUnknown)
    assert f"no answer within {SHORT_S:g} s" in str(answer)
    cluster.nodes[0].thaw()
    append_until_it_lands(log, b"next")
    found = records(address)
    assert found[0] == b"first"
    assert found[-1] == b"next"
    assert found.count(b"in flight") <= 1


def test_an_owner_whose_broker_freezes_answers_nobody_and_decides_once(cluster: Cluster, bench: KafkaBench) -> None:
    answers: list[Answer] = []
    execution = bench.start(reply=answers.append)
    bench.log.before = cluster.nodes[0].freeze
    bench.engine.step()
    assert answers == []
    assert bench.engine.owner.metrics.stand_downs == 1
    cluster.nodes[0].thaw()
    bench.until_ended(execution)
    assert [answer.error for answer in answers] == [None]
    assert Journal(bench.log).events_of(execution).count("ExecutionCreated") == 1
    assert bench.verify().divergences == []


# Killed.


def test_what_was_acknowledged_survives_a_killed_broker(cluster: Cluster, bench: KafkaBench) -> None:
    told: list[str] = []
    node = cluster.nodes[0]
    started = [bench.start(reply=lambda answer: told.append(answer.execution)) for _ in range(5)]
    bench.engine.step()
    before = list(told)
    started += [bench.start(reply=lambda answer: told.append(answer.execution)) for _ in range(5)]
    bench.log.before = node.kill
    bench.engine.step()
    assert told == before == started[:5]
    assert bench.engine.owner.metrics.stand_downs == 1
    node.start()
    bench.until_ended(*started)
    assert sorted(told) == sorted(started)
    journal = Journal(bench.log)
    assert all(journal.events_of(name).count("ExecutionCreated") == 1 for name in started)
    assert bench.verify().divergences == []


def test_without_its_broker_a_log_says_in_time_that_nobody_answers(cluster: Cluster, address: KafkaAddress, log: KafkaLog) -> None:
    reading = log.read("journal", 0)
    cluster.nodes[0].kill()
    for ask in (lambda: log.end("journal", 0), lambda: next(reading)):
        with pytest.raises(LogUnreachable):
            ask()
    assert isinstance(log.append("journal", {0: [b"x"]})[0], AppendUnknown)
    assert isinstance(log.append("journal", {0: [b"x"]})[0], LogUnreachable), "there is no connection any more: nothing was sent"
    cluster.nodes[0].start()
    cluster.nodes[0].wait()
    append_until_it_lands(log, b"next")
    found = [record for _, record in log.read("journal", 0)]
    assert (found[0], found[-1]) == (b"first", b"next")


@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_a_log_whose_broker_is_away_is_closed_and_raises_nothing(cluster: Cluster, address: KafkaAddress, harm: str) -> None:
    log = KafkaLog(address, append_timeout_s=0.3, read_timeout_s=0.3)
    log.append("journal", {0: [b"x"]})
    list(log.read("journal", 0))
    getattr(cluster.nodes[0], harm)()
    assert isinstance(log.append("journal", {0: [b"y"]})[0], AppendUnknown)
    with pytest.raises(LogUnreachable):
        log.end("journal", 0)
    asyncio.run(asyncio.wait_for(asyncio.to_thread(log.close), DEADLINE_S))


# Records that were acknowledged and are gone.


def test_a_topic_that_lost_its_end_is_noticed_and_nobody_is_answered(
    cluster: Cluster, address: KafkaAddress, bench: KafkaBench, caplog: pytest.LogCaptureFixture
) -> None:
    first = bench.start()
    bench.until_ended(first)
    end = bench.log.end("journal", 0)
    bench.until_ended(bench.start(given={"lost": True}))
    node = cluster.nodes[0]
    node.kill()
    cut_after(node.folder / "data" / f"{address.topic('journal')}-0", end)
    node.start()
    node.wait()
    answers: list[Answer] = []
    third = bench.start(reply=answers.append)
    bench.engine.step()
    assert answers == []
    bench.until_ended(third)
    assert "records are lost" in caplog.text or "lost acknowledged records" in caplog.text
    assert bench.status(first) == "completed"
    assert bench.verify().divergences == []


def cut_after(partition: Path, end: int) -> None:
    """Cut the segment of a partition before the batch that begins at an offset, as a lost power supply may."""
    [segment] = partition.glob("*.log")
    content = segment.read_bytes()
    place = 0
    while int.from_bytes(content[place : place + 8], "big") < end:
        place += 12 + int.from_bytes(content[place + 8 : place + 12], "big")
    os.truncate(segment, place)
    for index in (*partition.glob("*.index"), *partition.glob("*.timeindex"), *partition.glob("*.snapshot")):
        index.unlink()


# More than one broker.


def test_of_three_brokers_one_may_die_at_any_moment() -> None:
    try:
        with own_cluster(3) as cluster:
            address = new_address(cluster.bootstrap)
            asyncio.run(init(address, 3))
            with closing(KafkaLog(address, append_timeout_s=2)) as log:
                leaders_die(cluster, log)
    except NoBroker as error:
        no_broker(error)


def leaders_die(cluster: Cluster, log: KafkaLog) -> None:
    """Each broker dies once while rounds go out; every acknowledged record is there in the end, under its offset."""
    acknowledged: dict[int, dict[int, bytes]] = {0: {}, 1: {}, 2: {}}
    for number, node in enumerate(cluster.nodes):
        append_everywhere(log, acknowledged, number, 3)
        node.kill()
        assert set(asyncio.run(look(log.address))) == set(topics_of(log.address))
        append_everywhere(log, acknowledged, number, 6)
        node.start()
        node.wait()
    for partition, expected in acknowledged.items():
        found = dict(log.read("journal", partition))
        assert len(expected) >= 15
        assert {offset: found[offset] for offset in expected} == expected


def append_everywhere(log: KafkaLog, acknowledged: dict[int, dict[int, bytes]], number: int, rounds: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    done = 0
    while done < rounds:
        assert time.monotonic() < deadline
        record = b"%d/%d" % (number, done)
        answers = log.append("journal", {0: [record], 1: [record], 2: [record]})
        for partition, answer in answers.items():
            if isinstance(answer, int):
                acknowledged[partition][answer] = record
        done += all(isinstance(answer, int) for answer in answers.values())
