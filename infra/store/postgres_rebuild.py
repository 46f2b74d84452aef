"""Rows in PostgreSQL that are made anew: each partition by itself, in tables that all partitions share.

A reader knows for a while what it has found lists to be answered from; where that may have changed meanwhile, it looks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg import errors

from contracts.ports.read_models import Model, Stand, Table
from infra.store.postgres_database import making
from infra.store.rebuild import REBUILD, comparing, own_of, rebuilt_of, version_of
from infra.store.statements import Dialect, counts_of, stored_name

MAKINGS: Final = "SELECT version, is_whole FROM checkpoints WHERE partition = %s AND model = %s"
"""What is there of a model in a partition, and whether it is whole."""
_SWAPS: Final = """
CREATE TABLE IF NOT EXISTS swaps (
    partition integer NOT NULL, model text NOT NULL, version integer NOT NULL, differing bigint NOT NULL, PRIMARY KEY (partition, model))
"""


def begin(connection: psycopg.Connection[Any], partition: int, models: Sequence[Model], lock: int, empty: bytes) -> None:
    """Make what new rows of these models need, and write down that they are to be made; of several who do, one is first."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
        connection.execute(_SWAPS)
        for model in models:
            there = _makings(connection, partition, model.name)
            own = own_of(model.version, there)
            if own is None or not there[own] or rebuilt_of(model.version, there) is not None:
                continue
            for table in model.tables:
                _make(connection, table, own + REBUILD)
            values = partition, model.name, own + REBUILD, empty
            connection.execute("INSERT INTO checkpoints VALUES (%s, %s, %s, 0, false, %s)", values)


def _make(connection: psycopg.Connection[Any], table: Table[Any], version: int) -> None:
    asked = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema AND tablename = %s"
    if connection.execute(asked, (stored_name(table, version),)).fetchone() is None:
        for statement in making(table, version):
            connection.execute(statement.encode())


def _makings(connection: psycopg.Connection[Any], partition: int, model: str) -> dict[int, bool]:
    return dict(connection.execute(MAKINGS, (partition, model)).fetchall())


def swapped(connection: psycopg.Connection[Any], dialect: Dialect, partition: int, models: Sequence[Model]) -> dict[str, int] | None:
    """Let new rows take the place of others; how many differed. None where they do not go equally far. See `ReadModels.swap`."""
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        pairs = {model: _pair(connection, partition, model) for model in models}
        if None in pairs.values():
            return None
        differing = {model.name: _compare(connection, dialect, partition, model, pair) for model, pair in pairs.items() if pair}
        for model, pair in pairs.items():
            assert pair is not None
            _put_in_place(connection, partition, model, pair[1], differing[model.name])
    for model, pair in pairs.items():
        assert pair is not None
        _drop(connection, model, pair[0])
    return differing


def _pair(connection: psycopg.Connection[Any], partition: int, model: Model) -> tuple[int, int] | None:
    """The rows of a model that are there, and those that are made anew, where both go equally far; nobody writes them meanwhile."""
    statement = "SELECT version, is_whole, position FROM checkpoints WHERE partition = %s AND model = %s FOR UPDATE"
    found = connection.execute(statement, (partition, model.name)).fetchall()
    there = {version: is_whole for version, is_whole, _ in found}
    positions = {version: position for version, _, position in found}
    before, after = own_of(model.version, there), rebuilt_of(model.version, there)
    if before is None or after is None or positions[before] != positions[after]:
        return None
    return before, after


def _compare(connection: psycopg.Connection[Any], dialect: Dialect, partition: int, model: Model, pair: tuple[int, int]) -> int:
    statements = [comparing(dialect, table, *pair) for table in model.tables]
    rows = [connection.execute(statement.encode(), (partition, partition)).fetchone() for statement in statements]
    return sum(int(row[0]) for row in rows if row)


def _put_in_place(connection: psycopg.Connection[Any], partition: int, model: Model, version: int, differing: int) -> None:
    """These rows count; those of the same version before them are forgotten, those of other versions may be another build's."""
    named = partition, model.name
    connection.execute("UPDATE checkpoints SET is_whole = true WHERE (partition, model, version) = (%s, %s, %s)", (*named, version))
    connection.execute(
        "INSERT INTO swaps VALUES (%s, %s, %s, %s) ON CONFLICT (partition, model) DO UPDATE "
        "SET version = excluded.version, differing = excluded.differing",
        (*named, version, differing),
    )
    for stored in _makings(connection, *named):
        if stored != version and version_of(stored).version == model.version:
            for name in _stored(model, stored):
                connection.execute(f"DELETE FROM {name} WHERE partition = %s".encode(), (partition,))
            connection.execute("DELETE FROM checkpoints WHERE (partition, model, version) = (%s, %s, %s)", (*named, stored))


def _drop(connection: psycopg.Connection[Any], model: Model, version: int) -> None:
    """Drop the tables of a rebuild that no partition has rows of any more; where somebody holds them, another time."""
    asked = "SELECT 1 FROM checkpoints WHERE model = %s AND version = %s LIMIT 1"
    if version < REBUILD or connection.execute(asked, (model.name, version)).fetchone() is not None:
        return
    for name in _stored(model, version):
        with suppress(errors.LockNotAvailable):
            connection.execute(f"DROP TABLE IF EXISTS {name}".encode())


def _stored(model: Model, version: int) -> Iterator[str]:
    """The tables of a model, and those that count their rows."""
    for table in model.tables:
        yield stored_name(table, version)
        if table.counted:
            yield counts_of(table, version)


def stands_in(connection: psycopg.Connection[Any], partition: int, models: Mapping[str, Model]) -> Iterator[Stand]:
    """How the rows of each model stand in a partition. What tables take up is told with the first partition, as all share them."""
    swaps = dict[tuple[str, int], int]()
    if connection.execute("SELECT to_regclass('swaps')").fetchone() != (None,):
        found = connection.execute("SELECT model, version, differing FROM swaps WHERE partition = %s", (partition,))
        swaps = {(model, version): differing for model, version, differing in found}
    statement = "SELECT model, version, position, is_whole FROM checkpoints WHERE partition = %s ORDER BY model, version"
    for name, version, position, is_whole in connection.execute(statement, (partition,)).fetchall():
        if name in models:
            tables = [stored_name(table, version) for table in models[name].tables]
            rows = _number(connection, f"SELECT count(*) FROM {tables[0]} WHERE partition = %s", partition)
            sizes = [_number(connection, "SELECT pg_total_relation_size(to_regclass(%s))", table) for table in tables if not partition]
            yield Stand(name, *version_of(version), position, is_whole, rows, sum(sizes), swaps.get((name, version)))


def _number(connection: psycopg.Connection[Any], statement: str, value: Any) -> int:
    row = connection.execute(statement.encode(), (value,)).fetchone()
    return 0 if row is None else int(row[0] or 0)
