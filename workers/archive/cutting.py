"""Cutting: the journal gives up its beginning, and what is still needed of that is copied (`contracts/ports/kept.py`).

    journal   │ done │ done │ waits │ done │ … │ done │ waits │ done │ lives │ lives │ …
                                                               ▲ before
    copy      │ Removed       │ waits │ Removed       │ waits │

What was copied is read at the offsets that it had, and a run of what is gone as one record, so no reader sees more of it than that.
An execution that waits for long is copied with each cut, and so costs what it weighs: the journal is cut where that gains most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

import msgspec

from contracts.codec import encode_record, execution_in, read_header, read_record, read_sealed
from contracts.errors import LogCorrupt
from contracts.journal import Bundled, Checkpoint, Decided, JournalOpened, PartitionClaimed, Record, Removed, Retired, Sealed, judge
from contracts.ports.kept import Kept
from contracts.ports.log import Log, Topic
from contracts.values import weights_in

GAIN_BYTES_MIN: Final = 4 * 1024 * 1024
"""A cut that gains less is not worth it."""
GIVE_UP_BYTES: Final = 64 * 1024 * 1024
"""Behind the best place so far no better one is looked for, once this has been lost again."""
FRAME_BYTES: Final = 40
"""What a record weighs beside its content."""


class CuttableLog(Log, Protocol):
    """A log whose topics can lose their beginning."""

    def start(self, topic: Topic, partition: int) -> int:
        """The offset of the first record that is still there. Raises LogError."""

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        """Delete the records before an offset. Raises LogError."""


class _Found(NamedTuple):
    """A record of the journal that is needed, or None for one that is not; where it stands, and the sources before it."""

    offset: int
    end: int
    content: bytes | None
    size: int
    sources: dict[int, int]
    payloads: dict[str, int]
    """The sizes of the blobs that it refers to where it is not needed: they go with it, if nothing else refers to them."""


class _Scan:
    """Reads a journal, and says of each record whether it is needed."""

    def __init__(self, known: frozenset[str], pieces: frozenset[str], dead: frozenset[tuple[str, int]] = frozenset()) -> None:
        self._known, self._pieces, self._dead = known, pieces, dead
        self.checkpoint = Checkpoint()
        self._numbers: dict[str, int] = {}
        self.retired: set[tuple[str, int]] = set()
        """Of those that are known, names and numbers that were retired: the name has begun anew."""

    def run(self, records: Iterator[tuple[int, bytes]]) -> Iterator[_Found]:
        """All records. Raises UnknownRecord for one that a newer build has written."""
        checkpoint = self.checkpoint
        for offset, content in records:
            before = dict(checkpoint.sources)
            record = read_record(content)
            counts = judge(checkpoint, offset, record) not in ("foreign", "doubled", "answer", "removed")
            needed = self._needed(offset, record) if record is not None and counts else None
            kept = None if needed is None else content if needed is record else encode_record(needed)
            payloads = weights_in(content) if kept is None else {}
            yield _Found(offset, checkpoint.offset, kept, len(content) + FRAME_BYTES, before, payloads)

    def _needed(self, offset: int, record: Record) -> Record | None:
        """What is to be kept of a record, None for nothing."""
        match record:
            case JournalOpened() | PartitionClaimed():
                return record
            case Decided() | Sealed():
                return record if self._is_alive(offset, record) else None
            case Retired():
                self.retired.update(one for one in record.executions if one[0] in self._known)
                for name, _ in record.executions:
                    self._numbers.pop(name, None)
                return msgspec.structs.replace(record, executions=()) if record.piece in self._pieces else None
            case Bundled():
                return record if self._pieces.intersection(record.pieces) else None
            case _:
                return None

    def _is_alive(self, offset: int, record: Decided | Sealed) -> bool:
        name = execution_in(record)
        if name not in self._known:
            return False
        first = read_header(record.body)[2] if isinstance(record, Decided) else read_sealed(record.body).first
        if first == 1:
            self._numbers[name] = offset
        number = self._numbers.get(name)  # None of what is left of one whose beginning was cut off: it was retired, and began anew
        return number is not None and (name, number) not in self._dead


class JournalCutting:
    """Of one partition, with a view of the log of its own. See `workers.archive.shared_retention.Cutting`."""

    def __init__(self, log: CuttableLog, kept: Kept, partition: int, journal: str, gain_min: int = GAIN_BYTES_MIN) -> None:
        self._log, self._kept, self._partition, self._journal, self._gain_min = log, kept, partition, journal, gain_min

    def plan(self, known: frozenset[str], pieces: frozenset[str], before: int, end: int) -> tuple[int, int] | None:
        """See Cutting."""
        scan = _Scan(known, pieces)
        place = self._best(scan, min(before, end))
        if place is None:
            return None
        again = _Scan(known, pieces, frozenset(scan.retired))
        copied = _copied(again, self._log.read("journal", self._partition, 0, place), place)
        return place, self._kept.save(self._partition, self._journal, place, copied)

    def _best(self, scan: _Scan, before: int) -> int | None:
        """The offset before which most is gained: what is there, with its payloads, less what has to be read and written again."""
        start = self._log.start("journal", self._partition)
        gain = best = 0
        payloads: dict[str, int] = {}
        place: int | None = None
        for found in scan.run(self._log.read("journal", self._partition, 0, before)):
            gain += found.size if found.content is None else -found.size
            gain += sum(size for name, size in found.payloads.items() if name not in payloads)
            payloads.update(found.payloads)
            if found.end > start and gain > best:
                best, place = gain, found.end
            if gain < best - GIVE_UP_BYTES:
                break
        return place if best >= self._gain_min and place is not None and place <= before else None

    def cut(self, before: int, kept_at: int) -> None:
        """See Cutting. Nothing is deleted unless the copy of what is needed of it is there."""
        if self._log.start("journal", self._partition) < before:
            if not self._kept.is_there(self._partition, self._journal, before, kept_at):
                raise LogCorrupt(f"the journal of partition {self._partition} is not cut at {before}: there is no copy of what is needed")
            self._log.delete_before("journal", self._partition, before)
        self._kept.trim(self._partition, kept_at)


def _copied(scan: _Scan, records: Iterator[tuple[int, bytes]], before: int) -> Iterator[tuple[int, bytes]]:
    """What is needed, at its offsets, and what stands in the place of all else. Of claims those in force for what is needed, and the last.

    What was decided before is out to all whom it concerns, as nothing is cut off before that.
    """
    at = 0
    claim: _Found | None = None

    def keep(one: _Found) -> Iterator[tuple[int, bytes]]:
        nonlocal at
        assert one.content is not None
        if one.offset > at:
            yield at, encode_record(Removed(one.offset, one.sources, before))
        yield one.offset, one.content
        at = one.end

    for one in scan.run(records):
        if one.content is None:
            continue
        if isinstance(read_record(one.content), PartitionClaimed):
            claim = one
            continue
        if claim is not None:
            yield from keep(claim)
            claim = None
        yield from keep(one)
    if claim is not None:
        yield from keep(claim)
    if at < before:
        yield at, encode_record(Removed(before, dict(scan.checkpoint.sources), before))
