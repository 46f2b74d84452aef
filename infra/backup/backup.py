"""Making a backup: what the log has more than the backup, up to where the journal ended when it began.

    journal's end ─► rows of the journal up to it ─► rows of the other topics ─► blobs ─► backup.json

Whatever the journal says up to that position is then in the backup: a big value is stored before what refers to it, and a
definition before an execution of it. Killed at any moment the backup is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from contracts.errors import LogError
from contracts.ports.log import TOPICS, Topic
from infra.backup.folder import BackupFolder, Made, Manifest
from infra.backup.segment import SEGMENT_BYTES, Segment, described, pack
from infra.files.blobs import FileBlobs
from infra.log.arguments import partitions_in
from infra.log.sqlite_rows import Row

JOURNAL: Final[Topic] = "journal"
MERGED_BYTES: Final = 1024 * 1024
"""A last segment that is smaller is written anew with what follows: so a backup a minute has no file a minute."""
MADE_MAX: Final = 1_000
"""So many of the times at which it was brought up are kept, the last ones."""


class Source(Protocol):
    """What is backed up."""

    @property
    def journal(self) -> str:
        """The id of the journal, empty of a log that nobody has claimed yet."""

    @property
    def partitions(self) -> int:
        """How many partitions the log has."""

    def end(self, topic: Topic, partition: int) -> int:
        """The offset after the last record."""

    def stored(self, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
        """Some rows as they are stored, from the one that begins at `first` or holds it; none from `end` on."""

    def blobs(self) -> Iterator[str]:
        """The content hashes of all big values that are there."""

    def blob(self, content_hash: str) -> bytes | None:
        """A big value; None where it was removed meanwhile."""


class Report(NamedTuple):
    """What a backup came to: the position it goes up to, what it has more than before, and how many bytes that is."""

    position: int
    records: int
    blobs: int
    size: int


def back_up(
    source: Source, folder: BackupFolder, now: int, version: str, told: Callable[[int, int], None] = lambda done, all_: None
) -> Report:
    """Bring a backup up to date. `told` hears how many records of how many are done. Raises LogError, LogFull."""
    with folder.hold():
        manifest = folder.read_or_begin()
        _check_same(source, folder.path, manifest)
        manifest = msgspec.structs.replace(manifest, journal=source.journal, partitions=source.partitions)
        position = source.end(JOURNAL, 0)
        ends = {(topic, number): source.end(topic, number) for topic, number in places(source.partitions)}
        wanted = sum(max(0, end - _end_of(manifest, *at)) for at, end in ends.items())
        size = done = 0
        for (topic, partition), end in ends.items():
            before = _end_of(manifest, topic, partition)
            for segment in _segments(source, folder, manifest, topic, partition, end):
                size += segment.size
                told(done + max(0, segment.end - before), wanted)
            done += max(0, end - before)
        blobs, blob_bytes = _copy_blobs(source, folder)
        manifest.made.append(Made(at=now, version=version, position=position))
        del manifest.made[:-MADE_MAX]
        folder.write(manifest)
        folder.tidy(manifest)
    return Report(position, wanted, blobs, size + blob_bytes)


def places(partitions: int) -> Iterator[tuple[Topic, int]]:
    """The journal first: what it says needs the others, and they only grow."""
    return ((topic, number) for topic in TOPICS for number in range(partitions_in(topic, partitions)))


def _check_same(source: Source, path: Path, manifest: Manifest) -> None:
    if not source.journal:
        raise LogError("there is nothing to back up yet: nobody has begun the journal")
    if manifest.journal and manifest.journal != source.journal:
        raise LogError(f"{path} is a backup of the journal {manifest.journal}, and this is {source.journal}: name another folder")
    if manifest.position > source.end(JOURNAL, 0):
        raise LogError(
            f"{path} goes up to position {manifest.position}, and the journal only to {source.end(JOURNAL, 0)}: it was put back to an "
            "older state; name another folder"
        )


def _end_of(manifest: Manifest, topic: Topic, partition: int) -> int:
    there = manifest.segments.get(f"{topic}/{partition}")
    return there[-1].end if there else 0


def _segments(source: Source, folder: BackupFolder, manifest: Manifest, topic: Topic, partition: int, end: int) -> Iterator[Segment]:
    """Copy the rows that the backup lacks, a segment at a time."""
    known = manifest.segments.setdefault(f"{topic}/{partition}", [])
    first = known[-1].end if known else 0
    if known and first < end and known[-1].size < MERGED_BYTES:
        first = known.pop().first
    while first < end:
        rows = _gather(source, topic, partition, first, end)
        if rows[0].first < first:  # records were removed there since: what it says now is one row, and the chain goes on behind it
            known.clear()
            first = 0
            continue
        content = pack(rows)
        segment = described(topic, partition, rows, content)
        folder.write_segment(segment.file, content)
        known.append(segment)
        first = segment.end
        yield segment


def _gather(source: Source, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
    """Rows for one segment."""
    rows: list[Row] = []
    size = 0
    while first < end and size < SEGMENT_BYTES:
        more = source.stored(topic, partition, first, end)
        if not more or (rows and more[0].first != first) or more[0].first > first:
            raise LogError(f"{topic}, partition {partition}: the rows from offset {first} on cannot be read")
        rows += more
        size += sum(len(row.stored) for row in more)
        first = more[-1].end
    return rows


def _copy_blobs(source: Source, folder: BackupFolder) -> tuple[int, int]:
    """Copy the big values that the backup lacks; how many, and how many bytes."""
    there, count, size = FileBlobs(folder.blobs), 0, 0
    for content_hash in source.blobs():
        if there.has(content_hash):
            continue
        content = source.blob(content_hash)
        if content is not None:
            there.put(content)
            count += 1
            size += len(content)
    return count, size
