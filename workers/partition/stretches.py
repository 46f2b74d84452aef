"""Stretches: reading decisions by their offsets, those that lie close to each other in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.codec import decode_decision, decode_record
from contracts.errors import LogCorrupt
from contracts.journal import Decided
from contracts.ports.log import Log
from domain.execution.history import Entry

GAP_MAX: Final = 100
"""Decisions that lie no further apart than this are read in one go: they stand in the same round, most often."""


def entries_at(log: Log, partition: int, offsets: Sequence[int]) -> Iterator[Entry]:
    """The decisions at these offsets, in their order. Raises LogCorrupt where one of them is none."""
    for first, last in _stretches(offsets):
        wanted = set(offsets) if last - first < len(offsets) else {offset for offset in offsets if first <= offset <= last}
        for offset, content in log.read("journal", partition, first, last + 1):
            if offset in wanted:
                yield _entry(offset, content)


def _stretches(offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = -1
    for offset in offsets:
        if first >= 0 and offset - last > GAP_MAX:
            yield first, last
            first = offset
        elif first < 0:
            first = offset
        last = offset
    if first >= 0:
        yield first, last


def _entry(offset: int, content: bytes) -> Entry:
    record = decode_record(content)
    if not isinstance(record, Decided):
        raise LogCorrupt(f"offset {offset} of the journal holds no decision")
    return Entry(offset, decode_decision(record.body), record.body, record.digest)
