"""Read models in PostgreSQL, shared by all processes of a cluster: the same rows as in `projection.py`, each with its partition.

    schema <prefix of the log>_<generation>      so processes of two builds keep rows of their own beside each other
        checkpoints   partition, position, checkpoint
        executions    partition, number, execution, …
        pieces, incidents

Who stores a batch holds the row of the partition's checkpoint, and looks whether it is still where the batch began: of two
projectors one is too late, and hears `Overtaken`. A commit waits for the database's disk, unlike one of a file: a projector
that goes on living after a crash of the database would not notice that rows of a quiet partition are gone.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import msgspec
import psycopg
from psycopg import conninfo, errors
from psycopg.conninfo import conninfo_to_dict

from contracts.errors import LogError, LogUnreachable, Overtaken
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ExecutionRecord, IncidentRecord, Wanted
from infra.store.columns import BY_TIME, CHANGING, FIELDS, IS_SELDOM, ROWS_GENERATION, conditions, pack_offsets, unpack_offsets

TABLES_GENERATION: Final = 2
"""Raised when the tables change."""
SCHEMA_LENGTH_MAX: Final = 63
CONNECT_TIMEOUT_S: Final = 5
SILENCE_MAX: Final = "10s"
"""A projector that stands still in the middle of a transaction (frozen, or cut off) holds others up so long, and no longer."""
LOCK_TIMEOUT: Final = "15s"
STATEMENT_TIMEOUT: Final = "60s"

TABLES: Final = f"""
CREATE TABLE checkpoints (partition integer PRIMARY KEY, position bigint NOT NULL, checkpoint bytea NOT NULL);
CREATE TABLE executions (
    partition integer NOT NULL, number bigint NOT NULL, execution text NOT NULL, workflow text NOT NULL, version integer NOT NULL,
    status text NOT NULL, outcome text, parent text, created_at bigint NOT NULL, started_at bigint NOT NULL, ended_at bigint NOT NULL,
    events bigint NOT NULL, position bigint NOT NULL, error text, error_message text, waiting_for text NOT NULL, search text,
    offsets bytea, PRIMARY KEY (partition, number), UNIQUE (partition, execution));
CREATE INDEX executions_by_time ON executions (partition, created_at, number);
CREATE INDEX executions_by_workflow ON executions (partition, workflow, created_at, number);
CREATE INDEX executions_by_parent ON executions (partition, parent, created_at, number) WHERE parent IS NOT NULL;
CREATE INDEX executions_open ON executions (partition, status, created_at, number) WHERE ended_at = 0;
CREATE INDEX executions_seldom ON executions (partition, status, created_at, number) WHERE {IS_SELDOM};
CREATE TABLE pieces (
    partition integer NOT NULL, number bigint NOT NULL, piece integer NOT NULL, offsets bytea NOT NULL,
    PRIMARY KEY (partition, number, piece));
CREATE TABLE incidents (
    partition integer NOT NULL, number bigint NOT NULL, incident text NOT NULL, path text NOT NULL, error text NOT NULL,
    raised_at bigint NOT NULL, resolved_at bigint NOT NULL, action text NOT NULL, PRIMARY KEY (partition, number, incident));
CREATE INDEX incidents_open ON incidents (partition, raised_at) WHERE resolved_at = 0;
"""
_SAVE: Final = (
    f"INSERT INTO executions AS x (partition, {FIELDS}, offsets) VALUES ({', '.join(['%s'] * (len(ExecutionRecord._fields) + 2))}) "
    f"ON CONFLICT (partition, number) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in CHANGING)}, "
    "offsets = coalesce(excluded.offsets, x.offsets)"
)
_SAVE_PIECE: Final = (
    "INSERT INTO pieces VALUES (%s, %s, %s, %s) ON CONFLICT (partition, number, piece) DO UPDATE SET offsets = excluded.offsets"
)
_SAVE_INCIDENT: Final = (
    "INSERT INTO incidents VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (partition, number, incident) DO UPDATE SET "
    "path = excluded.path, error = excluded.error, raised_at = excluded.raised_at, "
    "resolved_at = excluded.resolved_at, action = excluded.action"
)
_RESOLVE: Final = "UPDATE incidents SET resolved_at = %s, action = %s WHERE partition = %s AND number = %s AND incident = %s"
_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint)
_NOT_MADE: Final = (errors.UndefinedTable, errors.InvalidSchemaName)


def schema_of(prefix: str) -> str:
    """The schema that holds the tables for a log with this prefix of its topics, as this build makes them."""
    suffix = f"_{ROWS_GENERATION}_{TABLES_GENERATION}"
    if len(prefix) + len(suffix) > SCHEMA_LENGTH_MAX:
        prefix = f"{prefix[:40]}-{hashlib.sha256(prefix.encode()).hexdigest()[:8]}"
    return prefix + suffix


class PostgresDatabase:
    """A connection to the read models of a log, made when it is needed, and again after it was lost. One thread uses it at a time.

    Raises LogError for a URL that is none.
    """

    def __init__(self, url: str, prefix: str, read_only: bool = False) -> None:
        try:
            named = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise LogError(f"the read models are named postgresql://[USER@]HOST[:PORT]/DATABASE: {str(error).strip()}") from None
        self._url, self._schema, self._read_only = url, schema_of(prefix), read_only
        place = {name: str(named[name]) for name in ("host", "port", "dbname") if name in named}
        self._name = f"the read models in PostgreSQL ({conninfo.make_conninfo('', **place)}, schema {self._schema})"
        self._connection: psycopg.Connection[Any] | None = None

    def __str__(self) -> str:
        return self._name

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """A connection that finds the tables; a writer makes them if they are missing."""
        if self._connection is None or self._connection.closed:
            self._connection = None
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="refold",
            keepalives_idle=10, keepalives_interval=5, keepalives_count=3, tcp_user_timeout=15_000,
        )  # fmt: skip
        try:
            for name, value in (
                ("search_path", _quoted(self._schema)),
                ("idle_in_transaction_session_timeout", SILENCE_MAX),
                ("lock_timeout", LOCK_TIMEOUT),
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("client_min_messages", "warning"),
            ):
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            if not self._read_only:
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        """Make what is missing; of several who would, one does it and the others wait."""
        if self._is_made(connection):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(self._schema.encode()),))
            if not self._is_made(connection):
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(self._schema)}".encode())
                connection.execute(TABLES.encode())

    def _is_made(self, connection: psycopg.Connection[Any]) -> bool:
        """Asked of the tables of the catalog: `to_regclass` may answer from what the session knew before it waited for the lock."""
        asked = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'checkpoints'"
        return connection.execute(asked, (self._schema,)).fetchone() is not None

    @contextmanager
    def guarded(self, doing: str) -> Iterator[None]:
        """Raises LogUnreachable for a database that does not answer, or that was lost in the middle; LogError for the rest."""
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise LogUnreachable(f"{self} cannot be {doing}: {_said(error)}") from error
        except psycopg.Error as error:
            self.close()
            raise LogError(f"{self} cannot be {doing}: {_said(error)}") from error

    def read(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """All rows that a statement with `?` finds; none where there are no tables yet. A connection that was lost is made again once."""
        query = statement.replace("?", "%s").encode()
        with self.guarded("read"):
            held = self._connection
            try:
                return self._fetch(query, values)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if held is None or not held.closed:  # it was new, or is not lost
                    raise
                return self._fetch(query, values)

    def _fetch(self, query: bytes, values: Sequence[Any]) -> list[Any]:
        try:
            return self.connection.execute(query, values).fetchall()
        except _NOT_MADE:
            self.close()  # a writer makes them when it connects
            return []

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


class PostgresReadModels:
    """`ReadModels` of one partition among others."""

    def __init__(self, database: PostgresDatabase, partition: int) -> None:
        self._database, self._partition = database, partition

    def _all(self, statement: str, *values: Any) -> list[Any]:
        return self._database.read(statement, values)

    # Writing.

    def checkpoint(self) -> Checkpoint:
        """Up to where the rows go."""
        rows = self._all("SELECT checkpoint FROM checkpoints WHERE partition = ?", self._partition)
        return _checkpoint.decode(rows[0][0]) if rows else Checkpoint()

    def save(self, changes: Sequence[Changes], checkpoint: Checkpoint, after: int) -> None:
        """Store rows and checkpoint in one transaction. Raises Overtaken, LogUnreachable where nobody knows whether it is stored."""
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction(), connection.cursor() as cursor:
                self._hold(cursor, after)
                self._save_rows(cursor, changes)
                content = msgspec.msgpack.encode(checkpoint)
                values = (checkpoint.offset, content, self._partition)
                cursor.execute("UPDATE checkpoints SET position = %s, checkpoint = %s WHERE partition = %s", values)

    def _hold(self, cursor: psycopg.Cursor[Any], after: int) -> None:
        """From here on nobody else stores rows of the partition."""
        empty = msgspec.msgpack.encode(Checkpoint())
        cursor.execute("INSERT INTO checkpoints VALUES (%s, 0, %s) ON CONFLICT DO NOTHING", (self._partition, empty))
        found = cursor.execute("SELECT position FROM checkpoints WHERE partition = %s FOR UPDATE", (self._partition,)).fetchone()
        if found != (after,):
            stored = None if found is None else found[0]
            raise Overtaken(f"{self._database}, partition {self._partition}, are at offset {stored}, expected {after}")

    def _save_rows(self, cursor: psycopg.Cursor[Any], changes: Sequence[Changes]) -> None:
        here = self._partition
        _many(cursor, _SAVE, [
            (here, *_clean(one.record), None if one.offsets is None else pack_offsets(one.record.number, one.offsets)) for one in changes
        ])  # fmt: skip
        _many(cursor, _SAVE_PIECE, [
            (here, one.record.number, piece, pack_offsets(one.record.number, offsets))
            for one in changes
            for piece, offsets in one.pieces.items()
        ])  # fmt: skip
        _many(cursor, _SAVE_INCIDENT, [
            (here, one.record.number, *_clean(incident)) for one in changes for incident in one.raised
        ])  # fmt: skip
        _many(cursor, _RESOLVE, [
            (incident.resolved_at, incident.action, here, one.record.number, incident.incident)
            for one in changes
            for incident in one.resolved
        ])  # fmt: skip

    def rest(self) -> None:
        """Nothing is left behind."""

    def reset(self) -> None:
        """Forget everything of this partition."""
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction():
                connection.execute("SET LOCAL statement_timeout = 0")
                connection.execute("SELECT 1 FROM checkpoints WHERE partition = %s FOR UPDATE", (self._partition,))
                for table in ("incidents", "pieces", "executions", "checkpoints"):
                    connection.execute(f"DELETE FROM {table} WHERE partition = %s".encode(), (self._partition,))

    # Reading.

    def find(self, execution: str) -> ExecutionRecord | None:
        """The row of an execution."""
        rows = self._all(f"SELECT {FIELDS} FROM executions WHERE partition = ? AND execution = ?", self._partition, execution)
        return ExecutionRecord(*rows[0]) if rows else None

    def offsets(self, number: int) -> list[int]:
        """The offsets of all decisions of an execution."""
        rows = self._all(
            "SELECT piece, offsets FROM pieces WHERE partition = ? AND number = ? UNION ALL "
            "SELECT 2147483647, offsets FROM executions WHERE partition = ? AND number = ? AND offsets IS NOT NULL ORDER BY 1",
            *(self._partition, number) * 2,
        )
        return [offset for _, packed in rows for offset in unpack_offsets(number, packed)]

    def select(self, wanted: Wanted) -> list[ExecutionRecord]:
        """The latest created first."""
        where, values = conditions(wanted, is_by_time=True)
        statement = f"SELECT {FIELDS} FROM executions WHERE {' AND '.join(['partition = ?', *where])} ORDER BY {BY_TIME} LIMIT ?"
        return [ExecutionRecord(*row) for row in self._all(statement, self._partition, *values, wanted.limit)]

    def incidents(self, number: int | None, only_open: bool) -> list[tuple[str, IncidentRecord]]:
        """Incidents with the execution each is of, the oldest first."""
        where = ["i.partition = ?"] + (["i.number = ?"] if number is not None else []) + (["i.resolved_at = 0"] if only_open else [])
        statement = (
            "SELECT x.execution, i.incident, i.path, i.error, i.raised_at, i.resolved_at, i.action FROM incidents i "
            f"JOIN executions x USING (partition, number) WHERE {' AND '.join(where)} ORDER BY i.raised_at, i.number, i.incident LIMIT 1000"
        )
        rows = self._all(statement, self._partition, *(() if number is None else (number,)))
        return [(row[0], IncidentRecord(*row[1:])) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many executions there are of each status."""
        return dict(self._all("SELECT status, count(*) FROM executions WHERE partition = ? GROUP BY status", self._partition))

    def close(self) -> None:
        """Let go of the connection; the partitions of a process share it."""
        self._database.close()


def models_in(url: str, prefix: str, read_only: bool) -> Callable[[int], PostgresReadModels]:
    """What opens the read models of a partition; all of them share a connection. Raises LogError for a URL that is none."""
    database = PostgresDatabase(url, prefix, read_only)
    return lambda partition: PostgresReadModels(database, partition)


def _many(cursor: psycopg.Cursor[Any], statement: str, rows: list[Any]) -> None:
    if rows:
        cursor.executemany(statement.encode(), rows)


def _clean(row: Sequence[Any]) -> Iterator[Any]:
    """Text of PostgreSQL holds every character but one."""
    return (value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _said(error: psycopg.Error) -> str:
    """What went wrong, in one line; an error of a connection has many."""
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip()) or repr(error)
