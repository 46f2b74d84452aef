"""Whether what was kept of a journal, rows or a snapshot, still stands on it: on the same one, and on no more than there is."""

from __future__ import annotations

from contracts.codec import read_record
from contracts.errors import LogCorrupt, UnknownRecord
from contracts.journal import Checkpoint, JournalOpened, Record, Removed, mark_of
from contracts.ports.log import Log


def journal_of(log: Log, partition: int) -> str:
    """The id of a partition's journal, "" while it is empty. Raises LogCorrupt where it begins with anything else."""
    try:
        first = first_record(log, partition)
    except UnknownRecord as error:
        raise LogCorrupt(f"the journal of partition {partition} cannot be read from its beginning on: {error}") from None
    if first is None:
        return ""
    if not isinstance(first, JournalOpened) or first.partition != partition:
        found = f"partition {first.partition}" if isinstance(first, JournalOpened) else type(first).__name__
        raise LogCorrupt(f"the journal of partition {partition} begins with {found}, not with its own JournalOpened")
    return first.journal


def first_record(log: Log, partition: int) -> Record | None:
    """The first record of a partition's journal, whatever bytes somebody has put before it; None while there is none."""
    for start, end in ((0, 1), (1, None)):
        for _, content in log.read("journal", partition, start, end):
            if (record := read_record(content)) is not None:
                return record
    return None


def misfit(log: Log, partition: int, checkpoint: Checkpoint) -> str:
    """Why a reader may not go on from a checkpoint, "" where it may: the same journal, and the same record before it.

    A journal that was put back to an older state, and has gone on, has another record there: made under another claim.
    A checkpoint of a build that kept no mark is believed, and one whose record was removed.
    Raises LogCorrupt where the journal cannot be read.
    """
    if not checkpoint.offset:
        return ""
    journal, end = journal_of(log, partition), log.end("journal", partition)
    if journal != checkpoint.journal:
        return f"it is of the journal {checkpoint.journal or 'without a name'}, and this one is {journal or 'empty'}"
    if checkpoint.offset < (kept_to := log.kept_to(partition, asks=True)):
        return f"it goes up to offset {checkpoint.offset}, and what was removed since is told no more: the journal was cut at {kept_to}"
    if checkpoint.offset > end:
        return f"it goes up to offset {checkpoint.offset}, and the journal to {end}"
    if checkpoint.mark and not _may_be_at(log, partition, checkpoint.offset - 1, checkpoint.mark):
        return f"what stands before offset {checkpoint.offset} of the journal is not what it was made from"
    return ""


def _may_be_at(log: Log, partition: int, offset: int, mark: bytes) -> bool:
    """Whether a record with this mark stands there, or may have stood there before it was removed."""
    [(_, content)] = log.read("journal", partition, offset, offset + 1)
    try:
        record = read_record(content)
    except UnknownRecord:
        return False
    return isinstance(record, Removed) or mark_of(record) == mark
