"""Refolding one execution from its history: after a bug, and for whoever asks what it was at some version."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.codec import decode_decision, decode_record
from contracts.errors import LogCorrupt
from contracts.journal import Checkpoint, Decided
from contracts.ports.log import Log
from domain.history import Entry, Folded, GraphOf, Unreadable, apply, begin, read_entries


def entries_of(log: Log, partition: int, execution: str, end: int | None = None) -> Iterable[Entry]:
    """The decisions of one execution that count, in their order. Raises LogCorrupt for one that cannot be read."""
    for entry in read_entries(log.read("journal", partition, 0, end), Checkpoint()):
        name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
        if name != execution:
            continue
        if isinstance(entry, Unreadable):
            raise LogCorrupt(f"execution {execution}, version {entry.first}: {entry.reason}")
        yield entry


def refold(graph_of: GraphOf, entries: Iterable[Entry]) -> Folded | None:
    """The execution that the entries tell of, None without any."""
    folded: Folded | None = None
    for entry in entries:
        if folded is None:
            folded = begin(entry, graph_of)
        apply(folded, entry)
    return folded


def entry_of(record: bytes) -> Entry:
    """A decision of a round that is not durable yet."""
    decided = decode_record(record)
    assert isinstance(decided, Decided)
    return Entry(-1, decode_decision(decided.body), decided.body, decided.digest)
