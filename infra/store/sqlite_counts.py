"""How many rows of each kind there are in SQLite, kept while they are written: nobody who asks looks at a row.

A batch counts the rows that it is about before and after it, each time at once. Triggers, which builds before had, did so row by row.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import product
from typing import Any, Final

from contracts.ports.read_models import Table
from infra.store.statements import counts_of, stored_name

COUNTS: Final = "CREATE TABLE {} (value TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID"


def drop_triggers(connection: sqlite3.Connection, tables: Iterable[Table[Any]], versions: Iterable[int]) -> None:
    """Take the triggers away that counted in builds before."""
    for version, table in product(versions, tables):
        for trigger in ("count", "recount", "uncount") if table.counted else ():
            connection.execute(f"DROP TRIGGER IF EXISTS {stored_name(table, version)}_{trigger}")


def counted(connection: sqlite3.Connection, table: Table[Any], version: int, about: Collection[int]) -> Counter[str] | None:
    """Of the rows about these executions, how many there are of each value that the table counts; None where nothing is to be counted."""
    if not (about and table.counted):
        return None
    name, asked = stored_name(table, version), "number IN (SELECT value FROM json_each(?))"
    only = f" AND {table.counted_where}" if table.counted_where else ""
    statement = f"SELECT {table.counted}, count(*) FROM {name} WHERE {asked}{only} GROUP BY 1"
    return Counter(dict(connection.execute(statement, (json.dumps(list(about)),)).fetchall()))


def note_counts(connection: sqlite3.Connection, table: Table[Any], version: int, before: Counter[str], after: Counter[str] | None) -> None:
    """Note by how many these have become more or fewer; nobody else writes rows meanwhile."""
    assert after is not None
    more = [(value, after[value] - before[value]) for value in before | after if after[value] != before[value]]
    statement = f"INSERT INTO {counts_of(table, version)} VALUES (?, ?) ON CONFLICT (value) DO UPDATE SET count = count + excluded.count"
    connection.executemany(statement, more)
