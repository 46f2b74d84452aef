"""The file of a SQLite log: made whole or not at all, looked at before it is trusted, never repaired.

Looking comes before opening, and happens with means that cannot write: a file that is not a Refold log, or one that is
damaged, is refused as it lies there. SQLite itself would set to work on it: recover, check-point, or take an empty file
for a new database.

What is looked at is what is cheap: the header, the tables, the length of the file, and (by `SqliteLog`) the last rows of
every partition and whether they are where the log ended. Damage in the middle is found when it is read.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from struct import unpack_from
from typing import Final, TypeAlias
from weakref import WeakSet

from contracts.errors import LogCorrupt, LogError, LogFull
from contracts.ports.log import LATER_TOPICS, TOPICS, Topic
from infra.files.whole import raises_log_full, sync_folder

APPLICATION_ID: Final = 0x52464C44
"""`RFLD`: how SQLite, `file` and we tell a Refold log from any other SQLite file."""
FORMAT: Final = 1
"""Kept as SQLite's `user_version`."""
FORMAT_WITH_REMOVED: Final = 2
"""The same of a log that records were removed from; builds that do not know such rows refuse it."""
BUSY_TIMEOUT_S: Final = 5.0
PAGE_BYTES: Final = 4096
AUTOCHECKPOINT_PAGES: Final = 100
"""A small WAL is reused instead of growing: writing blocks that exist is what makes a commit cheap."""

_HEADER_BYTES: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_WAL_HEADER_BYTES: Final = 32
_WAL_FRAME_HEADER_BYTES: Final = 24
_DAMAGE_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

TABLES: Final[dict[Topic, str]] = {topic: topic.replace("-", "_") for topic in TOPICS}
_CREATE: Final = "CREATE TABLE {} (place INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL)"
_log = logging.getLogger("refold.log")


class _Connection(sqlite3.Connection):
    """A connection of which is known whether it is open, and to which file."""

    file: tuple[int, int] | None = None

    def close(self) -> None:
        """See sqlite3."""
        super().close()
        self.file = None


_connections: Final[WeakSet[_Connection]] = WeakSet()
_opening: Final = threading.Lock()
"""Held while a log is looked at and opened: see `_is_open_here`."""


Look: TypeAlias = Callable[[sqlite3.Connection, int], None]
"""Looks at the rows before a log is used, through a connection that cannot write; is given the partition count, raises LogError."""


def open_file(path: Path, partitions: int | None, read_only: bool, look: Look) -> tuple[_Connection, int]:
    """A connection to the log at `path`, and its partition count; a missing file is made, unless only to be read.

    What `look` refuses stays as it lies there: closing a connection that may write would check-point the write-ahead log,
    and take it away. Raises LogCorrupt where the file is no Refold log or is damaged, LogFull where there is no room for a new one, and
    LogError where it is missing, cannot be opened, or has another partition count than the one asked for.
    """
    with _opening:
        return _open_file(path, partitions, read_only, look)


def _open_file(path: Path, partitions: int | None, read_only: bool, look: Look) -> tuple[_Connection, int]:
    if not os.path.lexists(path):
        if read_only:
            raise LogError(f"there is no log {path}")
        _create(path, 1 if partitions is None else partitions)
    if not _is_open_here(path):
        _check_header(path)
    try:
        found = _inspect(path, look)
        if partitions not in (None, found):
            raise LogError(f"the log {path} was made with {found} partition(s), and keeps them; {partitions} were asked for")
        if not read_only and not os.access(path, os.W_OK):
            raise LogError(f"the log {path} cannot be written by this user")
        connection = _connect(path, read_only)
        if not read_only:
            _add_later(connection, path)
        return connection, found
    except sqlite3.Error as error:
        raise opening_error(error, path) from error


def opening_error(error: sqlite3.Error, path: Path) -> LogError:
    """What an error of SQLite means while a log is opened: a table or column that is missing is damage, too."""
    if primary_code(error) == sqlite3.SQLITE_ERROR:
        return LogCorrupt(f"{path} lacks what a Refold log has: {error}")
    return reading_error(error, path)


def reading_error(error: sqlite3.Error, path: Path) -> LogError:
    """What an error of SQLite means while a log is read."""
    if primary_code(error) in _DAMAGE_CODES:
        return LogCorrupt(f"the log {path} is damaged: {error}")
    return LogError(f"the log {path} cannot be read: {error}")


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; what Python's module itself finds wrong has none and counts as SQLITE_ERROR."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _create(path: Path, partitions: int) -> None:
    """Make an empty log under another name and link it to its place: a kill leaves a whole log or none.

    Linking, not renaming, as it never replaces a log that somebody else has made meanwhile.
    """
    for left in (beside(path, "-wal"), beside(path, "-end")):
        if _size(left):
            raise LogCorrupt(
                f"the log {path} is missing, but {left} beside it still holds {_size(left):,} bytes of it; nothing was made in its place"
            )
    try:
        with raises_log_full(path):
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            os.close(descriptor)
            try:
                _fill(temporary, partitions)
                with suppress(FileExistsError):
                    os.link(temporary, path)
            finally:
                os.unlink(temporary)
            sync_folder(path.parent)
    except OSError as error:
        raise LogError(f"the log {path} cannot be made: {error.strerror}") from error


def _fill(temporary: str, partitions: int) -> None:
    with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
        try:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so that room can be given back, a piece at a time
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value INTEGER NOT NULL)")
            connection.execute("INSERT INTO about VALUES ('partitions', ?)", (partitions,))
            for table in TABLES.values():
                connection.execute(_CREATE.format(table))
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            kind = LogFull if primary_code(error) == sqlite3.SQLITE_FULL else LogError
            raise kind(f"the log {temporary} cannot be made: {error}") from error


def _add_later(connection: sqlite3.Connection, path: Path) -> None:
    """Give a log that was made before there were some of its topics what it lacks."""
    missing = [topic for topic in LATER_TOPICS if not has_table(connection, topic)]
    try:
        for topic in missing:
            connection.execute(_CREATE.format(f"IF NOT EXISTS {TABLES[topic]}"))
            _log.info("the log %s was made before there was the topic %s, and has it from now on", path, topic)
    except sqlite3.Error as error:
        connection.close()
        if primary_code(error) == sqlite3.SQLITE_FULL:
            raise LogFull(f"there is no room for the log {path}: {error}") from error
        raise


def has_table(connection: sqlite3.Connection, topic: Topic) -> bool:
    """Whether a log has a topic, as far as this connection has seen."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (TABLES[topic],)).fetchone() is not None


def _is_open_here(path: Path) -> bool:
    """Whether this process has a connection to the file, and so has looked at its header.

    It must not open it by itself then: closing a file lets go of all locks that a process has on it (POSIX), also of those
    that keep the next program that closes the log, such as `sqlite3`, from removing the WAL under the one that writes it.
    """
    try:
        found = path.stat()
    except OSError:
        return False
    return any(one.file == (found.st_dev, found.st_ino) for one in _connections)


def _check_header(path: Path) -> None:
    """Look at the first bytes without SQLite, which would begin to work on the file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LogCorrupt(f"{path} is not a Refold log: it is no regular file")
        with open(path, "rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise LogError(f"the log {path} cannot be opened: {error.strerror}") from error
    if len(header) < _HEADER_BYTES:
        raise LogCorrupt(f"{path} is not a Refold log: it has {len(header)} bytes, fewer than a header")
    if not header.startswith(_MAGIC):
        raise LogCorrupt(f"{path} is not a Refold log: it begins with {header[:16]!r}, not as a SQLite file does")
    application, version = unpack_from(">I", header, 68)[0], unpack_from(">I", header, 60)[0]
    if application != APPLICATION_ID:
        ids = f"id {application:#010x}, expected {APPLICATION_ID:#010x}"
        raise LogCorrupt(f"{path} is not a Refold log: it is a SQLite file of another application ({ids})")
    if version not in (FORMAT, FORMAT_WITH_REMOVED):
        raise LogCorrupt(
            f"{path} is a Refold log of format {version}; this version of Refold reads the formats {FORMAT} to {FORMAT_WITH_REMOVED}"
        )


def _inspect(path: Path, look: Look) -> int:
    """The partition count, read through a connection that cannot write; checks that no page is cut off, and looks at the rows."""
    with closing(_connect(path, read_only=True)) as connection:
        row = connection.execute("SELECT value FROM about WHERE name = 'partitions'").fetchone()
        if row is None or not isinstance(row[0], int) or row[0] < 1:
            raise LogCorrupt(f"{path} does not say how many partitions it has; found {row}")
        _check_length(path, connection.execute("PRAGMA page_count").fetchone()[0])
        look(connection, row[0])
        return row[0]


def _check_length(path: Path, pages: int) -> None:
    """Refuse a file that was cut off; every page must be in it or in the WAL beside it.

    The WAL is measured first: a writer that lives may move pages from it to the file meanwhile, never back.
    """
    in_wal = max(0, _size(beside(path, "-wal")) - _WAL_HEADER_BYTES) // (PAGE_BYTES + _WAL_FRAME_HEADER_BYTES)
    in_file = _size(path) // PAGE_BYTES
    if in_file + in_wal < pages:
        raise LogCorrupt(f"the log {path} is cut off: it has {pages} pages, of which the file holds {in_file} and its WAL at most {in_wal}")


def _connect(path: Path, read_only: bool) -> _Connection:
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, factory=_Connection)
    try:
        found = path.stat()
        connection.file = (found.st_dev, found.st_ino)
        _connections.add(connection)
        connection.text_factory = lambda content: content.decode(errors="replace")  # text is damage, whatever its bytes are
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # where fsync alone does not reach the disk (macOS)
        connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def beside(path: Path, suffix: str) -> Path:
    """What lies beside a log under its name and more."""
    real = path.resolve()  # SQLite follows a link before it names what lies beside
    return real.with_name(real.name + suffix)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
