"""Backups of the topic of blobs, whose beginning goes while they are made: what was copied once stays, and all of it is put back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.ports.log import Topic
from infra.backup.folder import BackupFolder
from infra.backup.log import back_up_log
from infra.backup.restore_log import restore_log
from infra.log.kafka.blob_record import Mark, identity_of
from infra.log.kafka.blobs import KafkaBlobs
from infra.log.kafka.fence import EmptyTopics
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.poll import Stamped
from refold.kafka.address import KafkaAddress, parse_address
from tests.kafka.harness import KafkaBench
from tests.kafka.topics import new_topics


@pytest.fixture
def address(broker: str) -> KafkaAddress:
    return new_topics(broker)


class Interrupted(KafkaLog):
    """Something else happens when the topic of blobs is first read."""

    meanwhile: Callable[[], None] | None = None

    def read_stamped(self, topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        meanwhile, self.meanwhile = (self.meanwhile, None) if topic == "blobs" else (None, self.meanwhile)
        if meanwhile is not None:
            meanwhile()
        return super().read_stamped(topic, partition, offset, end)


def cut(log: KafkaLog) -> None:
    """Append a mark and delete all that stands before it."""
    [(_, first)] = log.read("blobs", 0, log.start("blobs", 0), log.start("blobs", 0) + 1)
    answer = log.append("blobs", {0: [Mark(identity_of(first), log.end("blobs", 0), 0).encode()]})[0]
    assert isinstance(answer, int)
    log.delete_before("blobs", 0, answer)


def back_up(log: KafkaLog, folder: Path) -> None:
    back_up_log(log, BackupFolder(folder), 1_700_000_000_000, "1")


def test_what_was_copied_before_the_topic_lost_its_beginning_is_put_back_with_the_rest(address: KafkaAddress, tmp_path: Path) -> None:
    bench = KafkaBench(address)
    with closing(bench.log), closing(Interrupted(address)) as log:

        def put(content: bytes) -> str:
            """By a process that has just begun."""
            return KafkaBlobs(log, tmp_path / os.urandom(4).hex()).put(content)

        large = os.urandom(4 * log.record_bytes_max)
        found = [put(b"first"), put(large)]
        back_up(log, tmp_path / "backup")
        gone = put(b"between")
        cut(log)
        found += [put(b"first"), put(b"new")]
        back_up(log, tmp_path / "backup")
        deleted_while_read = put(b"never copied")

        def cut_once() -> None:
            cut(log)
            found.append(put(b"carried along"))

        log.meanwhile = cut_once
        back_up(log, tmp_path / "backup")
        copy = parse_address(f"{address}-copy")
        with closing(EmptyTopics(copy)) as empty:
            restore_log(BackupFolder(tmp_path / "backup"), empty, None, 1, lambda: os.urandom(16))
    with closing(KafkaLog(copy)) as restored:
        blobs = KafkaBlobs(restored, tmp_path / "mirror")
        assert [blobs.get(name) for name in found] == [b"first", large, b"first", b"new", b"carried along"]
        for name in (gone, deleted_while_read):
            with pytest.raises(KeyError):
                blobs.get(name)
