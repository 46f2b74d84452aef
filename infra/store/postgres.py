"""Read models in PostgreSQL, shared by all processes of a cluster: the same tables as in `sqlite.py`, each row with its partition.

    schema <prefix of the log>_<layout>
        checkpoints   partition, model, version ─► position, checkpoint, whether lists are answered from it
        executions    partition, number, …      a table of a read model of its first version; of the second executions_2

Who stores a batch holds the row of the partition's checkpoint from the beginning on, where that is still at what the batch
began with: of two projectors one is too late, and hears `Overtaken`. A commit waits for the database's disk, unlike one of
a file: a projector that goes on living after a crash of the database would not notice that rows of a quiet partition are gone.

Processes of two builds keep tables of their own beside each other, so rows of an older version are left where they are.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import msgspec
import psycopg
from psycopg import conninfo, errors
from psycopg.conninfo import conninfo_to_dict

from contracts.errors import LogError, LogUnreachable, Overtaken, RowsGone
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Model, Query, Standing, Table
from infra.store.postgres_counts import COUNTS, counted, note_counts
from infra.store.statements import (
    Dialect,
    Source,
    by_columns,
    by_length,
    changing,
    check_goes_as_far,
    counts_of,
    creating,
    finding,
    removing,
    saving,
    select_with,
    stored_name,
)
from infra.store.where import POSTGRES, Statement

R = TypeVar("R", bound=tuple[Any, ...])

LAYOUT: Final = 3
"""Raised when `checkpoints` changes, or how tables and indexes are made."""
SCHEMA_LENGTH_MAX: Final = 63
CONNECT_TIMEOUT_S: Final = 5
SILENCE_MAX: Final = "10s"
"""A projector that stands still in the middle of a transaction (frozen, or cut off) holds others up so long, and no longer."""
LOCK_TIMEOUT: Final = "15s"
STATEMENT_TIMEOUT: Final = "60s"

CHECKPOINTS: Final = """
CREATE TABLE checkpoints (
    partition integer NOT NULL, model text NOT NULL, version integer NOT NULL, position bigint NOT NULL, is_whole boolean NOT NULL,
    checkpoint bytea NOT NULL, PRIMARY KEY (partition, model, version));
"""
DIALECT: Final = Dialect("bigint", "double precision", 'text COLLATE "C"', "bytea", POSTGRES, is_shared=True)
_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint)
_EMPTY: Final = msgspec.msgpack.encode(Checkpoint())
_NOT_MADE: Final = (errors.UndefinedTable, errors.InvalidSchemaName)


def schema_of(prefix: str) -> str:
    """The schema that holds the tables for a log with this prefix of its topics, as this build makes them."""
    suffix = f"_{LAYOUT}"
    if len(prefix) + len(suffix) > SCHEMA_LENGTH_MAX:
        prefix = f"{prefix[:40]}-{hashlib.sha256(prefix.encode()).hexdigest()[:8]}"
    return prefix + suffix


class PostgresDatabase:
    """A connection to the read models of a log, made when it is needed, and again after it was lost. One thread uses it at a time.

    A reader that has seen whole rows shows none, once they are gone, until there are whole ones again: it raises RowsGone.

    Raises LogError for a URL that is none.
    """

    def __init__(self, url: str, prefix: str, models: Sequence[Model], read_only: bool = False) -> None:
        try:
            named = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise LogError(f"the read models are named postgresql://[USER@]HOST[:PORT]/DATABASE: {str(error).strip()}") from None
        self._url, self._schema, self.read_only = url, schema_of(prefix), read_only
        self.models = {model.name: model for model in models}
        self.model_of = {table: model for model in models for table in model.tables}
        where = {name: str(named[name]) for name in ("host", "port", "dbname") if name in named}
        self._name = f"the read models in PostgreSQL ({conninfo.make_conninfo('', **where)}, schema {self._schema})"
        self._connection: psycopg.Connection[Any] | None = None
        self.is_whole: set[tuple[int, str]] = set()
        """Partition and model whose lists are answered from what this build makes, until the connection is lost."""
        self.were_whole: set[tuple[int, str]] = set()
        """Those that a reader has once answered lists from."""

    def __str__(self) -> str:
        return self._name

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """A connection that finds the tables; a writer makes them if they are missing."""
        if self._connection is None or self._connection.closed:
            self.close()
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
            if not self.read_only:
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        """Make what is missing; of several who would, one does it and the others wait."""
        if not self._missing(connection):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(self._schema.encode()),))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(self._schema)}".encode())
            for statement in self._missing(connection):
                connection.execute(statement.encode())

    def _missing(self, connection: psycopg.Connection[Any]) -> list[str]:
        """What makes the tables that are not there; asked of the catalog: `to_regclass` may answer from before a wait for the lock."""
        asked = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s"
        there = {name for (name,) in connection.execute(asked, (self._schema,))}
        missing = [] if "checkpoints" in there else [CHECKPOINTS]
        for table, model in self.model_of.items():
            if stored_name(table, model.version) not in there:
                missing += creating(DIALECT, table, model.version)
                missing += [COUNTS.format(counts_of(table, model.version))] if table.counted else []
        return missing

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
        """All rows that a statement finds; none where there are no tables yet. A connection that was lost is made again once."""
        query = statement.encode()
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
            return self.connection.execute(query, tuple(_clean(values))).fetchall()
        except _NOT_MADE:
            self.close()  # a writer makes them when it connects
            return []

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        self.is_whole.clear()
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

    def standing(self, model: str) -> Standing:
        """How the rows of a model stand that this build makes."""
        statement = "SELECT checkpoint, is_whole FROM checkpoints WHERE partition = %s AND model = %s AND version = %s"
        rows = self._all(statement, self._partition, model, self._database.models[model].version)
        return Standing(_checkpoint.decode(rows[0][0]), rows[0][1]) if rows else Standing(Checkpoint(), is_whole=False)

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        """Store rows and checkpoint in one transaction. Raises Overtaken, LogUnreachable where nobody knows whether it is stored."""
        standing = checkpoint.offset, msgspec.msgpack.encode(checkpoint), is_whole
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction(), connection.cursor() as cursor:
                for name in models:
                    self._move(cursor, self._database.models[name], standing, after)
                for name in models:
                    self._save_rows(cursor, self._database.models[name], changes)

    def _move(self, cursor: psycopg.Cursor[Any], model: Model, standing: tuple[int, bytes, bool], after: int) -> None:
        """From here on nobody else stores rows of the model in this partition."""
        if not after:
            values = self._partition, model.name, model.version, _EMPTY
            cursor.execute("INSERT INTO checkpoints VALUES (%s, %s, %s, 0, false, %s) ON CONFLICT DO NOTHING", values)
        moved = cursor.execute(
            "UPDATE checkpoints SET position = %s, checkpoint = %s, is_whole = is_whole OR %s "
            "WHERE partition = %s AND model = %s AND version = %s AND position = %s",
            (*standing, self._partition, model.name, model.version, after),
        )
        if not moved.rowcount:
            found = self.standing(model.name).checkpoint.offset
            raise Overtaken(f"{self._database}, partition {self._partition}, are at offset {found}, expected {after}")

    def _save_rows(self, cursor: psycopg.Cursor[Any], model: Model, changes: Changes) -> None:
        here = self._partition
        for table in model.tables:
            before = counted(cursor, table, model.version, here, changes)
            for count, keys in by_length(changes.gone.get(table, ())).items():
                _many(cursor, removing(DIALECT, table, model.version, count), [(here, *_clean(key)) for key in keys])
            if rows := changes.rows.get(table):
                _many(cursor, saving(DIALECT, table, model.version), [(here, *_clean(row)) for row in rows.values()])
            for columns, parts in by_columns(changes.parts.get(table, {})).items():
                statement = changing(DIALECT, table, model.version, columns)
                _many(cursor, statement, [(*_clean(values), here, *_clean(key)) for values, key in parts])
            if before is not None:
                note_counts(cursor, table, model.version, here, before, counted(cursor, table, model.version, here, changes))

    def check(self) -> None:
        """The database itself says what is not there any more."""

    def rest(self) -> None:
        """Nothing is left behind."""

    def reset(self) -> None:
        """Forget everything of this partition that this build makes, and that lists are answered from."""
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction():
                connection.execute("SET LOCAL statement_timeout = 0")
                found = connection.execute("SELECT model, version FROM checkpoints WHERE partition = %s FOR UPDATE", (self._partition,))
                for name, version in found.fetchall():
                    tables = self._database.models[name].tables if name in self._database.models else ()
                    for stored in [named for table in tables for named in (stored_name(table, version), counts_of(table, version))]:
                        with suppress(errors.UndefinedTable), connection.transaction():
                            connection.execute(f"DELETE FROM {stored} WHERE partition = %s".encode(), (self._partition,))
                connection.execute("DELETE FROM checkpoints WHERE partition = %s", (self._partition,))
        self._database.is_whole.clear()

    # Reading.

    def _answering_version(self, model: Model) -> int:
        """The version of a model that lists are answered from."""
        database, key = self._database, (self._partition, model.name)
        if key not in database.is_whole:
            statement = "SELECT version FROM checkpoints WHERE partition = %s AND model = %s AND is_whole ORDER BY version"
            whole = [version for (version,) in self._all(statement, *key)]
            if not whole and key in database.were_whole:
                raise RowsGone(f"{database}, partition {self._partition}, are being made again from the journal")
            if whole and model.version not in whole:
                return int(whole[-1])
            if whole:
                database.is_whole.add(key)
                if database.read_only:
                    database.were_whole.add(key)
        return model.version

    def _of_answering(self, model: Model, statement: str, *values: Any) -> list[Any]:
        """What a statement finds among the rows that lists are answered from; where that is nothing, they may be gone just now."""
        rows = self._all(statement, *values)
        if not rows:
            self._answering_version(model)
        return rows

    def _rows(self, table: Table[Any], is_own: bool, of: Callable[[int, frozenset[str] | None], tuple[str, Sequence[Any]]]) -> list[Any]:
        """What a statement finds in the tables of the version that is to be asked."""
        model = self._database.model_of[table]
        version = model.version if is_own else self._answering_version(model)
        there = None if version == model.version else self._columns_of(table, version)
        if there == frozenset():
            return []
        statement, values = of(version, there)
        return self._all(statement, *values) if is_own else self._of_answering(model, statement, *values)

    def _columns_of(self, table: Table[Any], version: int) -> frozenset[str]:
        statement = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema AND table_name = %s"
        return frozenset(name for (name,) in self._all(statement, stored_name(table, version)))

    def checkpoint(self, model: str) -> Checkpoint:
        """Up to where the rows go that lists are answered from."""
        statement = "SELECT checkpoint FROM checkpoints WHERE partition = %s AND model = %s AND version = %s"
        known = self._database.models[model]
        rows = self._of_answering(known, statement, self._partition, model, self._answering_version(known))
        return _checkpoint.decode(rows[0][0]) if rows else Checkpoint()

    def find(self, table: Table[R], column: str, value: Any, is_own: bool = False) -> R | None:
        """The row that its key or a unique column names."""
        return next(iter(self._found(table, column, value, is_own)), None)

    def belonging(self, table: Table[R], number: int, is_own: bool = False) -> list[R]:
        """All rows about the execution with this number."""
        return self._found(table, "number", number, is_own)

    def _found(self, table: Table[R], column: str, value: Any, is_own: bool) -> list[R]:
        values = self._partition, value
        return _made(table, self._rows(table, is_own, lambda *source: (finding(DIALECT, table, *source, (column,)), values)))

    def select(self, query: Query[R]) -> list[R]:
        """The rows of a list, in its order."""

        def stored(name: str) -> str:
            return self._stored_beside(query.table, name)

        def of(version: int, there: frozenset[str] | None) -> Statement:
            source = Source(version, there, self._partition, stored)
            return select_with(DIALECT, query, source, lambda asked: self._number(asked))

        return _made(query.table, self._rows(query.table, False, of))

    def _number(self, asked: Statement) -> int:
        return next((int(number) for (number,) in self._all(asked.sql, *asked.values)), 0)

    def _stored_beside(self, table: Table[Any], name: str) -> str:
        """What another table is called that a list is filtered by. Raises LogUnreachable while it lacks what the list has."""
        beside, model = next((one, of) for one, of in self._database.model_of.items() if one.name == name)
        if self._answering_version(model) != model.version or (self._partition, model.name) not in self._database.is_whole:
            check_goes_as_far(name, self.standing(model.name).checkpoint, self.checkpoint(self._database.model_of[table].name))
        return stored_name(beside, model.version)

    def counts(self, table: Table[Any]) -> dict[str, int]:
        """How many rows there are of each value of the column that the table counts."""

        def of(version: int, there: frozenset[str] | None) -> tuple[str, Sequence[Any]]:
            if there is not None:  # of an older build, which may not have counted them
                of_before = f"SELECT {table.counted}, count(*) FROM {stored_name(table, version)} WHERE partition = %s GROUP BY 1"
                return of_before, (self._partition,)
            return f"SELECT value, count FROM {counts_of(table, version)} WHERE partition = %s AND count > 0", (self._partition,)

        return dict(self._rows(table, False, of))

    def close(self) -> None:
        """Let go of the connection; the partitions of a process share it."""
        self._database.close()


def models_in(url: str, prefix: str, models: Sequence[Model], read_only: bool) -> Callable[[int], PostgresReadModels]:
    """What opens the read models of a partition; all of them share a connection. Raises LogError for a URL that is none."""
    database = PostgresDatabase(url, prefix, models, read_only)
    return lambda partition: PostgresReadModels(database, partition)


def _made(table: Table[R], rows: list[Any]) -> list[R]:
    return [table.row(*row) for row in rows]


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
