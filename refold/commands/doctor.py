"""`doctor`: whether everything Refold needs is there, and whether the data folder is in order."""

from __future__ import annotations

import fcntl
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from contracts import values
from contracts.errors import RefoldError
from contracts.journal import Checkpoint
from domain.history import Entry
from infra.data_folder import DataFolder
from infra.wiring import Reader
from projections.executions import ExecutionList
from refold.commands.engine import PARTITION, all_entries, reader_at
from refold.commands.output import FAILED, OK, say, say_json, table
from workers.snapshot import decode_snapshot

FREE_BYTES_MIN: Final = 200 * 1024 * 1024
BLOBS_CHECKED_MAX: Final = 1_000
SQLITE_MIN: Final = (3, 37, 0)


class Finding(NamedTuple):
    """One thing that was looked at: `ok`, `note` (works, but less) or `wrong`, and what to do."""

    what: str
    state: str
    found: str
    fix: str = ""


def doctor(data: Path, as_json: bool) -> int:
    """Look at everything; 1 if something is wrong."""
    findings = [*_machine(), *_folder(DataFolder(data))]
    is_wrong = any(finding.state == "wrong" for finding in findings)
    if as_json:
        say_json({"ok": not is_wrong, "checks": [finding._asdict() for finding in findings]})
    else:
        table(("", "CHECK", "FOUND"), [(f.state, f.what, f.found + (f"; {f.fix}" if f.fix else "")) for f in findings])
        say("something is wrong: see above" if is_wrong else "all is well")
    return FAILED if is_wrong else OK


def _check(what: str, holds: bool, found: str, fix: str, otherwise: str = "wrong") -> Finding:
    return Finding(what, "ok", found) if holds else Finding(what, otherwise, found, fix)


# The machine.


def _machine() -> Iterator[Finding]:
    yield _check("python", sys.version_info >= (3, 11), platform.python_version(), "Refold needs Python 3.11 or newer")
    wanted = ".".join(map(str, SQLITE_MIN))
    yield _check("sqlite", sqlite3.sqlite_version_info >= SQLITE_MIN, sqlite3.sqlite_version, f"Refold needs SQLite {wanted} or newer")
    yield _libraries()
    yield _bubblewrap()


def _libraries() -> Finding:
    missing, found = [], []
    for name in _required():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("libraries", "wrong", f"missing: {', '.join(missing)}", f"install them: pip install {' '.join(missing)}")
    return Finding("libraries", "ok", ", ".join(found))


def _required() -> list[str]:
    try:
        lines = requires("refold") or []
    except PackageNotFoundError:
        lines = ["cel-expr-python", "msgspec", "pydantic", "pydantic-monty", "typer"]
    return [_name_of(line) for line in lines if "extra ==" not in line]


def _name_of(requirement: str) -> str:
    return next((requirement[:at] for at, sign in enumerate(requirement) if sign in "<>=!~;[ ("), requirement)


def _bubblewrap() -> Finding:
    what, fix = "bubblewrap", "`code` with `sandbox: process` cannot run; install bubblewrap (Debian, Ubuntu: apt install bubblewrap)"
    path = shutil.which("bwrap")
    if path is None:
        return Finding(what, "note", "not installed", fix)
    try:
        done = subprocess.run([path, "--ro-bind", "/", "/", "--unshare-all", "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(what, "note", f"{path} does not run: {error}", fix)
    said = done.stderr.decode(errors="replace").strip()
    return _check(
        what, done.returncode == 0, path if done.returncode == 0 else f"{path}: {said}", "the system forbids user namespaces", "note"
    )


# The data folder.


def _folder(folder: DataFolder) -> Iterator[Finding]:
    if not folder.path.exists():
        yield Finding("data folder", "note", f"there is no {folder.path}", "`refold run` makes one")
        return
    yield (room := _room(folder))
    try:
        folder.check()
        yield Finding("data folder", "ok", str(folder.path.resolve()))
        yield _holder(folder)
        with reader_at(folder.path) as reader:
            yield from _journal(reader)
            yield from _blobs(folder, reader)
            yield _snapshot(folder, reader)
    except RefoldError as error:
        fix = "put a backup of the whole folder in its place" if room.state == "ok" else "make room, then look again"
        yield Finding("log", "wrong", str(error), f"nothing was changed; {fix}")


def _room(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(folder.path).free
    fix = "make room: without any, commands are refused"
    return _check("disk", free >= FREE_BYTES_MIN, f"{free / 1024**3:.1f} GiB free", fix)


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
    stuck = [row.execution for row in open_ones if any(item["for"] == "incident" for item in row.waiting_for)]
    yield _check("incidents", not stuck, f"{len(stuck)} executions need a person", "see `refold incidents`", "note")
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
    yield _check("blobs", not missing, found, "put the blobs folder of a backup in its place")


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
