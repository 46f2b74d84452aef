"""Counts of rows in SQLite: how many there are of each value of a column, kept by triggers while they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.ports.read_models import Table
from infra.store.statements import counts_of, stored_name


def counting(table: Table[Any], version: int) -> Iterator[str]:
    """What counts the rows of a table by one of its columns, while they are written."""
    name, column, counts = stored_name(table, version), table.counted, counts_of(table, version)
    more = f"INSERT INTO {counts} VALUES (new.{column}, 1) ON CONFLICT (value) DO UPDATE SET count = count + 1;"
    yield f"CREATE TABLE {counts} (value TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID"
    yield f"CREATE TRIGGER {name}_count AFTER INSERT ON {name} BEGIN {more} END"
    yield (
        f"CREATE TRIGGER {name}_recount AFTER UPDATE OF {column} ON {name} WHEN old.{column} <> new.{column} BEGIN "
        f"UPDATE {counts} SET count = count - 1 WHERE value = old.{column}; {more} END"
    )
    less = f"UPDATE {counts} SET count = count - 1 WHERE value = old.{column};"
    yield f"CREATE TRIGGER {name}_uncount AFTER DELETE ON {name} BEGIN {less} END"
