"""Writing rows and checkpoints into SQLite, within a transaction of whoever calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from contracts.ports.read_models import Changes, Model
from infra.store.sqlite_counts import counted, note_counts
from infra.store.statements import Dialect, by_columns, by_length, changing, finding, numbers_in, removing, saving


def move(connection: sqlite3.Connection, versions: Sequence[tuple[str, int]], standing: tuple[int, bytes, bool], after: int) -> bool:
    """Move the checkpoints of these models, each with its version, on to a position; False where one is not at `after`."""
    moved = connection.execute(
        "UPDATE models SET position = ?, checkpoint = ?, is_whole = is_whole OR ? "
        f"WHERE position = ? AND (model, version) IN (VALUES {', '.join(['(?, ?)'] * len(versions))})",
        (*standing, after, *(value for version in versions for value in version)),
    )
    return moved.rowcount == len(versions)


def save_rows(connection: sqlite3.Connection, dialect: Dialect, model: Model, version: int, changes: Changes) -> None:
    """Store what a batch changes in the tables of a model."""
    for table in model.tables:
        about = numbers_in(changes, table) if table.counted else ()
        before = counted(connection, table, version, about)
        for columns, keys in by_length(changes.gone.get(table, ())).items():
            connection.executemany(removing(dialect, table, version, columns), keys)
        if rows := changes.rows.get(table):
            connection.executemany(saving(dialect, table, version), rows.values())
        for names, parts in by_columns(changes.parts.get(table, {})).items():
            statement = changing(dialect, table, version, names)
            connection.executemany(statement, [(*values, *key) for values, key in parts])
        if sums := changes.sums.get(table):
            asked = finding(dialect, table, version, None, table.key)
            added = [one.added_to(key, connection.execute(asked, key).fetchone()) for key, one in sums.items()]
            connection.executemany(saving(dialect, table, version), added)
        if before is not None:
            note_counts(connection, table, version, before, counted(connection, table, version, about))
