"""What retention needs of the world, put together for an engine that is alone on its log: shelves, rows, a view of the log of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

from contracts.errors import LogError
from contracts.ports.blobs import Blobs
from contracts.ports.shelf import Shelf
from contracts.ports.sweep import SweepableBlobs
from infra.server.alone import Alone
from workers.archive.archivist import Archivist, Reading
from workers.archive.joiner import Joiner
from workers.archive.pieces import Pieces
from workers.archive.retention import Beside, Retention, Rows, Then, WritableLog
from workers.archive.sweep import Sweep
from workers.partition.standing import journal_of


class StoredBlobs(Blobs, SweepableBlobs, Protocol):
    """Blobs of which some can be deleted."""


class RetentionSetup(NamedTuple):
    """Made by `infra/server/wiring.py`. `log` is a view for the thread that archives; without `archive` bundles are kept nowhere."""

    log: Reading
    blobs: StoredBlobs
    pieces: Shelf
    archive: Shelf | None
    rows: Rows
    may_remove: bool
    """Whether what is in no archive may be removed."""

    @property
    def is_allowed(self) -> bool:
        """Whether anything may be removed."""
        return self.archive is not None or self.may_remove


def archive_now(setup: RetentionSetup, alone: Alone) -> None:
    """Archive and remove what is due, all of it, before this returns. Raises what fails, LogError where read models are in the way."""

    def at_once(work: Callable[[], object], then: Then) -> None:
        then(work())

    alone.owner.snapshot()
    retention = made_for(setup, alone, at_once, waits_for_day=False)
    while retention.step():
        pass
    if retention.error:
        raise LogError(retention.error)
    if retention.is_held_up:
        raise LogError("what is archived cannot be removed before the read models know of it: start the server, which brings them up")


def made_for(setup: RetentionSetup, alone: Alone, beside: Beside, waits_for_day: bool = True) -> Retention:
    """The retention of an engine that is alone on its log, in a file."""
    partition, log, pieces = alone.owner.partition, setup.log, Pieces(setup.pieces)
    journal = journal_of(log, partition)
    return Retention(
        alone.owner,
        cast(WritableLog, alone.log),
        setup.blobs,
        alone.clock,
        Archivist(log, alone.catalog, setup.blobs, partition, journal, pieces),
        pieces,
        setup.rows,
        Joiner(pieces, setup.archive, partition, journal, waits_for_day),
        lambda: Sweep(log, partition, pieces, pieces.at("removed")),
        beside,
    )
