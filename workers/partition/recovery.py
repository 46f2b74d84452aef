"""Recovery: what an owner does after its claim: fold the journal up to it, from the last snapshot, checking everything.

It also finds the commands to other executions that may not have been sent: those of decisions at or above the last
`dispatched_to`. Activities that are to run follow from the states alone (`domain.execution.react.outstanding`).
"""

from __future__ import annotations

import gc
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from contracts.codec import NO_DECISIONS, encode_record, is_restored, read_sealed, removed_in
from contracts.commands import ArchiveExecution, Effect, Envelope, RunActivity
from contracts.errors import SHORTAGES, LogCorrupt, LogError, LogFull, LogUnreachable, UnknownRecord, reason_of
from contracts.events import ExecutionErased
from contracts.ids import activity_key
from contracts.journal import OWN, Checkpoint, Filing, JournalOpened, PartitionClaimed, Source
from contracts.key import NO_KEY
from contracts.ports.log import Log
from contracts.ports.snapshots import Snapshots
from domain.execution.history import Entry, Folded, Unreadable, apply, begin, is_erasure, read_entries
from domain.execution.react import commands_for_others, react
from workers.partition.catalog import Catalog
from workers.partition.ended_execution import EndedExecution
from workers.partition.executions import Executions
from workers.partition.packed import note_pause
from workers.partition.sealing import UNSEALED, Sealing
from workers.partition.snapshot import decode_snapshot
from workers.partition.standing import journal_of, misfit

_log = logging.getLogger("refold.owner")

JUNK_MAX: Final = 1_000
"""So much of what is no record is remembered of a recovery; the rest is only counted."""


class Recovered:
    """What recovery has found."""

    def __init__(self, executions: Executions) -> None:
        self.executions = executions
        self.checkpoint = Checkpoint()
        self.dispatched_to = 0
        self.undelivered: deque[tuple[int, Envelope]] = deque()
        self.events = 0
        self.junk: list[tuple[int, bytes]] = []
        """What stands in the journal and is no record, with its offsets: the first of it."""
        self.last: Source | None = None
        """The source of the last decision that came from `commands`."""
        self.tasks: Tasks | None = None
        self.thrown_away: list[int] = []
        """The keys of executions that were erased."""
        self.restored_at = -1
        """The offset of the claim behind which the log goes on, if it was put back: no task of before was put back with it."""

    def may_be_unsent(self, activity: RunActivity) -> bool:
        """Whether an activity that is waited for may never have been given to a worker that outlives its owner."""
        if self.tasks is None or self.dispatched_to <= self.restored_at:
            return True
        return activity_key(activity.execution, activity.path, activity.attempt) in self.tasks

    def called_for_at(self, activity: RunActivity) -> int:
        """At which offset an activity was called for that may be unsent; at most there."""
        found = None if self.tasks is None else self.tasks.called_for.get(activity_key(activity.execution, activity.path, activity.attempt))
        return self.dispatched_to if found is None else found

    def note_junk(self, offset: int, content: bytes) -> None:
        """Bytes that are no record were come upon."""
        if len(self.junk) < JUNK_MAX:
            self.junk.append((offset, content))

    def file(self, record: Filing) -> None:
        """The journal notes this of its archive."""
        self.executions.file(record)
        self.dispatched_to = max(self.dispatched_to, self.executions.filed.out_to)

    def forget_sent(self) -> None:
        """What lies below `dispatched_to` is out."""
        while self.undelivered and self.undelivered[0][0] < self.dispatched_to:
            self.undelivered.popleft()
        if self.tasks is not None:
            self.tasks.forget(self.dispatched_to)


class Tasks:
    """The tasks that the last decisions have called for, oldest first."""

    def __init__(self) -> None:
        self.called_for: dict[str, int] = {}

    def __contains__(self, task: str) -> bool:
        return task in self.called_for

    def note(self, offset: int, effects: Iterable[Effect]) -> None:
        """The decision at this offset calls for these."""
        for effect in effects:
            if isinstance(effect, RunActivity):
                self.called_for[activity_key(effect.execution, effect.path, effect.attempt)] = offset

    def forget(self, dispatched_to: int) -> None:
        """Those of decisions below this offset were given away."""
        while self.called_for:
            task, offset = next(iter(self.called_for.items()))
            if offset >= dispatched_to:
                return
            del self.called_for[task]


def recover(
    log: Log,
    partition: int,
    catalog: Catalog,
    snapshots: Snapshots,
    live_max: int,
    tasks_outlive: bool = False,
    sealing: Sealing = UNSEALED,
) -> Recovered:
    """Everything that counts in a partition's journal, folded. With `tasks_outlive` what was given away needs no giving again.

    Keys of executions that the journal says are erased are thrown away, should somebody have been killed before. Raises LogError,
    KeysMissing where there are sealed executions, and their keys are kept elsewhere.
    """
    catalog.read_on()
    kept_to = log.kept_to(partition, asks=True)
    none = Executions(catalog.graph, live_max, catalog.retention_ms, partition, tasks_outlive, catalog.retention_of_tests_ms)
    recovered = _from_snapshot(log, partition, catalog, snapshots, none, sealing) or Recovered(none)
    recovered.tasks = Tasks() if tasks_outlive else None
    began_at = recovered.checkpoint.offset
    with _without_gc():
        records = _noting(log.read("journal", partition, recovered.checkpoint.offset), recovered)
        try:
            for entry in read_entries(records, recovered.checkpoint, recovered.note_junk, recovered.file):
                _take(recovered, catalog, entry)
        except UnknownRecord as error:  # whoever can read it is to own the partition
            raise LogCorrupt(f"the journal of partition {partition} cannot be read on: {error}") from None
    if began_at < log.kept_to(partition) != kept_to:
        raise LogUnreachable(f"the journal of partition {partition} was cut while it was read: it is read again")
    recovered.forget_sent()
    sealing.keys.begin_at(recovered.executions.keys_end, recovered.checkpoint.journal)
    sealing.keys.throw_away(recovered.thrown_away)
    return recovered


def _from_snapshot(
    log: Log, partition: int, catalog: Catalog, snapshots: Snapshots, none: Executions, sealing: Sealing
) -> Recovered | None:
    snapshot = decode_snapshot(snapshots.load(partition))
    if snapshot is None or snapshot.retention_ms != catalog.retention_ms or not _fits(log, partition, snapshot.checkpoint):
        return None
    recovered = Recovered(none)
    recovered.checkpoint, recovered.dispatched_to = snapshot.checkpoint, snapshot.dispatched_to
    kept = {name: sealing.kept(name, idle) for name, idle in snapshot.open.items()}
    recovered.executions.take({name: idle for name, idle in kept.items() if idle is not None})
    recovered.executions.keys_end = max(snapshot.keys_end, recovered.executions.keys_end)
    recovered.executions.filed = snapshot.filed
    recovered.executions.quotas.restore(snapshot.starts)
    recovered.executions.take_ended(snapshot.ended)
    recovered.executions.unreadable.update(snapshot.unreadable)
    recovered.executions.unreadable.update((name, "its key is not there") for name, idle in kept.items() if idle is None)
    recovered.undelivered.extend(snapshot.undelivered)
    return recovered


def _noting(records: Iterable[tuple[int, bytes]], recovered: Recovered) -> Iterator[tuple[int, bytes]]:
    """The records; what is out by those that were removed is out, and what was before the log was put back is not."""
    for one in records:
        if one[1][1:2] in NO_DECISIONS:
            _note_of_log(*one, recovered)
        yield one


def _note_of_log(offset: int, content: bytes, recovered: Recovered) -> None:
    if (removed := removed_in(content)) is not None:
        recovered.dispatched_to = max(recovered.dispatched_to, removed.dispatched_to)
    elif is_restored(content):
        recovered.restored_at = offset
        recovered.executions.filed.before, recovered.executions.filed.kept_at = 0, -1  # the copy that it names was not put back


def _fits(log: Log, partition: int, checkpoint: Checkpoint) -> bool:
    """Whether the snapshot is of this journal, and of no more than there is. What does not fit tells of a loss."""
    why = misfit(log, partition, checkpoint)
    if why:
        is_cut = checkpoint.offset < log.kept_to(partition)
        level, doubt = (logging.INFO, "") if is_cut else (logging.CRITICAL, "; is the log an old copy, or are records lost?")
        _log.log(level, "the snapshot of partition %d is thrown away: %s%s", partition, why, doubt)
    return not why


def append_claim(log: Log, partition: int, claim: PartitionClaimed, known: str, chance: Callable[[], bytes]) -> None:
    """Claim a partition, and open its journal where it is empty. Raises LogError; LogCorrupt where it is not the journal that is known."""
    records = [encode_record(claim)]
    journal = journal_of(log, partition)
    if known and journal != known:
        raise LogCorrupt(f"the journal of partition {partition} is {journal or 'gone'}; it was {known}")
    if not journal:
        records.insert(0, encode_record(JournalOpened(chance().hex(), partition, log.partitions)))
    answer = log.append("journal", {partition: records})[partition]
    if isinstance(answer, LogError):
        raise answer


def _take(recovered: Recovered, catalog: Catalog, entry: Entry | Unreadable) -> None:
    """Fold one decision. A history that cannot be read stops its own execution, and no other."""
    executions = recovered.executions
    if isinstance(entry, Unreadable):
        _set_aside(executions, entry)
        return
    decision = entry.decision
    if is_erasure(entry):
        _erase(recovered, entry)
    try:
        folded = executions.get(decision.execution) or _begin(executions, catalog, entry)
        if folded is None:
            return
        apply(folded, entry)
        folded.note(entry.offset, decision)
        tasks = react(folded.graph, folded.state, decision) if recovered.tasks is not None else []
        envelopes = commands_for_others(folded.graph, folded.state, decision)
    except (LogFull, LogUnreachable, *SHORTAGES):
        raise
    except Exception as error:  # whatever a history holds, the others are taken over
        executions.set_aside(decision.execution, reason_of(error))
        return
    if decision.first == 1:
        executions.has_begun(folded)
    elif executions.quotas.unsettled and decision.execution in executions.quotas.unsettled:
        executions.may_be_let_in(folded, decision.now)
    if folded.graph.heeds_pauses:
        note_pause(executions.quotas, folded)
    recovered.events += len(decision.events)
    if decision.dispatched_to > recovered.dispatched_to:
        recovered.dispatched_to = decision.dispatched_to
    if decision.source.partition != OWN:
        recovered.last = decision.source
    if recovered.tasks is not None:
        recovered.tasks.note(entry.offset, tasks)
        recovered.tasks.forget(recovered.dispatched_to)
    if envelopes:
        _note(recovered, entry.offset, envelopes)
    if folded.state.is_ended:
        executions.end(folded, entry.offset)


def _set_aside(executions: Executions, entry: Unreadable) -> None:
    """A decision that cannot be read. Of one that is sealed, and ends its execution, so much is known."""
    head = None if entry.sealed is None else read_sealed(entry.sealed.body)
    executions.note_key(NO_KEY if head is None else head.key)
    if entry.sealed is not None and head is not None and head.closing is not None:
        executions.close_sealed(head, head.closing, entry.sealed.digest, entry.offset)
    else:
        executions.set_aside(entry.execution, entry.reason)


def _erase(recovered: Recovered, entry: Entry) -> None:
    """The execution is erased: its key is to be thrown away, and whether it could be read before does not matter any more."""
    (event,) = entry.decision.events
    assert isinstance(event, ExecutionErased)
    recovered.thrown_away.append(event.key)
    recovered.executions.close(entry.decision.execution, EndedExecution(event.status, b"", entry.offset, is_erased=True))


def _begin(executions: Executions, catalog: Catalog, entry: Entry) -> Folded | None:
    """The execution that begins here; None where it was set aside, or for what was recorded after its end."""
    name = entry.decision.execution
    if name in executions.ended:
        if isinstance(entry.decision.command, ArchiveExecution) and entry.decision.rejection is None:
            executions.expire(name, entry.offset, entry.digest, entry.decision.now)
        else:
            executions.note_after_end(name, entry.offset, entry.digest)
        return None
    if name in executions.unreadable:
        return None
    folded = begin(entry, catalog.graph)
    executions.put(folded)
    executions.pack_idle()  # what waits, waits packed: as many live objects as there are executions would not stay in any cache
    return folded


def _note(recovered: Recovered, offset: int, envelopes: list[Envelope]) -> None:
    recovered.undelivered.extend((offset, envelope) for envelope in envelopes)
    while len(recovered.undelivered) > 1_000 and recovered.undelivered[0][0] < recovered.dispatched_to:
        recovered.undelivered.popleft()


@contextmanager
def _without_gc() -> Iterator[None]:
    """Folding makes millions of objects and no cycles; looking for some would take longer than folding.

    What is there afterwards stays: frozen, it is never looked through again.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
