"""The file that read models in SQLite are in: how it is opened, whether it is still the same one, whether it is damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

BUSY_TIMEOUT_S: Final = 5.0
AUTOCHECKPOINT_PAGES: Final = 1_000
"""A batch touches hundreds of pages, many of them the same as the one before: several are moved into the file at once.

The WAL takes about 4 MB meanwhile, and nothing once no more comes: see `SqliteReadModels.rest`.
"""
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open the file; a writer makes it where there is none."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    if not read_only:
        with closed_on_error(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")  # what is erased is not left in free places
            connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
    return connection


def copy(path: Path, to: Path) -> None:
    """Copy the file as it is between two transactions; nothing is left where there is none, or it is damaged."""
    try:
        with closing(connect(path, read_only=True)) as source, closing(connect(to, read_only=False)) as copied:
            source.backup(copied)
    except sqlite3.Error:
        delete(to)


def delete(path: Path) -> None:
    """Delete the file, and what lies beside it."""
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file is found under the path; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def layout_of(connection: sqlite3.Connection) -> str | None:
    """The layout that a file says it has; None where it says nothing."""
    try:
        row = connection.execute("SELECT name FROM layout").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # no such table, or no such column
            return None
        raise
    return None if row is None else str(row[0])


def looked_into(path: Path, layout: str) -> sqlite3.Connection | None:
    """A reader's connection; None where the file has another layout, or none yet, or is as a writer that died left it."""
    connection = connect(path, read_only=True)
    with closed_on_error(connection):
        try:
            is_ours = layout_of(connection) == layout
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:  # the next writer puts it right
                raise
            is_ours = False
    if is_ours:
        return connection
    connection.close()
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is no database, or its pages are not what was written; nothing that may pass."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _DAMAGED


def is_no_table(error: BaseException | None) -> bool:
    """Whether a table was asked for that is not there."""
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith("no such table")


@contextmanager
def closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Where the file cannot be used, let go of it."""
    try:
        yield
    except sqlite3.Error:
        connection.close()
        raise


@contextmanager
def rolled_back(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Whatever goes wrong, no transaction is left open."""
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
