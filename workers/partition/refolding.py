"""Refolding one execution from its history: after a bug, and for whoever asks what it was at some version."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.codec import decode_record
from contracts.errors import LogCorrupt
from contracts.journal import Checkpoint, Decided, Decision, Filing, Retired, Sealed
from contracts.ports.log import Log
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.history import Entry, Folded, GraphOf, Unreadable, apply, begin, is_erasure, read_entries
from workers.partition.stretches import entries_at
from workers.partition.watchers import Watchers


def entries_of(log: Log, partition: int, execution: str, end: int | None = None) -> Iterable[Entry]:
    """The decisions of one execution that count, in their order; of one that was erased, that which says so.

    Of one that was removed, and then began anew, those since. Raises LogCorrupt for one that cannot be read.
    """
    found: list[Entry] = []
    missing: Unreadable | None = None

    def filed(record: Filing) -> None:
        nonlocal missing
        if isinstance(record, Retired) and any(name == execution for name, _ in record.executions):
            found.clear()
            missing = None

    for entry in read_entries(log.read("journal", partition, 0, end), Checkpoint(), filed=filed):
        name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
        if name != execution:
            continue
        if isinstance(entry, Unreadable):
            missing = missing if missing is not None and missing.sealed is None else entry
            continue
        if missing is not None and missing.sealed is not None and is_erasure(entry):
            missing = None
            found.clear()
        if missing is None:
            found.append(entry)
    if missing is not None:
        raise _unreadable(missing)
    return found


def _unreadable(entry: Unreadable) -> LogCorrupt:
    return LogCorrupt(f"execution {entry.execution}, version {entry.first}: {entry.reason}")


def recorded_of(log: Log, partition: int, folded: Folded, end: int) -> Iterable[Entry]:
    """The decisions of an execution that is in memory: those its trail names, so that nothing else is read."""
    if folded.trail:
        return entries_at(log, partition, folded.trail)
    return entries_of(log, partition, folded.state.execution, end) if folded.state.version else ()


def refold(graph_of: GraphOf, entries: Iterable[Entry], read_blob: ReadBlob = no_blobs) -> Folded | None:
    """The execution that the entries tell of, None without any. They may begin with one that sums up what was before."""
    folded: Folded | None = None
    for entry in entries:
        if folded is None:
            folded = begin(entry, graph_of, read_blob)
        apply(folded, entry)
    return folded


def read_again(log: Log, partition: int, graph_of: GraphOf, execution: str, end: int) -> Folded:
    """An execution that was set aside as its history could not be read. Raises whatever says that it still cannot be."""
    entries = list(entries_of(log, partition, execution, end))
    folded = refold(graph_of, entries)
    if folded is None:
        raise LogCorrupt(f"execution {execution} has no history")
    for entry in entries:
        folded.note(entry.offset, entry.decision)
    return folded


def entry_made(record: bytes, decision: Decision, key: int) -> Entry:
    """A decision of a round that is not durable yet."""
    decided = decode_record(record)
    assert isinstance(decided, Decided | Sealed)
    return Entry(-1, decision, decided.body, decided.digest, key)


def read_end(graph_of: GraphOf, log: Log, partition: int, execution: str, watchers: Watchers) -> None:
    """Tell those who watch an execution how it has ended, as the journal says."""
    folded = refold(graph_of, entries_of(log, partition, execution))
    if folded is not None:
        watchers.tell(folded.state)
