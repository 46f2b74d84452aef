"""The keys of a log that processes share, as one process has them: to read with, and of each partition that it owns to seal with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from contracts.codec import open_record
from contracts.ports.blobs import SealedStore
from contracts.ports.keys import Keys
from contracts.ports.log import Log
from infra.keys.blobs import DroppingKeys, SealingBlobs
from infra.keys.elsewhere import KeysElsewhere
from infra.keys.folder import FolderVault
from infra.keys.opening import OpeningLog
from infra.keys.ring import KeyRing
from infra.keys.transit import SealedTransit
from workers.cluster.held_blobs import HeldBlobs
from workers.partition.sealing import Sealing


class SharedKeys:
    """`place` is their folder, None where this process was told of none; `to_read` asks there each time and keeps none."""

    def __init__(self, place: Path | None, to_read: Keys, store: SealedStore) -> None:
        self._place, self.to_read, self.store = place, to_read, store
        self.transit = SealedTransit(store)
        self._vaults: dict[int, FolderVault] = {}
        """Of the partitions that were owned here: who owns one again goes on with the same open file."""
        self.opened = partial(open_record, keys=to_read)

    @property
    def has_place(self) -> bool:
        """Whether executions may be sealed, as far as this process knows."""
        return self._place is not None

    def of_owner(self, partition: int, log: Log, held: HeldBlobs, seals_all: bool) -> tuple[Log, SealingBlobs, Sealing]:
        """Log and blobs as the owner of a partition reads them, and what it seals with."""
        keys: Keys = KeysElsewhere(partition) if self._place is None else KeyRing(self._vault(self._place, partition))
        blobs = SealingBlobs(held, keys, held.sealed)
        return OpeningLog(log, keys), blobs, Sealing(DroppingKeys(keys, held.sealed), blobs, seals_all)

    def _vault(self, place: Path, partition: int) -> FolderVault:
        found = self._vaults.get(partition)
        if found is None:
            found = self._vaults[partition] = FolderVault(place, partition)
        return found
