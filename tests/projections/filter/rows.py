"""A table with a column of each kind, its rows as our language sees them, and as SQLite and PostgreSQL hold them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import psycopg

from contracts.ports.where import Field, There, Where
from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Meter
from domain.expressions.parser import parse
from domain.expressions.values import Moment, Span
from infra.store.where import POSTGRES, SQLITE, statement_of
from projections.filter.column import MS, Column, Columns, Search, Texts, fields, span, text, time, whole
from projections.search import SearchRecord, search_records

FLAG: Final = Field("flag")
AMOUNT: Final = Field("amount")
COLUMNS: Final[Columns] = {
    "name": text("name"),
    "outcome": text("outcome", is_nullable=True),
    "version": whole("version"),
    "events": whole("events"),
    "amount": Column(kind="double", terms=((1, AMOUNT),), there=There("amount"), missing=There("amount", False)),
    "flag": Column(kind="bool", terms=((1, FLAG),)),
    "created_at": time("created_at"),
    "started_at": time("started_at"),
    "ended_at": time("ended_at"),
    "duration": span("started_at", "created_at", "ended_at"),
    "error": fields("error", type=text("error"), message=text("error_message", is_nullable=True)),
    "search": Search("search_values"),
    "tags": Texts("thing_tags", "tag"),
}


WORDS: Final = 'text COLLATE "und-x-icu"'
"""Texts of a database that sorts them as people do, with small and large letters side by side."""


class Row(NamedTuple):
    """A row as it is stored; `search` is what an execution recorded."""

    number: int
    name: str
    outcome: str | None
    version: int
    events: int
    amount: float | None
    flag: int
    created_at: int
    started_at: int
    ended_at: int
    error: str | None
    error_message: str | None
    search: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, Any]:
        """The row as an expression sees it."""
        start = self.started_at or self.created_at
        return {
            "name": self.name,
            "outcome": self.outcome,
            "version": self.version,
            "events": self.events,
            "amount": self.amount,
            "flag": bool(self.flag),
            "created_at": _time(self.created_at),
            "started_at": _time(self.started_at),
            "ended_at": _time(self.ended_at),
            "duration": Span((self.ended_at - start) * MS) if self.ended_at else None,
            "error": None if self.error is None else {"type": self.error, "message": self.error_message},
            "search": self.search,
            "tags": list(self.tags),
        }


def _time(ms: int) -> Moment | None:
    return Moment(ms * MS) if ms else None


def taken_by_evaluating(source: str, rows: Iterable[Row]) -> list[int]:
    """The numbers of the rows for which the expression is true."""
    compiler = Compiler(COLUMNS)
    run = compiler.make(parse(source))
    slots = [None] * (compiler.slots - FIRST_SLOT)

    def is_true(row: Row) -> bool:
        try:
            return run([row.names, Meter(), *slots]) is True
        except Fault:
            return False

    return [row.number for row in rows if is_true(row)]


class Store(Protocol):
    """A database with the table."""

    def fill(self, rows: Sequence[Row]) -> None: ...
    def taken(self, where: Where) -> list[int]: ...
    def close(self) -> None: ...


_STORED: Final = Row._fields[:-2]
_INSERT: Final = f"INSERT INTO things ({', '.join(_STORED)}) VALUES ({', '.join('?' * len(_STORED))})"
_INSERT_VALUE: Final = (
    f"INSERT INTO search_values ({', '.join(SearchRecord._fields)}) VALUES ({', '.join('?' * len(SearchRecord._fields))})"
)


def _tables(whole: str, real: str, text: str) -> str:
    return f"""
CREATE TABLE things (number {whole} PRIMARY KEY, name {text} NOT NULL, outcome {text}, version {whole} NOT NULL, events {whole} NOT NULL,
    amount {real}, flag {whole} NOT NULL, created_at {whole} NOT NULL, started_at {whole} NOT NULL, ended_at {whole} NOT NULL,
    error {text}, error_message {text});
CREATE TABLE search_values (number {whole} NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, head {text}, text {text}, whole {whole},
    real {real}, size {whole}, created_at {whole} NOT NULL, PRIMARY KEY (number, name));
CREATE TABLE thing_tags (number {whole} NOT NULL, tag {text} NOT NULL, PRIMARY KEY (number, tag));
CREATE INDEX things_by_name ON things (name, number);
CREATE INDEX things_by_version ON things (version, number);
CREATE INDEX things_by_time ON things (created_at, number);
CREATE INDEX search_by_text ON search_values (name, head, number) WHERE head IS NOT NULL;
CREATE INDEX search_by_whole ON search_values (name, whole, number) WHERE whole IS NOT NULL;
"""


def _values(rows: Sequence[Row]) -> list[SearchRecord]:
    return [value for row in rows for value in search_records(row.number, None if row.search is None else json.dumps(row.search).encode())]


def _tags(rows: Sequence[Row]) -> list[tuple[int, str]]:
    return [(row.number, tag) for row in rows for tag in dict.fromkeys(row.tags)]


class SqliteStore:
    """In memory."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.executescript(_tables("INTEGER", "REAL", "TEXT"))

    def fill(self, rows: Sequence[Row]) -> None:
        self.connection.execute("DELETE FROM things")
        self.connection.execute("DELETE FROM search_values")
        self.connection.executemany(_INSERT, [row[:-2] for row in rows])
        self.connection.executemany(_INSERT_VALUE, _values(rows))
        self.connection.execute("DELETE FROM thing_tags")
        self.connection.executemany("INSERT INTO thing_tags VALUES (?, ?)", _tags(rows))

    def taken(self, where: Where) -> list[int]:
        sql, values = statement_of(where, SQLITE)
        return [number for (number,) in self.connection.execute(f"SELECT number FROM things AS listed WHERE {sql} ORDER BY number", values)]

    def plan(self, where: Where) -> list[str]:
        """How the rows would be found."""
        sql, values = statement_of(where, SQLITE)
        return [str(row[3]) for row in self.connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM things AS listed WHERE {sql}", values)]

    def close(self) -> None:
        self.connection.close()


class PostgresStore:
    """In tables that are gone with the connection."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(_tables("bigint", "double precision", WORDS).replace("CREATE TABLE", "CREATE TEMPORARY TABLE").encode())

    def fill(self, rows: Sequence[Row]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("TRUNCATE things, search_values, thing_tags")
            cursor.executemany(_INSERT.replace("?", "%s").encode(), [row[:-2] for row in rows])
            if values := _values(rows):
                cursor.executemany(_INSERT_VALUE.replace("?", "%s").encode(), values)
            if tags := _tags(rows):
                cursor.executemany("INSERT INTO thing_tags VALUES (%s, %s)", tags)

    def taken(self, where: Where) -> list[int]:
        sql, values = statement_of(where, POSTGRES._replace(is_shared=False))
        query = f"SELECT number FROM things AS listed WHERE {sql} ORDER BY number"
        return [number for (number,) in self.connection.execute(query.encode(), values)]

    def close(self) -> None:
        self.connection.close()
