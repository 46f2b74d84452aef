"""Putting a log back that processes share: into topics of the same offsets, up to one moment in all partitions, and fenced.

    the fence ─► empty topics ─► journals up to the moment ─► commands ─► the other topics ─► a claim in each journal ─► whole

What the journals of the original said later is not there. Tasks are no part of a backup: by the claim whoever owns a partition
first knows that those which its executions wait for are to be sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from contracts.codec import encode_record, read_record
from contracts.errors import LogCorrupt, LogError
from contracts.journal import RESTORED, Checkpoint, PartitionClaimed, judge
from contracts.ports.log import Topic, batch_bytes
from contracts.positions import partition_and_offset
from infra.backup.backup import JOURNAL
from infra.backup.folder import LOG_FORMAT, BackupFolder, Manifest
from infra.backup.log import LOG_TOPICS, Batch, batches_in, cut_at, kept_of, time_at
from infra.files.fence import Fence
from infra.log.arguments import partitions_in

COMMANDS: Final[Topic] = "commands"
SLACK_MS: Final = 10_000
"""So much later than the journals what is put back of `commands` ends: the clocks of two brokers differ. A command more is decided
again, one less would be lost."""
FILLED: Final = 10_000
"""So many records are put in one go where the original has deleted what stood."""


class EmptyLog(Protocol):
    """Topics that a log is put back into."""

    def begin(self, partitions: int, fence: Fence) -> None:
        """Make them, fenced before anything else is there. Raises LogError where something is there already."""

    @property
    def batch_bytes_max(self) -> int:
        """How much goes into one partition at once."""

    def append(self, topic: Topic, partition: int, records: Sequence[bytes]) -> int:
        """Append records; the offset of the first. Raises LogError."""

    def keep(self, partition: int, journal: str, before: int, records: Iterable[tuple[int, bytes]]) -> None:
        """Keep what is to be known of a journal before an offset, where it begins. Raises LogError."""

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        """Delete what stands before an offset. Raises LogError."""

    def finish(self, fence: Fence) -> None:
        """All is there. Raises LogError."""


class RestoredLog(NamedTuple):
    """Up to which offset each partition was put back, and the moment that this is (the brokers' time, milliseconds since 1970)."""

    ends: dict[int, int]
    time: int


class _Cut(NamedTuple):
    """Where each journal ends, and when that was."""

    ends: dict[int, int]
    time: int


def restore_log(
    backup: BackupFolder,
    log: EmptyLog,
    at: int | None,
    now: int,
    chance: Callable[[], bytes],
    told: Callable[[int, int], None] = lambda done, all_: None,
) -> RestoredLog:
    """Put a backup back. `at` is a position: up to it its partition goes, and the others up to the same moment.

    Raises LogError where the backup does not go so far, or the topics are there already; LogCorrupt where it is damaged.
    """
    manifest = backup.read_as(LOG_FORMAT)
    cut = _cut(backup, manifest, at)
    fence = Fence(backup=str(backup.path.absolute()), position=at or manifest.position, at=now)
    log.begin(manifest.partitions, fence)
    whole = sum(one.end - one.first for segments in manifest.segments.values() for one in segments)
    done = 0
    checkpoints = {number: Checkpoint() for number in range(manifest.partitions)}
    for topic in LOG_TOPICS:
        for number in range(partitions_in(topic, manifest.partitions, LOG_TOPICS)):
            start = manifest.starts.get(f"{topic}/{number}", 0)
            if topic == JOURNAL and start:
                kept = _kept(backup, manifest, number, checkpoints[number])
                log.keep(number, checkpoints[number].journal, start, kept)
            _fill(log, topic, number, 0, start)
            end = start
            for first, records in _within(backup, manifest, topic, number, cut, checkpoints[number]):
                end = _put_at(log, topic, number, end, first, records)
                done += len(records)
                told(min(done, whole), whole)
            _check_end(backup, topic, number, end, cut, checkpoints[number])
            if start:
                log.delete_before(topic, number, start)
    for number in range(manifest.partitions):
        log.append(JOURNAL, number, [encode_record(PartitionClaimed(chance(), "restored", RESTORED))])
    log.finish(msgspec.structs.replace(fence, is_whole=True))
    return RestoredLog(cut.ends, cut.time)


def _cut(backup: BackupFolder, manifest: Manifest, at: int | None) -> _Cut:
    made = manifest.made[-1]
    if at is None:
        return _Cut({int(number): end for number, end in made.ends.items()}, made.time)
    partition, offset = partition_and_offset(at)
    most = made.ends.get(str(partition), 0)
    if not 0 < offset <= most:
        raise LogError(f"position {at} is offset {offset} of partition {partition}, where the backup goes from 1 to {most}")
    time = time_at(backup, manifest, partition, offset)
    ends = {number: cut_at(backup, manifest, number, time) for number in range(manifest.partitions)}
    return _Cut({**ends, partition: offset}, time)


def _within(
    backup: BackupFolder, manifest: Manifest, topic: Topic, partition: int, cut: _Cut, checkpoint: Checkpoint
) -> Iterator[tuple[int, list[bytes]]]:
    """What is to be put back of a partition, in pieces, each with its offset. Journals come first; they move the checkpoint on."""
    for segment in manifest.segments.get(f"{topic}/{partition}", []):
        for batch in batches_in(backup, segment):
            records = _records_within(batch, topic, partition, cut, checkpoint)
            if records:
                yield batch.first, records
            if len(records) < len(batch.records):
                return


def _records_within(batch: Batch, topic: Topic, partition: int, cut: _Cut, checkpoint: Checkpoint) -> list[bytes]:
    if topic == JOURNAL:
        records = batch.records[: max(0, cut.ends.get(partition, 0) - batch.first)]
        for offset, record in enumerate(records, start=batch.first):
            judge(checkpoint, offset, read_record(record))
        return records
    if topic == COMMANDS and batch.time > cut.time + SLACK_MS:
        return batch.records[: max(0, _decided(checkpoint, partition) - batch.first)]
    return batch.records


def _kept(backup: BackupFolder, manifest: Manifest, partition: int, checkpoint: Checkpoint) -> list[tuple[int, bytes]]:
    """What was kept of the beginning of a journal that was cut. Moves the checkpoint on."""
    found = [
        (batch.first, record)
        for segment in manifest.segments.get(kept_of(partition), [])
        for batch in batches_in(backup, segment)
        for record in batch.records
    ]
    for offset, record in found:
        judge(checkpoint, offset, read_record(record))
    return found


def _decided(checkpoint: Checkpoint, partition: int) -> int:
    """The offset in `commands` after the last one that the journal has decided."""
    return checkpoint.sources.get(partition, -1) + 1


def _check_end(backup: BackupFolder, topic: Topic, partition: int, end: int, cut: _Cut, checkpoint: Checkpoint) -> None:
    """Raise LogCorrupt where less was put back than the journals need."""
    wanted = {JOURNAL: cut.ends.get(partition, 0), COMMANDS: _decided(checkpoint, partition)}.get(topic, 0)
    if end < wanted:
        raise LogCorrupt(f"the backup {backup.path} is damaged: {topic}, partition {partition} ends at offset {end}, and not at {wanted}")


def _put(log: EmptyLog, topic: Topic, partition: int, expected: int, records: Sequence[bytes]) -> None:
    """Append records, in as many batches as they need, and see that they stand where they stood."""
    while records:
        count = len(records)
        while count > 1 and batch_bytes(records[:count]) > log.batch_bytes_max:
            count //= 2
        found = log.append(topic, partition, records[:count])
        if found != expected:
            raise LogError(f"{topic}, partition {partition}: somebody else writes there, at offset {expected}: put it back elsewhere")
        records, expected = records[count:], expected + count


def _put_at(log: EmptyLog, topic: Topic, partition: int, end: int, first: int, records: Sequence[bytes]) -> int:
    """Put records back at their offset, behind what ends before it. Returns where they end."""
    _fill(log, topic, partition, end, first)
    _put(log, topic, partition, first, records)
    return first + len(records)


def _fill(log: EmptyLog, topic: Topic, partition: int, first: int, end: int) -> None:
    """Go on at an offset: of what stood before it nothing is known."""
    while first < end:
        count = min(FILLED, end - first)
        _put(log, topic, partition, first, [b""] * count)
        first += count
