"""What `doctor` looks at in a data folder."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts import values
from contracts.codec import decode_record
from contracts.errors import LogLost, RefoldError
from contracts.journal import Checkpoint, PartitionClaimed
from contracts.ports.log import Topic
from domain.execution.history import Entry
from infra.files.belonging import NAME as BLOBS_JOURNAL
from infra.files.belonging import known_by_blobs
from infra.files.data_folder import DataFolder
from infra.server.reader_wiring import Reader, open_read_models
from infra.settings.model import EngineSettings
from projections.execution_list import ExecutionList
from projections.executions import READ_MODEL
from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.folder_reading import PARTITION, all_entries
from refold.cli.commands.target import Finding
from workers.partition.snapshot import decode_snapshot
from workers.partition.standing import misfit

FREE_BYTES_MIN: Final = 200 * 1024 * 1024
BLOBS_CHECKED_MAX: Final = 1_000
CLAIM_TAG: Final = b"\x02"
"""The first field of a claim, by which it is told from a decision without decoding it."""
KNOWS_MORE: Final = "put the log back that belongs to it; if this log is the one you mean, start: it is made again"


def checks(target: FolderTarget) -> Iterator[Finding]:
    """Whether log, histories, blobs and snapshot are in order, and whether there is room."""
    folder = DataFolder(target.data)
    if not folder.path.exists():
        yield Finding("data folder", "note", f"there is no {folder.path}", "`refold run` makes one")
        return
    yield (room := _room(folder))
    try:
        folder.check()
        yield Finding("data folder", "ok", str(folder.path.resolve()))
        yield _holder(folder)
        with target.reader() as reader:
            yield from _lost(reader)
            yield from _journal(reader)
            yield from _size(folder, reader)
            yield _other_topics(reader)
            yield from _blobs(folder, reader)
            yield from _blobs_know(folder, reader)
            yield _snapshot(reader)
            yield from _read_models(folder, target.settings, reader)
    except RefoldError as error:
        fix = "put a backup of the whole folder in its place" if room.state == "ok" else "make room, then look again"
        fix += ", or see `refold accept-loss`" if isinstance(error, LogLost) else ""
        yield Finding("log", "wrong", str(error), f"nothing was changed; {fix}")


def _room(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(folder.path).free
    fix = "make room: without any, commands are refused"
    found = f"{free / 1024**3:.1f} GiB free" if free >= 1024**3 else f"{free / 1024**2:.1f} MiB free"
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


def _size(folder: DataFolder, reader: Reader) -> Iterator[Finding]:
    """What is removed makes room; whether the file gives it back."""
    if not reader.gives_room_back:
        fix = (
            f"nothing to do; to shrink it once, stop what holds the folder and run `sqlite3 {folder.log} 'PRAGMA auto_vacuum = 2; VACUUM'`"
        )
        yield Finding(
            "size of the log", "note", "a version before has made the file: room that becomes free is used again, not given back", fix
        )


def _blobs(folder: DataFolder, reader: Reader) -> Iterator[Finding]:
    """Whether the blobs that events refer to are there and whole, up to a number."""
    missing = []
    referred = _references(reader)
    for content_hash in referred:
        try:
            reader.blobs.get(content_hash)
        except (KeyError, RefoldError):
            missing.append(content_hash)
    stored = sum(1 for path in folder.blobs.rglob("*") if path.is_file() and path.name != BLOBS_JOURNAL)
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


def _snapshot(reader: Reader) -> Finding:
    """A snapshot is a cache: whether there is one decides about the time of a start, and nothing else."""
    content = reader.snapshots.load(PARTITION)
    if content is None:
        return Finding("snapshot", "ok", "none; the next start folds the whole journal")
    snapshot = decode_snapshot(content)
    if snapshot is None:
        return Finding("snapshot", "note", "of another version of Refold", "nothing to do: the next start folds the whole journal")
    if why := misfit(reader.log, PARTITION, snapshot.checkpoint):
        return Finding("snapshot", "wrong", why, KNOWS_MORE)
    behind = reader.log.end("journal", PARTITION) - snapshot.checkpoint.offset
    return Finding("snapshot", "ok", f"{len(content):,} bytes, {behind:,} records behind the journal's end")


def _read_models(folder: DataFolder, settings: EngineSettings, reader: Reader) -> Iterator[Finding]:
    """Whether the rows of a server, if there are any, are of this log."""
    if folder.projection.is_file():
        with open_read_models(settings) as models:
            checkpoint = models.checkpoint(READ_MODEL.name)
        why = misfit(reader.log, PARTITION, checkpoint)
        found = f"up to offset {checkpoint.offset:,}"
        yield Finding("read models", "wrong", why, KNOWS_MORE) if why else Finding("read models", "ok", found)


def _blobs_know(folder: DataFolder, reader: Reader) -> Iterator[Finding]:
    """Whether the blobs have seen a journal that goes further than the log, or another one."""
    known = known_by_blobs(folder)
    if known is not None and (why := misfit(reader.log, PARTITION, known)):
        yield Finding("blobs", "wrong", f"what they know of the journal does not fit: {why}", KNOWS_MORE)


def _lost(reader: Reader) -> Iterator[Finding]:
    """What of a topic somebody has gone on without, and whether it is noticed when more is missing."""
    if not reader.has_end:
        yield Finding("end of the log", "note", "nothing beside the log says where it ended", "nothing to do: the next start makes it")
    accepted = [str(one) for record in _claims(reader) for one in record.lost]
    if accepted:
        yield Finding("lost before", "note", "; ".join(accepted), "it was accepted, and the log went on")


def _claims(reader: Reader) -> Iterator[PartitionClaimed]:
    for _, content in reader.log.read("journal", PARTITION):
        if content[1:2] == CLAIM_TAG and isinstance(record := decode_record(content), PartitionClaimed):
            yield record


def _other_topics(reader: Reader) -> Finding:
    """All else that stands in the log, read from the first row to the last."""
    topics: tuple[Topic, ...] = ("commands", "definitions", "dead-letters", "resources")
    found = {topic: sum(1 for _ in reader.log.read(topic, PARTITION)) for topic in topics}
    return Finding("other topics", "ok", ", ".join(f"{count} in {topic}" for topic, count in found.items()))
