"""What retention needs of the world where several may own a partition: a view of the log of its own, shelves that all reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.ports.blob_topic import BlobTopic
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.kept import Kept
from contracts.ports.shelf import Shelf
from workers.archive.blob_needs import BlobNeeds
from workers.archive.blob_sweep import BlobSweep, Grace
from workers.archive.cutting import CuttableLog, JournalCutting
from workers.archive.histories import Histories
from workers.archive.retention import Beside
from workers.archive.shared_pieces import SharedPieces
from workers.archive.shared_retention import Bounds, SharedRetention
from workers.partition.owner import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.partition.catalog import Catalog

PIECES: Final = "pieces"
"""The folder in the archive in which pieces lie until they are in a bundle."""


class SweptBlobs(NamedTuple):
    """The topic of blobs, a view of the log for the thread that sweeps it, and how long it lets things be."""

    topic: BlobTopic
    log: CuttableLog
    grace: Grace

    def sweep(self, clock: Clock) -> BlobSweep:
        """What sweeps it."""
        return BlobSweep(self.topic, BlobNeeds(self.log).read, clock, self.grace)


class SharedRetentionSetup(NamedTuple):
    """Made by `infra/server/wiring.py`. `log` is a view for the thread that archives; without `archive` bundles are kept nowhere."""

    log: CuttableLog
    kept: Kept
    blobs: Blobs
    pieces: Shelf | None
    archive: Shelf | None
    may_remove: bool
    """Whether what is in no archive may be removed."""
    swept: SweptBlobs

    @property
    def is_allowed(self) -> bool:
        """Whether anything may be removed."""
        return self.archive is not None or self.may_remove

    def of(self, owner: Owner, catalog: Catalog, clock: Clock, beside: Beside, wake: Callable[[], None], bounds: Bounds) -> SharedRetention:
        """The retention of a partition that is owned here."""
        partition, journal = owner.partition, owner.checkpoint.journal
        pieces = None
        if self.pieces is not None and self.archive is not None:
            pieces = SharedPieces(self.pieces, self.archive, partition, journal)
        histories = Histories(self.log, catalog, self.blobs, partition, journal)
        cutting = JournalCutting(self.log, self.kept, partition, journal)
        return SharedRetention(owner, clock, histories, pieces, beside, wake, cutting, bounds)

    def look_again(self, partition: int) -> None:
        """Take notice of a partition that was added. Raises LogUnreachable."""
        if partition >= self.log.partitions:
            self.log.look_again()
