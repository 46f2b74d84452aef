"""Backups of a log that processes share: what goes into them, and what comes back, on a log in memory that knows when all was appended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from contracts.codec import encode_record, is_restored
from contracts.errors import LogCorrupt, LogError
from contracts.journal import Decided, JournalOpened, PartitionClaimed, Removed
from contracts.ports.log import Topic
from contracts.positions import position_of
from infra.backup.folder import BackupFolder
from infra.backup.log import LOG_TOPICS, StampedLog, back_up_log
from infra.backup.restore_log import SLACK_MS, RestoredLog, restore_log
from infra.files.fence import Fence

PARTITIONS = 2


class Stamped(NamedTuple):
    offset: int
    timestamp_ms: int
    value: bytes


class StampedMemory:
    """See `infra.backup.log.StampedLog` and `infra.backup.restore_log.EmptyLog`."""

    record_bytes_max, batch_bytes_max = 1_000, 2_100

    def __init__(self) -> None:
        self.partitions = PARTITIONS
        self.records: dict[tuple[str, int], list[Stamped]] = {}
        self.starts: dict[tuple[str, int], int] = {}
        self.fences: list[Fence] = []
        self.kept: dict[int, list[tuple[int, bytes]]] = {}
        """What was kept of journals that were cut."""

    def put(self, topic: str, partition: int, time: int, *records: bytes) -> None:
        there = self.records.setdefault((topic, partition), [])
        for record in records:
            there.append(Stamped(len(there), time, record))

    def start(self, topic: Topic, partition: int) -> int:
        return self.starts.get((topic, partition), 0)

    def end(self, topic: Topic, partition: int) -> int:
        return len(self.records.get((topic, partition), []))

    def read_stamped(self, topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        assert offset >= self.start(topic, partition)
        return iter(self.records.get((topic, partition), [])[offset:end])

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        start = self.start(topic, partition)
        kept = self.kept.get(partition, []) if topic == "journal" and offset < start else []
        there = [(one.offset, one.value) for one in self.records.get((topic, partition), [])[max(offset, start) : end]]
        return iter([*kept, *there])

    def keep(self, partition: int, journal: str, before: int, records: Iterable[tuple[int, bytes]]) -> None:
        assert journal == f"journal {partition}"
        self.kept[partition] = list(records)

    def begin(self, partitions: int, fence: Fence) -> None:
        assert not self.records
        self.partitions = partitions
        self.fences.append(fence)

    def append(self, topic: Topic, partition: int, records: Sequence[bytes]) -> int:
        first = self.end(topic, partition)
        self.put(topic, partition, 0, *records)
        return first

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        self.starts[topic, partition] = offset

    def finish(self, fence: Fence) -> None:
        self.fences.append(fence)

    def there(self, topic: Topic, partition: int = 0) -> list[bytes]:
        """What anybody can read."""
        return [one.value for one in self.records.get((topic, partition), [])[self.start(topic, partition) :]]


def decided(partition: int, source: int) -> bytes:
    return encode_record(Decided(b"a nonce!", partition, source, b"%d" % source, b"digest"))


@pytest.fixture
def log() -> StampedMemory:
    """Two journals that were begun at time 1, with decisions at 10, 20, 30 and 15, 25, 35."""
    made = StampedMemory()
    for number in range(PARTITIONS):
        opened, claimed = JournalOpened(f"journal {number}", number, PARTITIONS), PartitionClaimed(b"a nonce!", "one")
        made.put("journal", number, 1, encode_record(opened), encode_record(claimed))
        for at in (10, 20, 30):
            made.put("journal", number, at + 5 * number, decided(number, at))
        made.put("commands", number, 5, *[b"c"] * 40)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backup")


def back_up(log: StampedMemory, folder: BackupFolder) -> list[int]:
    return back_up_log(cast(StampedLog, log), folder, 1, "0.1.0").positions


def put_back(folder: BackupFolder, at: int | None = None) -> tuple[StampedMemory, RestoredLog]:
    copy = StampedMemory()
    return copy, restore_log(folder, copy, at, 1, lambda: b"of these")


def test_a_copy_is_what_was_at_the_offsets_at_which_it_was(log: StampedMemory, folder: BackupFolder) -> None:
    for topic in ("definitions", "resources", "dead-letters", "blobs"):
        log.put(topic, 0, 3, b"x" * 900, topic.encode(), b"y" * 900, b"z" * 900)
    back_up(log, folder)
    copy, restored = put_back(folder)
    assert (restored.ends, restored.time) == ({0: 5, 1: 5}, 35)
    for topic in LOG_TOPICS:
        for number in range(PARTITIONS):
            before, after = log.there(topic, number), copy.there(topic, number)
            assert after[: len(before)] == before
            assert [is_restored(one) for one in after[len(before) :]] == ([True] if topic == "journal" else [])
    assert [one.is_whole for one in copy.fences] == [False, True]


def test_what_was_appended_after_the_moment_of_a_backup_is_not_in_its_copy(log: StampedMemory, folder: BackupFolder) -> None:
    late = log.read_stamped

    def meanwhile(topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        if (topic, partition) == ("journal", 1) and log.end("journal", 0) == 5:  # while the ends are asked for
            log.put("journal", 0, 36, decided(0, 36))
        return late(topic, partition, offset, end)

    log.read_stamped = meanwhile  # type: ignore[method-assign]  # somebody appends
    assert back_up(log, folder) == [position_of(0, 5), position_of(1, 5)]
    copy, _ = put_back(folder)
    assert decided(0, 36) not in copy.there("journal", 0)


@pytest.mark.parametrize(("partition", "offset", "ends"), [(0, 4, [4, 3]), (1, 4, [4, 4]), (1, 3, [3, 3]), (0, 1, [1, 2]), (1, 5, [5, 5])])
def test_up_to_a_position_all_partitions_go_up_to_the_same_moment(
    log: StampedMemory, folder: BackupFolder, partition: int, offset: int, ends: list[int]
) -> None:
    back_up(log, folder)
    _, restored = put_back(folder, position_of(partition, offset))
    assert [restored.ends[number] for number in range(PARTITIONS)] == ends


def test_a_position_that_the_backup_does_not_have_is_refused(log: StampedMemory, folder: BackupFolder) -> None:
    back_up(log, folder)
    for at in (position_of(0, 6), position_of(1, 0), position_of(7, 1)):
        with pytest.raises(LogError, match="where the backup goes from 1 to"):
            put_back(folder, at)


def test_again_only_what_is_new_is_copied(log: StampedMemory, folder: BackupFolder) -> None:
    back_up(log, folder)
    before = sorted(folder.segments.iterdir())
    assert back_up_log(cast(StampedLog, log), folder, 2, "0.1.0").records == 0
    assert sorted(folder.segments.iterdir()) == before
    log.put("journal", 0, 40, decided(0, 39))
    report = back_up_log(cast(StampedLog, log), folder, 3, "0.1.0")
    assert (report.records, report.positions) == (1, [position_of(0, 6), position_of(1, 5)])
    assert put_back(folder)[0].there("journal", 0)[5] == decided(0, 39)


def test_what_was_deleted_before_is_not_there_and_what_follows_stands_where_it_stood(log: StampedMemory, folder: BackupFolder) -> None:
    log.starts["commands", 0], log.starts["commands", 1] = 35, 40
    back_up(log, folder)
    copy, _ = put_back(folder)
    assert [(copy.start("commands", number), copy.end("commands", number)) for number in range(PARTITIONS)] == [(35, 40), (40, 40)]
    assert copy.there("commands", 0) == [b"c"] * 5
    log.put("commands", 0, 50, *[b"d"] * 10)
    log.starts["commands", 0] = 45  # what lies between was never copied
    back_up(log, folder)
    copy, _ = put_back(folder)
    assert (copy.start("commands", 0), copy.there("commands", 0)) == (45, [b"d"] * 5)


def test_a_journal_that_was_cut_is_copied_with_what_was_kept_of_it(log: StampedMemory, folder: BackupFolder, tmp_path: Path) -> None:
    back_up(log, folder)
    log.kept[0] = [*log.read("journal", 0, 0, 2), (2, encode_record(Removed(4, {0: 20}, 4)))]
    log.starts["journal", 0] = 4
    log.put("journal", 0, 40, decided(0, 39))
    assert back_up(log, folder) == [position_of(0, 6), position_of(1, 5)]
    assert len(put_back(folder)[0].there("journal", 0)) == 7, "it was copied before, and is whole"
    anew = BackupFolder(tmp_path / "another")
    for _ in range(2):
        assert back_up(log, anew) == [position_of(0, 6), position_of(1, 5)]
    copy, _ = put_back(anew)
    assert copy.start("journal", 0) == 4
    assert list(copy.read("journal", 0, 0, 6)) == list(log.read("journal", 0, 0, 6))
    with pytest.raises(LogError, match="has no record before offset 3"):
        put_back(anew, position_of(0, 3))


def test_commands_of_much_later_are_left_out_unless_the_journal_has_decided_them(log: StampedMemory, folder: BackupFolder) -> None:
    log.put("commands", 0, 30 + SLACK_MS, b"soon")
    log.put("commands", 0, 36 + SLACK_MS, b"late")
    log.put("commands", 1, 36 + SLACK_MS, b"late")
    log.put("journal", 1, 35, decided(1, 40))
    back_up(log, folder)
    copy, _ = put_back(folder)
    assert copy.there("commands", 0)[40:] == [b"soon"]
    assert copy.there("commands", 1)[40:] == [b"late"]


def test_another_log_is_not_mixed_with_it(log: StampedMemory, folder: BackupFolder) -> None:
    back_up(log, folder)
    log.records["definitions", 0] = [Stamped(0, 1, b"a")]
    back_up(log, folder)
    log.records["definitions", 0] = [Stamped(0, 1, b"b"), Stamped(1, 2, b"c")]
    with pytest.raises(LogError, match="holds another record at offset 0"):
        back_up(log, folder)
    log.records["definitions", 0] = []
    with pytest.raises(LogError, match="goes up to offset 1"):
        back_up(log, folder)
    log.records["journal", 0][0] = Stamped(0, 1, encode_record(JournalOpened("another", 0, PARTITIONS)))
    with pytest.raises(LogError, match="is a backup of the journal journal 0, and this is another"):
        back_up(log, folder)


def test_a_backup_that_is_killed_is_what_it_was(log: StampedMemory, folder: BackupFolder) -> None:
    first = back_up(log, folder)
    log.put("journal", 0, 40, decided(0, 39))
    whole = log.read_stamped

    def dies(topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        if topic == "commands":
            raise KeyboardInterrupt
        return whole(topic, partition, offset, end)

    log.put("commands", 1, 40, b"more")
    log.read_stamped = dies  # type: ignore[method-assign]  # in the middle of it
    with pytest.raises(KeyboardInterrupt):
        back_up(log, folder)
    assert [position_of(number, end) for number, end in put_back(folder)[1].ends.items()] == first


def test_a_damaged_backup_is_not_put_back_as_a_whole_one(log: StampedMemory, folder: BackupFolder) -> None:
    back_up(log, folder)
    (segment,) = folder.segments.glob("journal-1-*")
    whole = segment.read_bytes()
    for damaged in (b"", whole[:-1], bytes([whole[0] ^ 1]) + whole[1:]):
        segment.write_bytes(damaged)
        with pytest.raises(LogCorrupt, match="is not what was written"):
            put_back(folder)
    segment.unlink()
    with pytest.raises(LogCorrupt, match="cannot be read"):
        put_back(folder)
