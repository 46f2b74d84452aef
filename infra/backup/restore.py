"""Putting a backup back: a new data folder whose log is the old one, row by row, up to a position; fenced, as the original may live.

    segments ─► rows, each seen to follow on the one before ─► log.db ─► blobs ─► the fence is there from the first step on

The fence is a file. Who holds the folder to write meets it (`infra/files/fence.py`); who reads does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from contracts.errors import LogCorrupt, LogError
from contracts.ports.log import TOPICS
from infra.backup.backup import JOURNAL
from infra.backup.folder import FORMAT, BackupFolder, Manifest
from infra.backup.segment import unpack
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.files.fence import Fence, set_up
from infra.log.sqlite import SqliteLog


class Restored(NamedTuple):
    """Up to which position a folder was put back, and how many big values it has."""

    position: int
    blobs: int


def restore(
    backup: BackupFolder, data: DataFolder, at: int | None = None, now: int = 0, told: Callable[[int, int], None] = lambda done, all_: None
) -> Restored:
    """Make a data folder of a backup. `at` is the position after the last record of the journal that it is to have.

    Raises LogError where the folder is there already, or the backup does not go up to `at`; LogCorrupt where it is damaged.
    """
    manifest = backup.read_as(FORMAT)
    position = _position(manifest, at)
    if data.path.exists() and any(data.path.iterdir()):
        raise LogError(f"{data.path} is not empty: a backup is put back into a folder of its own")
    data.create()
    fence = Fence(backup=str(backup.path.absolute()), position=position, at=now)
    set_up(data.path, fence)
    log = SqliteLog(data.log, manifest.partitions)
    try:
        _put_rows(backup, manifest, log, position, told)
    finally:
        log.close()
    blobs = _put_blobs(backup, data)
    set_up(data.path, msgspec.structs.replace(fence, is_whole=True))
    return Restored(position, blobs)


def _position(manifest: Manifest, at: int | None) -> int:
    if at is None:
        return manifest.position
    if manifest.partitions > 1:
        raise LogError(f"the backup has {manifest.partitions} partitions, of which no one position says where they end: leave --at out")
    if not 0 < at <= manifest.position:
        raise LogError(f"the backup goes from position 1 to {manifest.position}, not to {at}")
    return at


def _put_rows(backup: BackupFolder, manifest: Manifest, log: SqliteLog, position: int, told: Callable[[int, int], None]) -> None:
    whole = sum(segments[-1].end for segments in manifest.segments.values() if segments)
    done = 0
    for name, segments in manifest.segments.items():
        text, _, number = name.partition("/")
        if text not in TOPICS or not number.isdecimal():
            raise LogError(f"the backup has a topic {text!r}, which this version of Refold does not know")
        topic, partition = text, int(number)
        is_cut = topic == JOURNAL and partition == 0 and manifest.partitions == 1
        for segment in segments:
            rows = unpack(segment, backup.read_segment(segment))
            within = [row for row in rows if not is_cut or row.end <= position]
            if within:
                log.put_back(topic, partition, within)
            if len(within) < len(rows):
                if rows[len(within)].first < position:
                    log.put_beginning(topic, partition, rows[len(within)], position)
                break
            done += segment.end - segment.first
            told(done, whole)


def _put_blobs(backup: BackupFolder, data: DataFolder) -> int:
    there, count = FileBlobs(backup.blobs), 0
    blobs = FileBlobs(data.blobs)
    for content_hash in there.hashes():
        try:
            blobs.put(there.get(content_hash))
        except KeyError:
            raise LogCorrupt(f"the backup {backup.path} is damaged: the big value {content_hash} is missing") from None
        count += 1
    return count
