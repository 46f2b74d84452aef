"""Stretches: reading decisions by their offsets, those that lie close to each other in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.codec import decode_record
from contracts.errors import LogCorrupt, Rejected, UnknownRecord
from contracts.journal import Decided, Sealed
from contracts.ports.log import Log
from domain.execution.history import Entry, entry_of

GAP_MAX: Final = 100
"""Decisions that lie no further apart than this are read in one go: they stand in the same round, most often."""


def entries_at(log: Log, partition: int, offsets: Sequence[int]) -> Iterator[Entry]:
    """The decisions at these offsets, in their order. Raises LogCorrupt where one of them is none, Rejected where it is sealed for ever."""
    for stretch in _stretches(offsets):
        wanted = iter(stretch)
        next_wanted = next(wanted)
        for offset, content in log.read("journal", partition, stretch[0], stretch[-1] + 1):
            if offset == next_wanted:
                yield _entry(offset, content)
                next_wanted = next(wanted, -1)


def _stretches(offsets: Sequence[int]) -> Iterator[Sequence[int]]:
    """The offsets, cut where one lies far from the one before."""
    begins = 0
    for index in range(1, len(offsets)):
        if offsets[index] - offsets[index - 1] > GAP_MAX:
            yield offsets[begins:index]
            begins = index
    if offsets:
        yield offsets[begins:]


def _entry(offset: int, content: bytes) -> Entry:
    record = decode_record(content)
    if not isinstance(record, Decided | Sealed):
        raise LogCorrupt(f"offset {offset} of the journal holds no decision")
    entry = entry_of(offset, record)
    if isinstance(entry, Entry):
        return entry
    if entry.sealed is not None:
        raise Rejected("erased", f"execution {entry.execution} cannot be read: {entry.reason}", execution=entry.execution)
    raise UnknownRecord(entry.reason)
