"""The archivist: writes executions that have ended into a piece, and proves that it can be read, before anything is removed.

It reads beside the owner and changes nothing in the log, so it may work in another thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from contracts.codec import removed_record
from contracts.errors import ArchiveDamaged
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.ports.removal import RemovalLog
from workers.archive.bundle import offsets_in
from workers.archive.histories import Ended, Histories, read_back
from workers.archive.pieces import Piece, Pieces
from workers.partition.catalog import Catalog


class Archived(NamedTuple):
    """What came of archiving: a piece, where any could be written; those that had been removed before; why others cannot be archived."""

    prepared: Prepared | None
    gone: Sequence[str]
    refused: Mapping[str, str]


class Prepared(NamedTuple):
    """A piece that is written and proved: what is in it, and what becomes of the log without that."""

    piece: Piece
    executions: Sequence[str]
    numbers: Sequence[int]
    """The offset of the first decision of each, by which read models know them."""
    before: int
    """The offset after the last decision of any."""
    plan: object


class Reading(Log, RemovalLog, Protocol):
    """A view of the log to read with, and to plan with what is removed."""


class Archivist:
    """Of one partition. `log` is a view of its own, for the thread that it works in."""

    def __init__(self, log: Reading, catalog: Catalog, blobs: Blobs, partition: int, journal: str, pieces: Pieces) -> None:
        self._log, self._partition, self._pieces = log, partition, pieces
        self._histories = Histories(log, catalog, blobs, partition, journal)

    def archive(self, ended: Ended, now: int) -> Archived:
        """Write a piece of these, and read it back. Raises LogError, ShelfError."""
        refused: dict[str, str] = {}
        histories = self._histories.read(ended, refused)
        gone = sorted(set(ended) - refused.keys() - {history.execution for history in histories})
        if not histories:
            return Archived(None, gone, refused)
        statuses = {name: status for name, (status, _) in ended.items()}
        piece = self._pieces.write(now, partial(self._histories.write, statuses, histories, now))
        prepared = self.prepare(piece)
        if list(prepared.executions) != sorted(history.execution for history in histories):
            raise ArchiveDamaged(f"{piece.name} does not hold what was written")
        return Archived(prepared, gone, refused)

    def prepare(self, piece: Piece) -> Prepared:
        """Read a piece back, every history of it, and plan how it is removed. Raises LogError, ArchiveDamaged."""
        with self._pieces.shelf.open(piece.name) as file:
            histories = read_back(file, piece.name)
        offsets = offsets_in(histories)
        names = sorted(history.execution for history in histories)
        plan = self._log.plan_removal(self._partition, offsets, removed_record)
        return Prepared(piece, names, [history.decisions[0][0] for history in histories], offsets[-1] + 1, plan)
