"""Going on after a loss: a claim of the journal that names what is gone, and a log that ends where it ends now."""

from __future__ import annotations

import secrets
from typing import Final

from contracts.journal import NONCE_BYTES, PartitionClaimed
from contracts.lost import Lost
from infra.files.belonging import forget
from infra.files.data_folder import DataFolder
from infra.server.wiring import open_with_loss
from workers.partition.recovery import append_claim

NODE: Final = "accept-loss"
"""Who claims the partition to write down a loss; the next owner claims it from there."""


def look(folder: DataFolder) -> tuple[list[Lost], str]:
    """What the log in a folder has lost, and why that cannot be told, if so. Changes nothing. Raises LogError."""
    folder.check()
    log = open_with_loss(folder, read_only=True)
    try:
        return log.lost, log.doubt
    finally:
        log.close()


def accept(folder: DataFolder) -> None:
    """Take what is there for all there is, and write down what is lost. Raises LogHeld, LogError."""
    with folder.hold():
        log = open_with_loss(folder, read_only=False)
        try:
            for partition in range(log.partitions):
                claim = PartitionClaimed(secrets.token_bytes(NONCE_BYTES), NODE, lost=tuple(log.lost))
                append_claim(log, partition, claim, "", lambda: secrets.token_bytes(NONCE_BYTES))
            log.forget_lost()
            _forget_what_is_kept(folder)
        finally:
            log.close()


def _forget_what_is_kept(folder: DataFolder) -> None:
    """Snapshot and read models know more than the log, and are made again; so do the blobs, of which none is lost by that."""
    forget(folder)
    for path in (*folder.snapshots.glob("*.snapshot"), *folder.path.glob("projection.db*")):
        path.unlink(missing_ok=True)
