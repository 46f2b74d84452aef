"""Counts of rows in SQLite, in a file that a build before has made: it counted by triggers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes
from infra.store.sqlite import SqliteReadModels
from projections.executions import EXECUTIONS, READ_MODEL, ExecutionRecord

_TABLE = f"executions_{READ_MODEL.version}"
_MORE = f"INSERT INTO counts_of_{_TABLE} VALUES (new.status, 1) ON CONFLICT (value) DO UPDATE SET count = count + 1;"


def test_what_was_counted_by_triggers_is_counted_on_and_once(tmp_path: Path) -> None:
    path = tmp_path / "projection.db"
    SqliteReadModels(path, (READ_MODEL,)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TRIGGER {_TABLE}_count AFTER INSERT ON {_TABLE} BEGIN {_MORE} END")
        connection.execute(f"INSERT INTO counts_of_{_TABLE} VALUES ('running', 3)")
        connection.commit()
    models, changes = SqliteReadModels(path, (READ_MODEL,)), Changes()
    row = ExecutionRecord(7, "a", "w", 1, "running", None, None, 1, 1, 0, 1, 8, None, None, "[]", None)
    changes.put(EXECUTIONS, row)
    models.save((READ_MODEL.name,), changes, Checkpoint(offset=8), 0, True)
    assert models.counts(EXECUTIONS) == {"running": 4}
    models.close()
