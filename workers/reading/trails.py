"""Where the decisions of an execution lie, as the read model `executions` knows it, for whoever folds it again.

Read models that are being built stand elsewhere in the journal than those rows, so what they may know is cut to size:

    executions      0 ─────────────── 7,000
    one behind      0 ──── 3,000                    of those rows what lies below 3,000
    one before      0 ────────────────────── 9,000  those rows, while they are of a version before, and the decisions from 7,000 on
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from contracts.journal import Checkpoint, Filing, Retired
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from domain.execution.history import Unreadable, read_entries
from projections.executions import EXECUTIONS, PIECES, READ_MODEL, UNREADABLE, ExecutionRecord, PieceRecord, offsets_of
from projections.trail import unpack_offsets


def record_of(models: ReadModels, execution: str) -> ExecutionRecord | None:
    """The row of an execution that lists show."""
    return models.find(EXECUTIONS, "execution", execution)


def trail_of(models: ReadModels, record: ExecutionRecord, first: int = 0, last: int | None = None) -> list[int]:
    """The offsets of the decisions of an execution that are needed to tell of these versions. See `offsets_of`."""
    return offsets_of(record, models.belonging(PIECES, record.number), first, last)


def window_of(models: ReadModels, record: ExecutionRecord, first: int, last: int) -> list[int]:
    """The offsets of the decisions that tell of these versions, and of few others."""
    wanted: list[PieceRecord] = []
    for piece in models.belonging(PIECES, record.number):
        if piece.first > last:
            break
        if 0 < piece.first <= first:
            wanted.clear()
        wanted.append(piece)
    else:
        wanted.append(PieceRecord(record.number, -1, record.offsets))
    return sorted({offset for piece in wanted for offset in unpack_offsets(record.number, piece.offsets)})


class Known(NamedTuple):
    """What is known of an execution before some offset: its number, where its decisions lie, how it stands."""

    number: int
    offsets: Sequence[int]
    is_ended: bool
    is_unreadable: bool


class Trails:
    """What a projection knows of executions that it has not folded, or has forgotten. `is_own`: it makes those rows itself."""

    def __init__(self, log: Log, models: ReadModels, partition: int, is_own: bool) -> None:
        self._log, self._models, self._partition, self._is_own = log, models, partition, is_own
        self._before = 0
        self._retired: set[str] = set()
        """Executions that this batch has come to the end of, rows included."""
        self._since: defaultdict[str, list[int]] | None = None
        """The offsets of decisions behind the rows, by execution, once they have been asked for."""
        self._read_to = Checkpoint()

    def begin(self, before: int) -> None:
        """A batch begins at this offset."""
        self._before = before
        self._retired.clear()
        if not self._is_own:
            self._read_behind(before)

    def _read_behind(self, before: int) -> None:
        """Read what the rows lack, which is nothing unless those of a version before are followed by none yet."""
        if self._since is None or self._read_to.offset < before:
            there = self._models.checkpoint(READ_MODEL.name)
            if self._since is None or there.offset > self._read_to.offset:
                self._since, self._read_to = defaultdict(list), there
        if self._read_to.offset >= before:
            return
        records = self._log.read("journal", self._partition, self._read_to.offset, before)
        for entry in read_entries(records, self._read_to, filed=self._filed):
            name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
            self._since[name].append(entry.offset)

    def _filed(self, record: Filing) -> None:
        if isinstance(record, Retired) and self._since is not None:
            for name, _ in record.executions:
                self._since.pop(name, None)

    def retire(self, execution: str) -> None:
        """The journal retires it: an execution of this name that begins behind that is another one."""
        self._retired.add(execution)

    def find(self, execution: str) -> Known | None:
        """What is known of an execution; None where nothing is."""
        if execution in self._retired:
            return None
        record = self._models.find(EXECUTIONS, "execution", execution, self._is_own)
        behind = [] if self._since is None else self._since.get(execution, [])
        if record is None or not (self._is_own or record.number < self._before):
            return Known(behind[0], behind, is_ended=False, is_unreadable=False) if behind else None
        if self._is_own or record.position <= self._before:
            is_ended, is_unreadable = bool(record.ended_at), record.error == UNREADABLE
            if is_ended or is_unreadable:  # nobody folds it again
                return Known(record.number, (), is_ended, is_unreadable)
        offsets = offsets_of(record, self._models.belonging(PIECES, record.number, self._is_own))
        if not self._is_own:
            offsets = sorted({offset for offset in offsets if offset < self._before}.union(behind))
        return Known(record.number, offsets, is_ended=False, is_unreadable=False)
