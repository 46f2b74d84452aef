"""Read models in one SQLite file beside the log: `projection.db`. Deleting it costs time, nothing else.

    executions   number (the offset of its first decision), id, workflow, status, …    waiting_for and search as JSON
                 offsets: where its last decisions lie, as differences of one to ten bytes each
    pieces       number, piece ─► the same of the decisions before, a row for so many of them
    incidents    number, incident, …
    about        the schema, and the checkpoint: in the same transaction as the rows

A file of one partition among others has the same tables; its rows are read together with those of others, so its indexes
go by `created_at`, which is the same order unless a clock was set back.

What a batch changes about an execution is one row, and most often the only one. A file of another schema is thrown away.
Nothing waits for the disk here (`synchronous=NORMAL`): what a loss of power takes is read from the journal again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.errors import LogError, Overtaken
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ExecutionRecord, IncidentRecord, Wanted
from infra.store.columns import BY_TIME, CHANGING, FIELDS, IS_SELDOM, ROWS_GENERATION, conditions, pack_offsets, unpack_offsets

BUSY_TIMEOUT_S: Final = 5.0
AUTOCHECKPOINT_PAGES: Final = 100
"""A small WAL is reused instead of growing, and is what lies beside the file while nothing happens."""


def _tables(order: str) -> str:
    return f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE executions (
    number INTEGER PRIMARY KEY, execution TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, version INTEGER NOT NULL,
    status TEXT NOT NULL, outcome TEXT, parent TEXT, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
    events INTEGER NOT NULL, position INTEGER NOT NULL, error TEXT, error_message TEXT, waiting_for TEXT NOT NULL, search TEXT,
    offsets BLOB);
CREATE INDEX executions_by_workflow ON executions (workflow, {order});
CREATE INDEX executions_by_parent ON executions (parent, {order}) WHERE parent IS NOT NULL;
CREATE INDEX executions_open ON executions (status, {order}) WHERE ended_at = 0;
CREATE INDEX executions_seldom ON executions (status, {order}) WHERE {IS_SELDOM};
CREATE TABLE counts (status TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER executions_count AFTER INSERT ON executions BEGIN
    INSERT INTO counts VALUES (new.status, 1) ON CONFLICT (status) DO UPDATE SET count = count + 1; END;
CREATE TRIGGER executions_recount AFTER UPDATE OF status ON executions WHEN old.status <> new.status BEGIN
    UPDATE counts SET count = count - 1 WHERE status = old.status;
    INSERT INTO counts VALUES (new.status, 1) ON CONFLICT (status) DO UPDATE SET count = count + 1; END;
CREATE TABLE pieces (number INTEGER NOT NULL, piece INTEGER NOT NULL, offsets BLOB NOT NULL, PRIMARY KEY (number, piece)) WITHOUT ROWID;
CREATE TABLE incidents (
    number INTEGER NOT NULL, incident TEXT NOT NULL, path TEXT NOT NULL, error TEXT NOT NULL,
    raised_at INTEGER NOT NULL, resolved_at INTEGER NOT NULL, action TEXT NOT NULL, PRIMARY KEY (number, incident)) WITHOUT ROWID;
CREATE INDEX incidents_open ON incidents (raised_at) WHERE resolved_at = 0;
"""


_TABLES: Final = _tables("number")
_TABLES_OF_MANY: Final = _tables("created_at, number") + "CREATE INDEX executions_by_time ON executions (created_at, number);"


def _named(tables: str) -> str:
    return hashlib.sha256(f"{ROWS_GENERATION} {tables}".encode()).hexdigest()[:16]


SCHEMA: Final = _named(_TABLES)
"""Names the tables and what is in them: a file of another one is made again."""
SCHEMA_OF_MANY: Final = _named(_TABLES_OF_MANY)
"""The same for a partition among others."""

_SAVE: Final = (
    f"INSERT INTO executions ({FIELDS}, offsets) VALUES ({', '.join('?' * len(ExecutionRecord._fields))}, ?) ON CONFLICT (number) "
    f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in CHANGING)}, offsets = coalesce(excluded.offsets, offsets)"
)
_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint)


class SqliteReadModels:
    """`ReadModels` in one file, of the only partition or of one among others (`is_divided`).

    With `read_only` the file is looked for at each call until it is there; until then there are no rows.
    """

    def __init__(self, path: Path | str, read_only: bool = False, is_divided: bool = False) -> None:
        self._path = Path(path)
        self._read_only = read_only
        self._tables, self._schema = (_TABLES_OF_MANY, SCHEMA_OF_MANY) if is_divided else (_TABLES, SCHEMA)
        self._is_divided = is_divided
        self._order = BY_TIME if is_divided else "number DESC"
        self._reader: sqlite3.Connection | None = None
        self._inode = 0
        if not read_only:
            self._reader = self._opened()

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.Error as error:
            raise LogError(f"the read models {self._path} cannot be opened: {error}") from error

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        if self._schema_of(connection) != self._schema:
            connection.close()
            self._delete()
            connection = self._connect()
            connection.executescript(f"BEGIN; {self._tables} INSERT INTO about VALUES ('schema', '{self._schema}'); COMMIT;")
        return connection

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rwc'}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        if not self._read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
        return connection

    def _schema_of(self, connection: sqlite3.Connection) -> str | None:
        try:
            row = connection.execute("SELECT value FROM about WHERE name = 'schema'").fetchone()
        except sqlite3.Error:
            return None
        return None if row is None else str(row[0])

    def _delete(self) -> None:
        for name in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + name).unlink(missing_ok=True)

    @property
    def _connection(self) -> sqlite3.Connection:
        """The writer's connection."""
        assert self._reader is not None, "closed"
        return self._reader

    def _reading(self) -> sqlite3.Connection | None:
        """The connection; a reader opens it once the file is there, with our tables, and again after it was made anew."""
        if not self._read_only:
            return self._connection
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            return None
        if self._reader is None or inode != self._inode:
            self.close()
            connection = self._connect()
            if self._schema_of(connection) != self._schema:
                connection.close()
                return None
            self._reader, self._inode = connection, inode
        return self._reader

    def _all(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        try:
            connection = self._reading()
            return [] if connection is None else connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise LogError(f"the read models {self._path} cannot be read: {error}") from error

    def _one(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        return next(iter(self._all(statement, parameters)), None)

    # Writing.

    def checkpoint(self) -> Checkpoint:
        """Up to where the rows go."""
        row = self._one("SELECT value FROM about WHERE name = 'checkpoint'")
        return Checkpoint() if row is None else _checkpoint.decode(row[0])

    def save(self, changes: Sequence[Changes], checkpoint: Checkpoint, after: int) -> None:
        """Store rows and checkpoint in one transaction. Raises LogError where that cannot be; then nothing is stored."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            if (stored := self.checkpoint().offset) != after:
                raise Overtaken(f"the read models {self._path} are at offset {stored}, expected {after}: another projector writes them")
            self._save_rows(connection, changes)
            content = msgspec.msgpack.encode(checkpoint)
            connection.execute("INSERT OR REPLACE INTO about VALUES ('checkpoint', ?)", (content,))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise LogError(f"the read models {self._path} cannot be written: {error}") from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _save_rows(self, connection: sqlite3.Connection, changes: Sequence[Changes]) -> None:
        many = connection.executemany
        many(_SAVE, [
            (*one.record, None if one.offsets is None else pack_offsets(one.record.number, one.offsets)) for one in changes
        ])  # fmt: skip
        many("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", (
            (one.record.number, piece, pack_offsets(one.record.number, offsets))
            for one in changes
            for piece, offsets in one.pieces.items()
        ))  # fmt: skip
        many("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?)", (
            (one.record.number, *incident) for one in changes for incident in one.raised
        ))  # fmt: skip
        many("UPDATE incidents SET resolved_at = ?, action = ? WHERE number = ? AND incident = ?", (
            (incident.resolved_at, incident.action, one.record.number, incident.incident) for one in changes for incident in one.resolved
        ))  # fmt: skip

    def rest(self) -> None:
        """Nothing more comes for a while: move all of the WAL into the file, and leave none beside it. Waits for no reader."""
        connection = self._connection
        try:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise LogError(f"the read models {self._path} cannot be written: {error}") from error
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def reset(self) -> None:
        """Forget everything."""
        assert not self._read_only
        self.close()
        self._delete()
        self._reader = self._opened()

    # Reading.

    def find(self, execution: str) -> ExecutionRecord | None:
        """The row of an execution."""
        row = self._one(f"SELECT {FIELDS} FROM executions WHERE execution = ?", (execution,))
        return None if row is None else ExecutionRecord(*row)

    def offsets(self, number: int) -> list[int]:
        """The offsets of all decisions of an execution."""
        rows = self._all("SELECT offsets FROM pieces WHERE number = ? ORDER BY piece", (number,))
        rows += self._all("SELECT offsets FROM executions WHERE number = ? AND offsets IS NOT NULL", (number,))
        return [offset for (packed,) in rows for offset in unpack_offsets(number, packed)]

    def select(self, wanted: Wanted) -> list[ExecutionRecord]:
        """The latest created first."""
        where, parameters = conditions(wanted, self._is_divided)
        statement = f"SELECT {FIELDS} FROM executions WHERE {' AND '.join(where) or '1'} ORDER BY {self._order} LIMIT ?"
        return [ExecutionRecord(*row) for row in self._all(statement, (*parameters, wanted.limit))]

    def incidents(self, number: int | None, only_open: bool) -> list[tuple[str, IncidentRecord]]:
        """Incidents with the execution each is of, the oldest first."""
        where = ["1"] if number is None else ["i.number = ?"]
        where += ["i.resolved_at = 0"] if only_open else []
        statement = (
            "SELECT x.execution, i.incident, i.path, i.error, i.raised_at, i.resolved_at, i.action FROM incidents i "
            f"JOIN executions x USING (number) WHERE {' AND '.join(where)} ORDER BY i.raised_at, i.number, i.incident LIMIT 1000"
        )
        return [(row[0], IncidentRecord(*row[1:])) for row in self._all(statement, () if number is None else (number,))]

    def counts(self) -> dict[str, int]:
        """How many executions there are of each status."""
        return dict(self._all("SELECT status, count FROM counts WHERE count > 0"))

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
