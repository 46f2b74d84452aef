"""The connection to read models in PostgreSQL: made when it is needed, with the schema and the tables that are missing."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import conninfo, errors
from psycopg.conninfo import conninfo_to_dict

from contracts.errors import LogError, LogUnreachable
from contracts.ports.read_models import Model, Table
from infra.store.postgres_counts import COUNTS
from infra.store.statements import Dialect, counts_of, creating, stored_name
from infra.store.where import POSTGRES

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
NOT_MADE: Final = (errors.UndefinedTable, errors.InvalidSchemaName)


def making(table: Table[Any], version: int) -> Iterator[str]:
    """The statements that make a table, and what counts its rows."""
    yield from creating(DIALECT, table, version)
    if table.counted:
        yield COUNTS.format(counts_of(table, version))


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
        self.lock = zlib.crc32(self._schema.encode())
        """Who makes tables here holds it."""
        self.answers: dict[tuple[int, str], int] = {}
        """What lists of a model in a partition were last found to be answered from, while the connection lasts."""
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
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self.lock,))
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
                missing += making(table, model.version)
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

    def read(self, statement: str, values: Sequence[Any], is_planned_anew: bool = False) -> list[Any]:
        """All rows that a statement finds; none where there are no tables yet. A connection that was lost is made again once.

        `is_planned_anew`: by these values. Else a statement that comes again and again has one plan for whatever values it is given.
        """
        query = statement.encode()
        with self.guarded("read"):
            held = self._connection
            try:
                return self._fetch(query, values, is_planned_anew)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if held is None or not held.closed:  # it was new, or is not lost
                    raise
                return self._fetch(query, values, is_planned_anew)

    def _fetch(self, query: bytes, values: Sequence[Any], is_planned_anew: bool) -> list[Any]:
        try:
            return self.connection.execute(query, tuple(clean(values)), prepare=False if is_planned_anew else None).fetchall()
        except NOT_MADE:
            self.close()  # a writer makes them when it connects
            return []

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        self.answers.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def clean(row: Sequence[Any]) -> Iterator[Any]:
    """Text of PostgreSQL holds every character but one."""
    return (value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _said(error: psycopg.Error) -> str:
    """What went wrong, in one line; an error of a connection has many."""
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip()) or repr(error)
