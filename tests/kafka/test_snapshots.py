"""Snapshots in a topic: the newest whole one is found, whatever was torn, interleaved or deleted around it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pytest

from contracts.errors import LogError, LogUnreachable
from contracts.ports.log import Topic
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.snapshots import KafkaSnapshots
from tests.kafka.topics import KafkaLogs, new_topics, wait_until
from tests.ports.conftest import Start

PARTS = 5


def large(log: KafkaLog, parts: int = PARTS) -> bytes:
    """A content of so many parts, two a batch."""
    return os.urandom((parts - 1) * log.record_bytes_max + 7)


class DyingLog(KafkaLog):
    """A log whose process dies after so many appends: nothing comes of the others."""

    appends_left = 0

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        if not self.appends_left:
            raise KeyboardInterrupt
        self.appends_left -= 1
        return super().append(topic, batches)


@pytest.fixture
def dying(broker: str, logs: KafkaLogs) -> DyingLog:
    logs.open()
    assert logs.address is not None
    log = DyingLog(logs.address)
    logs._opened.append(log)
    return log


def tear(dying: DyingLog, appends: int, content: bytes) -> None:
    dying.appends_left = appends
    with pytest.raises(KeyboardInterrupt):
        KafkaSnapshots(dying).save(0, content)


@pytest.mark.parametrize("parts", [1, 2, 3, 4, 5])
def test_every_number_of_parts_comes_back_as_it_was(logs: KafkaLogs, parts: int) -> None:
    log = logs.open()
    content = large(log, parts)
    KafkaSnapshots(log).save(0, content)
    assert KafkaSnapshots(logs.open()).load(0) == content


@pytest.mark.parametrize("appends", [1, 2])
def test_a_torn_one_leaves_the_one_before(logs: KafkaLogs, dying: DyingLog, appends: int) -> None:
    snapshots = KafkaSnapshots(logs.open())
    whole = large(dying)
    snapshots.save(0, whole)
    tear(dying, appends, large(dying))
    assert KafkaSnapshots(logs.open()).load(0) == whole
    tear(dying, appends, large(dying))
    assert KafkaSnapshots(logs.open()).load(0) == whole
    snapshots.save(0, b"next")
    assert KafkaSnapshots(logs.open()).load(0) == b"next"


def test_only_torn_ones_are_none(logs: KafkaLogs, dying: DyingLog) -> None:
    tear(dying, 1, large(dying))
    tear(dying, 2, large(dying))
    assert KafkaSnapshots(logs.open()).load(0) is None


class InterruptedLog(DyingLog):
    """A log in the middle of whose save somebody else does something."""

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        answers = KafkaLog.append(self, topic, batches)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return answers

    meanwhile = staticmethod(lambda: None)


@pytest.fixture
def interrupted(broker: str, logs: KafkaLogs) -> InterruptedLog:
    logs.open()
    assert logs.address is not None
    log = InterruptedLog(logs.address)
    logs._opened.append(log)
    return log


def test_an_old_owner_and_a_new_one_between_each_other_leave_the_one_that_was_whole_last(
    logs: KafkaLogs, interrupted: InterruptedLog
) -> None:
    old, new = KafkaSnapshots(interrupted), KafkaSnapshots(logs.open())
    news, olds = large(interrupted), large(interrupted)
    interrupted.meanwhile = lambda: new.save(0, news)
    old.save(0, olds)
    found = KafkaSnapshots(logs.open()).load(0)
    assert found == news, "the new owner has deleted the old one's first parts: the old one's is not whole"
    new.save(0, b"next")
    assert KafkaSnapshots(logs.open()).load(0) == b"next"


def test_a_torn_one_of_an_old_owner_that_knows_of_no_newer_one_does_not_hide_it(
    logs: KafkaLogs, dying: DyingLog, interrupted: InterruptedLog
) -> None:
    new = KafkaSnapshots(logs.open())
    new.save(0, b"first")
    news = large(dying)

    def die_after_one_more() -> None:
        new.save(0, news)
        interrupted.meanwhile = interrupt

    def interrupt() -> None:
        raise KeyboardInterrupt

    interrupted.meanwhile = die_after_one_more
    with pytest.raises(KeyboardInterrupt):
        KafkaSnapshots(interrupted).save(0, large(dying))
    assert KafkaSnapshots(logs.open()).load(0) == news


def test_what_a_newer_one_replaces_is_deleted_and_nothing_of_other_partitions(logs: KafkaLogs) -> None:
    log = logs.open(2)
    snapshots = KafkaSnapshots(log)
    snapshots.save(1, b"other")
    for number in range(3):
        snapshots.save(0, large(log, 3))
        assert log.start("snapshots", 0) == number * 4
        assert log.end("snapshots", 0) == (number + 1) * 4
    assert log.start("snapshots", 1) == 0
    assert snapshots.load(1) == b"other"


def test_where_nothing_can_be_deleted_the_new_one_counts_all_the_same(logs: KafkaLogs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LogUnreachable("nobody answers")

    log = logs.open()
    snapshots = KafkaSnapshots(log)
    snapshots.save(0, b"old")
    monkeypatch.setattr(log, "delete_before", refuse)
    snapshots.save(0, b"new")
    assert log.start("snapshots", 0) == 0
    assert KafkaSnapshots(logs.open()).load(0) == b"new"


@pytest.mark.parametrize("foreign", [b"", b"foreign", b"RFSf" + bytes(28), b"RFSp" + bytes(100)])
def test_foreign_records_hide_nothing(logs: KafkaLogs, foreign: bytes) -> None:
    log = logs.open()
    snapshots = KafkaSnapshots(log)
    log.append("snapshots", {0: [foreign]})
    assert snapshots.load(0) is None
    snapshots.save(0, b"ours")
    log.append("snapshots", {0: [foreign]})
    assert snapshots.load(0) == b"ours"


SAVER = """
import sys
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.snapshots import KafkaSnapshots

log = KafkaLog(sys.argv[1])
for number in range(1_000_000):
    KafkaSnapshots(log).save(0, b"%8d" % number * (log.record_bytes_max // 3))
    print(number, flush=True)
"""


@pytest.mark.parametrize("saved", [1, 4])
def test_a_kill_while_saving_leaves_a_whole_snapshot_no_older_than_the_last_that_was_saved(
    logs: KafkaLogs, start: Start, saved: int
) -> None:
    log = logs.open()
    saver = start(SAVER, logs.address)
    assert saver.stdout is not None
    lines = [saver.stdout.readline() for _ in range(saved)]
    end = log.end("snapshots", 0)
    wait_until(lambda: log.end("snapshots", 0) > end)
    saver.kill()
    last = [int(line) for line in lines + saver.stdout.readlines() if line.endswith("\n")][-1]
    saver.wait()
    content = KafkaSnapshots(logs.open()).load(0)
    assert content is not None
    size = log.record_bytes_max // 3
    assert content in (b"%8d" % last * size, b"%8d" % (last + 1) * size)


def test_a_hundred_megabytes_are_saved_and_loaded(broker: str) -> None:
    log = KafkaLog(new_topics(broker))
    content = os.urandom(1_000_000) * 100
    snapshots = KafkaSnapshots(log)
    snapshots.save(0, content)
    assert snapshots.load(0) == content
    log.close()
