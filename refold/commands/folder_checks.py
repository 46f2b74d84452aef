"""What `doctor` looks at in a data folder."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts import values
from contracts.errors import LogLost, RefoldError
from contracts.journal import Checkpoint
from domain.history import Entry
from infra.data_folder import DataFolder
from infra.wiring import Reader
from projections.executions import ExecutionList
from refold.commands.folder import PARTITION, FolderPlace, all_entries
from refold.commands.place import Finding
from workers.snapshot import decode_snapshot

FREE_BYTES_MIN: Final = 200 * 1024 * 1024
BLOBS_CHECKED_MAX: Final = 1_000


def checks(place: FolderPlace) -> Iterator[Finding]:
    """Whether log, histories, blobs and snapshot are in order, and whether there is room."""
    folder = DataFolder(place.data)
    if not folder.path.exists():
        yield Finding("data folder", "note", f"there is no {folder.path}", "`refold run` makes one")
        return
    yield (room := _room(folder))
    try:
        folder.check()
        yield Finding("data folder", "ok", str(folder.path.resolve()))
        yield _holder(folder)
        with place.reader() as reader:
            yield from _journal(reader)
            yield from _blobs(folder, reader)
            yield _snapshot(folder, reader)
    except RefoldError as error:
        fix = "put a backup of the whole folder in its place" if room.state == "ok" else "make room, then look again"
        fix += ", or see `refold accept-loss`" if isinstance(error, LogLost) else ""
        yield Finding("log", "wrong", str(error), f"nothing was changed; {fix}")


def _room(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(folder.path).free
    fix = "make room: without any, commands are refused"
    found = f"{free / 1024**3:.1f} GiB free"
    return Finding("disk", "ok", found) if free >= FREE_BYTES_MIN else Finding("disk", "wrong", found, fix)


def _holder(folder: DataFolder) -> Finding:
    """Who holds the folder. Asking takes the lock for a moment, shared, so that it keeps out nobody else who asks."""
    try:
        with folder.lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Finding("held by", "ok", file.read(500).decode(errors="replace") or "another process")
    except OSError:
        pass
    return Finding("held by", "ok", "nobody")


def _journal(reader: Reader) -> Iterator[Finding]:
    checkpoint = Checkpoint()
    executions = ExecutionList(reader.catalog.graph).take(all_entries(reader, checkpoint))
    rows = executions.rows()
    open_ones = [row for row in rows if row.waiting_for]
    yield Finding("log", "ok", f"{reader.log.end('journal', PARTITION)} records in the journal, {len(reader.catalog.names())} workflows")
    yield Finding("executions", "ok", f"{len(rows)}, {len(open_ones)} of them open")
    yield Finding(
        "foreign records",
        "ok" if not checkpoint.foreign else "note",
        f"{checkpoint.foreign} foreign, {checkpoint.doubled} doubled, all ignored",
    )
    if executions.unreadable:
        name, reason = next(iter(executions.unreadable.items()))
        fix = f"`refold verify {name}` says where; a newer version of Refold may read it"
        yield Finding("histories", "wrong", f"{len(executions.unreadable)} cannot be read, the first is {name}: {reason}", fix)
    else:
        yield Finding("histories", "ok", "all can be read")


def _blobs(folder: DataFolder, reader: Reader) -> Iterator[Finding]:
    """Whether the blobs that events refer to are there and whole, up to a number."""
    missing = []
    referred = _references(reader)
    for content_hash in referred:
        try:
            reader.blobs.get(content_hash)
        except (KeyError, RefoldError):
            missing.append(content_hash)
    stored = sum(1 for path in folder.blobs.rglob("*") if path.is_file())
    found = f"{stored} stored, {len(referred)} looked at" + (
        f", {len(missing)} missing or damaged, the first is {missing[0]}" if missing else ""
    )
    fix = "put the blobs folder of a backup in its place"
    yield Finding("blobs", "wrong", found, fix) if missing else Finding("blobs", "ok", found)


def _references(reader: Reader) -> list[str]:
    found: dict[str, None] = {}
    for entry in all_entries(reader):
        if isinstance(entry, Entry) and b"@sha256:" in entry.body:
            found.update(dict.fromkeys(_references_in(entry.decision)))
            if len(found) >= BLOBS_CHECKED_MAX:
                break
    return list(found)[:BLOBS_CHECKED_MAX]


def _references_in(value: Any) -> Iterator[str]:
    """The blobs that a stored struct refers to."""
    if isinstance(value, bytes):
        if values.is_reference(value):
            yield values.blob_of(value)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _references_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _references_in(item)


def _snapshot(folder: DataFolder, reader: Reader) -> Finding:
    """A snapshot is a cache: whether there is one decides about the time of a start, and nothing else."""
    content = reader.snapshots.load(PARTITION)
    if content is None:
        return Finding("snapshot", "ok", "none; the next start folds the whole journal")
    snapshot = decode_snapshot(content)
    if snapshot is None:
        return Finding("snapshot", "note", "of another version of Refold", "nothing to do: the next start folds the whole journal")
    behind = reader.log.end("journal", PARTITION) - snapshot.checkpoint.offset
    return Finding("snapshot", "ok", f"{len(content):,} bytes, {behind:,} records behind the journal's end")
