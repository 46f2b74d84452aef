"""Rows in SQLite that are made anew: what is there of a model, and the transaction in which new rows take the place of others.

A reader who is in the middle of a list sees the rows that it began with; whoever looks afterwards finds the new ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.ports.read_models import Model, Stand
from infra.store.rebuild import comparing, own_of, rebuilt_of, version_of
from infra.store.statements import Dialect

MAKINGS: Final = "SELECT version, is_whole FROM models WHERE model = ?"
"""What is there of a model, and whether it is whole."""
_SWAPS: Final = """
CREATE TABLE IF NOT EXISTS swaps (model TEXT NOT NULL, version INTEGER NOT NULL, differing INTEGER NOT NULL, PRIMARY KEY (model))
WITHOUT ROWID
"""


def makings(connection: sqlite3.Connection, model: str) -> dict[int, bool]:
    """What is there of a model, and whether it is whole."""
    return dict(connection.execute(MAKINGS, (model,)).fetchall())


def drop_others(connection: sqlite3.Connection, model: str, version: int) -> None:
    """Rows of a model but for these are of no use any more: lists are answered from these."""
    statement = "DELETE FROM models WHERE model = ? AND version <> ? RETURNING tables"
    for (tables,) in connection.execute(statement, (model, version)).fetchall():
        for table in str(tables).split():
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"DROP TABLE IF EXISTS counts_of_{table}")


def swapped(connection: sqlite3.Connection, dialect: Dialect, models: Sequence[Model]) -> dict[str, int] | None:
    """Let new rows take the place of others, within a transaction; how many differed. None where they do not go equally far."""
    pairs = {model: _pair(connection, model) for model in models}
    differing: dict[str, int] = {}
    for model, pair in pairs.items():
        if pair is None:
            return None
        before, after = pair
        statements = [comparing(dialect, table, before, after) for table in model.tables]
        differing[model.name] = sum(int(connection.execute(statement).fetchone()[0]) for statement in statements)
    connection.execute(_SWAPS)
    for model, pair in pairs.items():
        assert pair is not None
        _, after = pair
        connection.execute("UPDATE models SET is_whole = true WHERE model = ? AND version = ?", (model.name, after))
        connection.execute("REPLACE INTO swaps VALUES (?, ?, ?)", (model.name, after, differing[model.name]))
        drop_others(connection, model.name, after)
    return differing


def _pair(connection: sqlite3.Connection, model: Model) -> tuple[int, int] | None:
    """The rows of a model that are there, and those that are made anew, where both go equally far."""
    there = makings(connection, model.name)
    before, after = own_of(model.version, there), rebuilt_of(model.version, there)
    if before is None or after is None:
        return None
    positions = connection.execute("SELECT position FROM models WHERE model = ? AND version IN (?, ?)", (model.name, before, after))
    return (before, after) if len(set(positions.fetchall())) == 1 else None


def stands_in(connection: sqlite3.Connection, models: Mapping[str, Model]) -> Iterator[Stand]:
    """How the rows of each model stand, in every making that is there."""
    swaps = dict[tuple[str, int], int]()
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'swaps'").fetchone():
        swaps = {(model, version): differing for model, version, differing in connection.execute("SELECT * FROM swaps")}
    found = connection.execute("SELECT model, version, position, is_whole, tables FROM models ORDER BY model, version").fetchall()
    for name, version, position, is_whole, tables in found:
        if name in models:
            listed = str(tables).split()
            rows = int(connection.execute(f"SELECT count(*) FROM {listed[0]}").fetchone()[0])
            size = _size_of(connection, listed)
            yield Stand(name, *version_of(version), position, bool(is_whole), rows, size, swaps.get((name, version)))


def _size_of(connection: sqlite3.Connection, tables: Sequence[str]) -> int | None:
    """What tables take up with their indexes; None where this SQLite does not say (it was built without `dbstat`)."""
    marks = ", ".join(["?"] * len(tables))
    statement = (
        f"SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN (SELECT name FROM sqlite_master WHERE tbl_name IN ({marks}))"
    )
    try:
        return int(connection.execute(statement, tables).fetchone()[0] or 0)
    except sqlite3.OperationalError:
        return None
