"""How many rows of each kind there are in PostgreSQL, kept while they are written: nobody who asks looks at a row."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import psycopg

from contracts.ports.read_models import Changes, Table
from infra.store.statements import counts_of, numbers_in, stored_name

COUNTS: Final = "CREATE TABLE {} (partition bigint, value text, count bigint NOT NULL, PRIMARY KEY (partition, value))"


def counted(cursor: psycopg.Cursor[Any], table: Table[Any], version: int, partition: int, changes: Changes) -> Counter[str] | None:
    """Of the rows that a batch is about, how many there are of each value that the table counts; None where it is about none."""
    about = numbers_in(changes, table) if table.counted else ()
    if not about:
        return None
    which = "partition = %s AND number = ANY(%s)" + (f" AND {table.counted_where}" if table.counted_where else "")
    statement = f"SELECT {table.counted}, count(*) FROM {stored_name(table, version)} WHERE {which} GROUP BY 1"
    return Counter(dict(cursor.execute(statement.encode(), (partition, list(about))).fetchall()))


def note_counts(
    cursor: psycopg.Cursor[Any], table: Table[Any], version: int, partition: int, before: Counter[str], after: Counter[str] | None
) -> None:
    """Note by how many these have become more or fewer; nobody else writes rows of the partition meanwhile."""
    assert after is not None
    more = {value: after[value] - before[value] for value in before | after if after[value] != before[value]}
    counts = counts_of(table, version)
    statement = f"INSERT INTO {counts} VALUES (%s, %s, %s) ON CONFLICT (partition, value) DO UPDATE SET count = {counts}.count + %s"
    if more:
        cursor.executemany(statement.encode(), [(partition, value, count, count) for value, count in more.items()])
