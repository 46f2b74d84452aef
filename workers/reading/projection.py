"""A projection: reads the journal of a partition by position, folds it for some read models, and stores their rows and checkpoint together.

    step() ─► up to so many decisions ─► fold ─► one transaction (rows, checkpoint)        False: nothing more was there

Killed at any moment it goes on from its checkpoint, and the rows come out the same. What it has folded is a cache:
after a restart an execution is folded again, from its own decisions alone, when the next one comes.

Where nobody waits and much comes, the rows of models that may lag are held back for a moment, each with the checkpoint of its own rows:

    executions, incidents, …     ──►──►──►──►──►     stored with each batch
    node_runs, waiting, …        ──────────────►     once; of what came and went meanwhile nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from contracts.commands import EraseExecution
from contracts.errors import SHORTAGES, LogCorrupt, LogFull, LogUnreachable, Overtaken, reason_of
from contracts.journal import Checkpoint, Filing, Retired
from contracts.ports.log import Log
from contracts.ports.read_models import Changes, ReadModels
from domain.execution.history import Entry, Folded, Unreadable, apply, begin, is_erasure, read_entries
from projections.executions import READ_MODEL
from projections.read_model import ModelGroup, ReadModel, RowsOf, Visit
from projections.trail import Trail
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.stretches import entries_at
from workers.reading.trails import Trails

_first: Final = itemgetter(0)
BATCH_RECORDS_MAX: Final = 5_000
"""So many records of the journal go into one transaction."""
LIVE_MAX: Final = 2_000
"""How many executions are kept as objects; the others are packed."""
PACKED_MAX: Final = 20_000
"""How many are kept packed; the others are folded again when they go on."""
HELD_FROM: Final = 50
"""A batch of so many records is load: rows that may lag are held back."""
HELD_RECORDS_MAX: Final = 100_000
HELD_MS_MAX: Final = 5_000
"""They lag by so many records at most, by so much of the time of the journal, and by the executions that are kept as objects."""


class Sizes(NamedTuple):
    """How much a projection takes in at once, and keeps."""

    batch_max: int = BATCH_RECORDS_MAX
    live_max: int = LIVE_MAX
    packed_max: int = PACKED_MAX
    held_from: int = HELD_FROM


class _Held(NamedTuple):
    """Rows that are held back: the offset that those go up to which are stored, and the time of the journal then."""

    after: int
    since: int


class Projection:
    """Brings the rows of read models that stand at the same offset up with the journal. `whole_from` is what must be reached for that."""

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        models: ReadModels,
        partition: int,
        group: ModelGroup,
        checkpoint: Checkpoint,
        sizes: Sizes,
        whole_from: int | None = None,
    ) -> None:
        self._log, self._catalog, self._models, self._partition = log, catalog, models, partition
        self.group, self.checkpoint, self._sizes = group, checkpoint, sizes
        self._whole_from = whole_from
        """The offset from which on the rows are whole once nothing more is there; None where they are."""
        self._executions = Executions(catalog.graph, sizes.live_max)
        self._known: dict[str, Trail] = {}
        self._rows: dict[str, dict[str, RowsOf]] = {}
        """What read models have about those that were last heard of, as many as are kept as objects."""
        self._has_erased = False
        self._changes = Changes()
        """What is not stored yet; between two batches nothing, or what is held back."""
        self._held: _Held | None = None
        self._visits_held: dict[str, Visit] = {}
        """The executions of which models that may lag have not told yet what has changed."""
        self._now = 0
        """The time of the last decision."""
        self._set_aside_now: dict[str, int] = {}
        """The numbers of executions of which this batch has nothing but what cannot be read."""
        self._kept_to = log.kept_to(partition, asks=True)
        self._trails = Trails(log, models, partition, is_own=READ_MODEL.name in group.names)

    def step(self, end: int | None = None, may_hold: bool = False) -> bool:
        """Take in the next batch, up to an offset; True when there may be more behind it. `may_hold`: some rows may be held back.

        Raises Overtaken where the journal was cut behind where the rows have come to: nobody tells any more what was removed since.
        """
        offset = self.checkpoint.offset
        left = iter(range(self._sizes.batch_max))
        records = map(_first, zip(self._log.read("journal", self._partition, offset, end), left, strict=False))
        visits: dict[str, Visit] = {}
        changes = self._changes
        self._set_aside_now.clear()
        self._trails.begin(offset)
        for entry in read_entries(records, self.checkpoint, filed=lambda record: self._file(record, visits, changes)):
            self._take(entry, visits, changes)
        if offset < self._log.kept_to(self._partition) != self._kept_to:
            raise Overtaken(f"the journal was cut at {self._log.kept_to(self._partition)}, and the rows had come to {offset}")
        is_more = next(left, None) is None
        became_whole = not is_more and self._whole_from is not None and 0 < self.checkpoint.offset >= self._whole_from
        if self.checkpoint.offset == offset and not became_whole:
            self.release()
            return False
        self._store(offset, visits, became_whole, may_hold)
        if self._has_erased:
            self._models.rest()  # what is erased is not to stay beside the rows until nothing more comes
            self._has_erased = False
        if became_whole:
            self._whole_from = None
        self._forget(name for name, visit in visits.items() if visit.folded.state.is_ended)
        self._executions.pack_idle()
        self._forget(self._executions.forget_idle(self._sizes.packed_max))
        for name in list(islice(self._rows, max(0, len(self._rows) - self._sizes.live_max))):
            del self._rows[name]
        return is_more

    def _store(self, after: int, visits: dict[str, Visit], became_whole: bool, may_hold: bool) -> None:
        """Store what a batch that began at an offset has changed, or a part of it."""
        group, taken = self.group, self.checkpoint.offset - after
        is_load = may_hold and self.is_whole and taken >= self._sizes.held_from and not self._has_erased
        if self._held is None and not (is_load and group.prompt and group.lagging):
            self._finish_all(visits, group.models)
            self._save(group.models, after, became_whole)
            return
        self._finish_all(visits, group.prompt)
        self._save(group.prompt, after)
        self._held = self._held or _Held(after, self._now)
        self._visits_held.update(visits)
        if not is_load or self._is_much(self._held):
            self.release()
        else:  # they are forgotten, or might be: what has ended changes no more
            self._finish_all({name: visit for name, visit in visits.items() if visit.folded.state.is_ended}, group.lagging)

    def _is_much(self, held: _Held) -> bool:
        is_long = not 0 <= self._now - held.since < HELD_MS_MAX
        return is_long or self.checkpoint.offset - held.after >= HELD_RECORDS_MAX or len(self._visits_held) > self._sizes.live_max

    def release(self) -> None:
        """Store what is held back."""
        if self._held is not None:
            after, self._held = self._held.after, None
            self._finish_all(dict(self._visits_held), self.group.lagging)
            self._save(self.group.lagging, after)

    def _finish_all(self, visits: dict[str, Visit], models: Sequence[ReadModel]) -> None:
        """Have models tell of executions what has changed; where that cannot be told of one, it harms no other."""
        for name in list(visits):
            self._finish(name, visits, models)

    def _save(self, models: Sequence[ReadModel], after: int, became_whole: bool = False) -> None:
        self._models.save([model.name for model in models], self._changes, self.checkpoint, after, became_whole)
        self._changes.stored(table for model in models for table in model.tables)

    @property
    def held_at(self) -> int | None:
        """Where rows stand that are held back; None where none are."""
        return None if self._held is None else self._held.after

    @property
    def is_whole(self) -> bool:
        """Whether these rows have once been up to date."""
        return self._whole_from is None

    @property
    def is_over_others(self) -> bool:
        """Whether lists are answered from rows of a version before, which go further."""
        return self._whole_from is not None and self._whole_from > self.checkpoint.offset

    def _finish(self, name: str, visits: dict[str, Visit], models: Sequence[ReadModel]) -> None:
        """The rows of an execution, as these models tell of it now."""
        visit = visits[name]
        if models is not self.group.prompt:
            self._visits_held.pop(name, None)
        try:
            self._rows[name] = self.group.finish(self._changes, visit, models)
        except SHORTAGES:
            raise
        except Exception as error:
            found = Unreadable(self.checkpoint.offset - 1, name, visit.folded.state.version, reason_of(error))
            self._set_aside(found, visits, self._changes, is_told=True)

    def _forget(self, names: Iterable[str]) -> None:
        """Keep nothing of these: they have ended, or can be folded again."""
        for name in names:
            self._executions.drop(name)
            self._known.pop(name, None)
            self._rows.pop(name, None)

    def _take(self, entry: Entry | Unreadable, visits: dict[str, Visit], changes: Changes) -> None:
        name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
        if isinstance(entry, Unreadable):
            self._set_aside(entry, visits, changes)
            return
        try:
            if isinstance(entry.decision.command, EraseExecution) and is_erasure(entry):
                self._erase(entry, name, visits, changes)
            self._fold(entry, name, visits, changes)
        except (LogFull, LogUnreachable, *SHORTAGES):
            raise
        except Exception as error:  # whatever a history holds, the others are read on
            self._set_aside(Unreadable(entry.offset, name, entry.decision.first, reason_of(error)), visits, changes)

    def _fold(self, entry: Entry, name: str, visits: dict[str, Visit], changes: Changes) -> None:
        visit = visits.get(name)
        if visit is None:
            found = self._find(entry, name)
            if found is None:
                return
            visit = visits[name] = self._visit(name, found)
        self._now = entry.decision.now
        if not visit.folded.state.is_ended:  # what comes after is a rejection, and changes nothing, however batches are cut
            self.group.fold(changes, visit, entry)

    def _file(self, record: Filing, visits: dict[str, Visit], changes: Changes) -> None:
        """The rows of executions that the journal retires go; what they are part of in sums stays."""
        if not isinstance(record, Retired):
            return
        numbers = {number for _, number in record.executions}
        for name, number in record.executions:
            if name in visits:
                self._finish(name, visits, self.group.models)
                visits.pop(name, None)
            self._visits_held.pop(name, None)
            numbers.add(self._set_aside_now.pop(name, number))
            if (known := self._trails.find(name)) is not None:
                numbers.add(known.number)  # of one whose beginning was cut off another one
            self._trails.retire(name)
        for model in self.group.models:
            for table in model.tables:
                if table.key[0] == "number":
                    changes.clear_all(table, numbers)
        self._forget(name for name, _ in record.executions)

    def _visit(self, name: str, found: Folded) -> Visit:
        """A batch has something about this execution; what has not been told of it yet is told with it."""
        visit = self._visits_held.pop(name, None)
        if visit is not None:
            visit.folded, visit.trail = found, self._known[name]
            return visit
        visit = Visit(found, self._known[name])
        self.group.begin(visit, self._rows.pop(name, None))
        return visit

    def _erase(self, entry: Entry, name: str, visits: dict[str, Visit], changes: Changes) -> None:
        """Nothing stays of an execution that is erased but its row: what the decision says that erases it."""
        visit, known = visits.pop(name, None), self._trails.find(name)
        self._visits_held.pop(name, None)
        number = self._set_aside_now.pop(name, entry.offset) if known is None else known.number
        number = number if visit is None else visit.trail.number
        for model in self.group.models:
            for table in model.tables:
                if table.key[0] != "number":  # sums of many, which tell of none
                    continue
                changes.forget(table, number)
                changes.clear(table, number)
        self._forget((name,))
        self._has_erased = True
        self._known[name] = Trail(number)
        self._executions.put(begin(entry, self._catalog.graph))

    def _find(self, entry: Entry, name: str) -> Folded | None:
        """The execution before this decision; None for a rejection after its end, or where it was set aside."""
        folded = self._executions.get(name)
        if folded is not None:
            return folded
        known = self._trails.find(name)
        if known is None:
            folded = begin(entry, self._catalog.graph)
            self._known[name] = Trail(entry.offset)
        elif known.is_ended or known.is_unreadable:
            return None
        else:
            trail = Trail(known.number)
            folded = _again(self._catalog, trail.along(entries_at(self._log, self._partition, known.offsets)))
            if folded.state.is_ended:
                return None
            self._known[name] = trail
        self._executions.put(folded)
        return folded

    def _set_aside(self, found: Unreadable, visits: dict[str, Visit], changes: Changes, is_told: bool = False) -> None:
        """A history that cannot be read on harms no other. `is_told`: what can be said of the execution in this batch has been."""
        name = found.execution
        visit = visits.pop(name, None)
        self._visits_held.pop(name, None)
        if visit is not None:
            if not is_told:
                self.group.finish(changes, visit)
            is_new = is_told and self._trails.find(name) is None
            self.group.set_aside(changes, visit.trail.number, found, is_new)
        elif (known := self._trails.find(name)) is None:
            number = self._set_aside_now.setdefault(name, found.offset)
            if number == found.offset:
                self.group.set_aside(changes, number, found, is_new=True)
        elif not known.is_unreadable:
            self.group.set_aside(changes, known.number, found, is_new=False)
        self._forget((name,))


def _again(catalog: Catalog, entries: Iterable[Entry]) -> Folded:
    """The execution that these decisions add up to."""
    folded: Folded | None = None
    for entry in entries:
        folded = folded or begin(entry, catalog.graph)
        apply(folded, entry)
    if folded is None:
        raise LogCorrupt("the read models know an execution without any decision")
    return folded
