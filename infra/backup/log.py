"""Backing up a log that processes share, beside them: read from its brokers, a piece at a time, whether an engine lives or not.

    blobs ─► the time T of the last records of all journals ─► ends ─► journals ─► commands ─► the other topics ─► blobs ─► backup.json

Whatever was appended until T lies before the second ends, and so does what caused it: a command is sent once its cause is durable.
So of each journal the backup is what was appended until T, at one moment for all partitions, without anybody standing still. The
other topics are copied later, and have all that these need. Blobs are copied before, too: what a journal said and has lost since may be
deleted there by the time that they have their turn. What was copied of them once stays in the backup, whatever is deleted meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
import zstandard

from contracts.errors import LogCorrupt, LogError
from contracts.ports.log import TOPICS, Log, Topic
from contracts.positions import position_of
from infra.backup.backup import JOURNAL, MADE_MAX, MERGED_BYTES
from infra.backup.folder import LOG_FORMAT, BackupFolder, Made, Manifest
from infra.backup.segment import SEGMENT_BYTES, UNPACKED_BYTES_MAX, Segment
from infra.log.arguments import partitions_in
from workers.partition.standing import journal_of

BLOBS: Final[Topic] = "blobs"
LOG_TOPICS: Final[tuple[Topic, ...]] = (*TOPICS, BLOBS)
"""The journals first: what they say needs the others, and these only grow."""


class Stamped(Protocol):
    """A record with its offset and the time at which the log appended it."""

    @property
    def offset(self) -> int:
        """Where it stands."""

    @property
    def timestamp_ms(self) -> int:
        """When it was appended, milliseconds since 1970."""

    @property
    def value(self) -> bytes:
        """What it says."""


class StampedLog(Log, Protocol):
    """A log that knows when each record was appended."""

    def start(self, topic: Topic, partition: int) -> int:
        """The offset of the first record that is still there; of an empty partition, of the next one."""

    def read_stamped(self, topic: Topic, partition: int, offset: int, end: int) -> Iterator[Stamped]:
        """The records from an offset on, with the time of each."""


class Batch(NamedTuple):
    """Records that were appended at one time (milliseconds since 1970, the brokers'): the first one's offset, and what they say."""

    first: int
    time: int
    records: list[bytes]

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.first + len(self.records)


class LogReport(NamedTuple):
    """What a backup came to: the position in each partition, when that was (the brokers' time, milliseconds since 1970), what is new."""

    positions: list[int]
    time: int
    records: int
    size: int


_batches: Final = msgspec.msgpack.Decoder(list[Batch])


def back_up_log(
    log: StampedLog, folder: BackupFolder, now: int, version: str, told: Callable[[int, int], None] = lambda done, all_: None
) -> LogReport:
    """Bring a backup up to date. `told` hears how many records of how many are done. Raises LogError, LogFull."""
    with folder.hold():
        manifest = folder.read_or_begin(LOG_FORMAT)
        _check_same(log, folder, manifest)
        size = sum(segment.size for segment in _segments_of(log, folder, manifest, BLOBS, 0, log.end(BLOBS, 0)))
        time = max(_time_of_last(log, number) for number in range(log.partitions))
        done = 0
        for topic in LOG_TOPICS:
            numbers = range(partitions_in(topic, log.partitions, LOG_TOPICS))
            ends = {number: log.end(topic, number) for number in numbers}
            wanted = done + sum(max(0, end - _end_of(manifest, topic, number)) for number, end in ends.items())
            for number, end in ends.items():
                before = max(_end_of(manifest, topic, number), log.start(topic, number))
                for segment in _segments_of(log, folder, manifest, topic, number, end):
                    size += segment.size
                    told(done + max(0, segment.end - before), wanted)
                done += max(0, end - before)
        cut = [cut_at(folder, manifest, number, time) for number in range(log.partitions)]
        positions = [position_of(number, end) for number, end in enumerate(cut)]
        ends_of = {str(number): end for number, end in enumerate(cut)}
        manifest.made.append(Made(at=now, version=version, position=max(positions), ends=ends_of, time=time))
        del manifest.made[:-MADE_MAX]
        folder.write(manifest)
        folder.tidy(manifest)
    return LogReport(positions, time, done, size)


def _check_same(log: StampedLog, folder: BackupFolder, manifest: Manifest) -> None:
    journal = journal_of(log, 0)
    if not journal:
        raise LogError("there is nothing to back up yet: nobody has begun the journal")
    if manifest.journal and manifest.journal != journal:
        raise LogError(f"{folder.path} is a backup of the journal {manifest.journal}, and this is {journal}: name another folder")
    manifest.journal, manifest.partitions = journal, log.partitions


def _time_of_last(log: StampedLog, partition: int) -> int:
    end = log.end(JOURNAL, partition)
    if end <= log.start(JOURNAL, partition):
        return 0
    return max(record.timestamp_ms for record in log.read_stamped(JOURNAL, partition, end - 1, end))


def _end_of(manifest: Manifest, topic: Topic, partition: int) -> int:
    there = manifest.segments.get(f"{topic}/{partition}")
    return there[-1].end if there else manifest.starts.get(f"{topic}/{partition}", 0)


def _segments_of(log: StampedLog, folder: BackupFolder, manifest: Manifest, topic: Topic, partition: int, end: int) -> Iterator[Segment]:
    """The same of a topic that may lose its beginning meanwhile: of blobs what is needed of that stands at the end again."""
    while True:
        known, start = list(manifest.segments.get(f"{topic}/{partition}", ())), log.start(topic, partition)
        try:
            yield from _segments(log, folder, manifest, topic, partition, end)
            return
        except LogCorrupt:
            if topic != BLOBS or log.start(topic, partition) == start:
                raise
            there = manifest.segments[f"{topic}/{partition}"]
            there += known[len(there) :]  # the last one was to be written anew with what came behind it


def _segments(log: StampedLog, folder: BackupFolder, manifest: Manifest, topic: Topic, partition: int, end: int) -> Iterator[Segment]:
    """Copy the records that the backup lacks, a segment at a time."""
    name = f"{topic}/{partition}"
    known, start = manifest.segments.setdefault(name, []), log.start(topic, partition)
    if known and known[-1].end < start and topic != BLOBS:  # what stood between is deleted: the copy goes on behind it
        known.clear()
    if known:
        _check_goes_on(log, folder, known[-1], topic, partition, start, end)
    if topic == JOURNAL and not known:
        manifest.segments[kept_of(partition)] = list(_kept_segments(log, folder, partition, start))
    first = max(known[-1].end, start) if known else start
    if known and first < end and known[-1].size < MERGED_BYTES and known[-1].first >= start:
        first = known.pop().first
    manifest.starts[name] = known[0].first if known else first
    while first < end:
        batches = _gather(log, topic, partition, first, end)
        content = _pack(batches)
        digest = hashlib.sha256(content).hexdigest()
        segment = Segment(
            file=f"{topic}-{partition}-{first:020}-{digest[:16]}.zst", first=first, end=batches[-1].end, size=len(content), digest=digest,
            time=batches[-1].time, mark=_mark(batches[-1].records[-1]),
        )  # fmt: skip
        folder.write_segment(segment.file, content)
        known.append(segment)
        first = segment.end
        yield segment


def kept_of(partition: int) -> str:
    """Under which name a manifest has what was kept of the beginning of a journal that was cut."""
    return f"kept/{partition}"


def _kept_segments(log: StampedLog, folder: BackupFolder, partition: int, start: int) -> Iterator[Segment]:
    """Copy what was kept of what a journal has no more; none where it has all."""
    records = log.read(JOURNAL, partition, 0, start)
    number = 0
    while some := _some(records):
        content = _pack(some)
        digest = hashlib.sha256(content).hexdigest()
        file = f"kept-{partition}-{number:020}-{digest[:16]}.zst"
        folder.write_segment(file, content)
        yield Segment(file=file, first=some[0].first, end=start, size=len(content), digest=digest)
        number += 1


def _some(records: Iterator[tuple[int, bytes]]) -> list[Batch]:
    """Records for one segment, each at the offset that it has."""
    batches: list[Batch] = []
    size = 0
    for offset, content in records:
        batches.append(Batch(offset, 0, [content]))
        size += len(content)
        if size >= SEGMENT_BYTES:
            break
    return batches


def _check_goes_on(log: StampedLog, folder: BackupFolder, last: Segment, topic: Topic, partition: int, start: int, end: int) -> None:
    """Raise LogError where the topic is not the one that was copied."""
    where = f"{topic}, partition {partition}"
    if last.end > end:
        raise LogError(f"{folder.path} goes up to offset {last.end} of {where}, and that only to {end}: name another folder")
    if last.end > start:
        for record in log.read_stamped(topic, partition, last.end - 1, last.end):
            if _mark(record.value) != last.mark:
                raise LogError(f"{where} holds another record at offset {record.offset} than {folder.path} does: name another folder")


def _gather(log: StampedLog, topic: Topic, partition: int, first: int, end: int) -> list[Batch]:
    """Records for one segment."""
    batches: list[Batch] = []
    size = 0
    for record in log.read_stamped(topic, partition, first, end):
        if not batches or batches[-1].time != record.timestamp_ms:
            if size >= SEGMENT_BYTES:
                break
            batches.append(Batch(record.offset, record.timestamp_ms, []))
        batches[-1].records.append(record.value)
        size += len(record.value)
    return batches


def _pack(batches: Sequence[Batch]) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(msgspec.msgpack.encode(batches))


def _mark(record: bytes) -> str:
    return hashlib.sha256(record).hexdigest()


def batches_in(folder: BackupFolder, segment: Segment) -> list[Batch]:
    """What a segment holds. Raises LogCorrupt, naming it, where it is not what was written."""
    content = folder.read_segment(segment)
    if hashlib.sha256(content).hexdigest() != segment.digest:
        raise LogCorrupt(f"the backup is damaged: {segment.file} is not what was written ({len(content):,} of {segment.size:,} bytes)")
    try:
        return _batches.decode(zstandard.ZstdDecompressor().decompress(content, max_output_size=UNPACKED_BYTES_MAX))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise LogCorrupt(f"{segment.file} is damaged: {error}") from None


def cut_at(folder: BackupFolder, manifest: Manifest, partition: int, time: int) -> int:
    """The offset in a journal after the last record that was appended until a time."""
    segments = manifest.segments.get(f"{JOURNAL}/{partition}", [])
    for segment in reversed(segments):
        if segment.time <= time:
            return segment.end
        until = [batch for batch in batches_in(folder, segment) if batch.time <= time]
        if until:
            return until[-1].end
    return segments[0].first if segments else 0


def time_at(folder: BackupFolder, manifest: Manifest, partition: int, offset: int) -> int:
    """When the record before an offset of a journal was appended. Raises LogError where the backup has none."""
    for segment in manifest.segments.get(f"{JOURNAL}/{partition}", []):
        if segment.first < offset <= segment.end:
            return next(batch.time for batch in batches_in(folder, segment) if batch.first < offset <= batch.end)
    raise LogError(f"the backup {folder.path} has no record before offset {offset} of the journal of partition {partition}")
