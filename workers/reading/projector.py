"""The projector: reads the journal by position, folds it and stores rows and checkpoint together. No thread, no clock.

    step() ─► up to so many decisions ─► fold ─► one transaction (rows, checkpoint)        False: nothing more was there

Killed at any moment it goes on from its checkpoint, and the rows come out the same. What it has folded is a cache:
after a restart an execution is folded again, from its own decisions alone, when the next one comes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice
from typing import Final

from contracts.errors import SHORTAGES, LogCorrupt, LogFull, LogUnreachable, reason_of
from contracts.journal import Checkpoint
from contracts.ports.log import Log
from contracts.ports.read_models import Changes, ReadModels
from domain.execution.history import Entry, Folded, Unreadable, apply, begin, read_entries
from projections.rows import UNREADABLE, Row, Trail, unreadable_record
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.standing import misfit
from workers.partition.stretches import entries_at

_log = logging.getLogger("refold.reading")

BATCH_RECORDS_MAX: Final = 5_000
"""So many records of the journal go into one transaction."""
LIVE_MAX: Final = 2_000
"""How many executions are kept as objects; the others are packed."""
PACKED_MAX: Final = 20_000
"""How many are kept packed; the others are folded again when they go on."""


class Projector:
    """Keeps the rows of one partition up with its journal."""

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        models: ReadModels,
        partition: int = 0,
        *,
        batch_max: int = BATCH_RECORDS_MAX,
        live_max: int = LIVE_MAX,
        packed_max: int = PACKED_MAX,
    ) -> None:
        self._log, self._catalog, self._models, self._partition = log, catalog, models, partition
        self._batch_max, self._packed_max = batch_max, packed_max
        self._executions = Executions(catalog.graph, live_max)
        self._trails: dict[str, Trail] = {}
        self.checkpoint = models.checkpoint()
        self._check_journal()

    def _check_journal(self) -> None:
        """Rows of another journal, of another course of this one, or of more than there is, are forgotten."""
        if why := misfit(self._log, self._partition, self.checkpoint):
            _log.warning("the read models of partition %d are made again: %s", self._partition, why)
            self._models.reset()
            self.checkpoint = Checkpoint()

    def step(self) -> bool:
        """Take in the next batch; True when there may be more behind it."""
        offset = self.checkpoint.offset
        records = islice(self._log.read("journal", self._partition, offset), self._batch_max)
        rows: dict[str, tuple[Row, Folded]] = {}
        lost: list[Changes] = []
        for entry in read_entries(records, self.checkpoint):
            self._take(entry, rows, lost)
        if self.checkpoint.offset == offset:
            return False
        changes = [made for name in list(rows) if (made := self._changes(name, rows, lost)) is not None]
        self._models.save([*changes, *lost], self.checkpoint, offset)
        self._forget(name for name, (_, folded) in rows.items() if folded.state.is_ended)
        self._executions.pack_idle()
        self._forget(self._executions.forget_idle(self._packed_max))
        return self.checkpoint.offset == offset + self._batch_max

    def _changes(self, name: str, rows: dict[str, tuple[Row, Folded]], lost: list[Changes]) -> Changes | None:
        """The rows of an execution; None where it cannot be told, which harms no other."""
        row, folded = rows[name]
        try:
            return row.changes(folded)
        except SHORTAGES:
            raise
        except Exception as error:
            del rows[name]
            self._set_aside(Unreadable(self.checkpoint.offset - 1, name, folded.state.version, reason_of(error)), rows, lost)
            return None

    def rest(self) -> None:
        """Nothing more comes for a while."""
        self._models.rest()

    def _forget(self, names: Iterable[str]) -> None:
        """Keep nothing of these: they have ended, or can be folded again."""
        for name in names:
            self._executions.drop(name)
            self._trails.pop(name, None)

    def _take(self, entry: Entry | Unreadable, rows: dict[str, tuple[Row, Folded]], lost: list[Changes]) -> None:
        name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
        if isinstance(entry, Unreadable):
            self._set_aside(entry, rows, lost)
            return
        try:
            self._fold(entry, name, rows)
        except (LogFull, LogUnreachable, *SHORTAGES):
            raise
        except Exception as error:  # whatever a history holds, the others are read on
            self._set_aside(Unreadable(entry.offset, name, entry.decision.first, reason_of(error)), rows, lost)

    def _fold(self, entry: Entry, name: str, rows: dict[str, tuple[Row, Folded]]) -> None:
        known = rows.get(name)
        if known is None:
            found = self._find(entry, name)
            if found is None:
                return
            known = rows[name] = (Row(self._trails[name]), found)
        row, folded = known
        if not folded.state.is_ended:  # what comes after is a rejection, and changes nothing, however batches are cut
            row.fold(folded, entry)

    def _find(self, entry: Entry, name: str) -> Folded | None:
        """The execution before this decision; None for a rejection after its end, or where it was set aside."""
        folded = self._executions.get(name)
        if folded is not None:
            return folded
        record = self._models.find(name)
        if record is None:
            folded = begin(entry, self._catalog.graph)
            self._trails[name] = Trail(entry.offset)
        elif record.ended_at or record.error == UNREADABLE:
            return None
        else:
            offsets = self._models.offsets(record.number)
            folded = _again(self._catalog, entries_at(self._log, self._partition, offsets))
            self._trails[name] = Trail(record.number, offsets)
        self._executions.put(folded)
        return folded

    def _set_aside(self, found: Unreadable, rows: dict[str, tuple[Row, Folded]], lost: list[Changes]) -> None:
        """A history that cannot be read on harms no other."""
        before = self._models.find(found.execution)
        known = rows.pop(found.execution, None)
        if known is not None:
            changes = known[0].changes(known[1])
            changes.record = unreadable_record(found, changes.record)
            lost.append(changes)
        elif before is None or before.error != UNREADABLE:
            lost.append(Changes(unreadable_record(found, before)))
        self._forget((found.execution,))


def _again(catalog: Catalog, entries: Iterable[Entry]) -> Folded:
    """The execution that these decisions add up to."""
    folded: Folded | None = None
    for entry in entries:
        folded = folded or begin(entry, catalog.graph)
        apply(folded, entry)
    if folded is None:
        raise LogCorrupt("the read models know an execution without any decision")
    return folded
