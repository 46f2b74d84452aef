"""Taking rows out of a file of read models for good, beside the projector that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts.errors import LogError
from contracts.ports.read_models import Model, Table
from infra.store.rebuild import REBUILD
from infra.store.sqlite_counts import counted, drop_triggers, note_counts
from infra.store.sqlite_file import connect, rolled_back
from infra.store.statements import stored_name


class SqliteTrim:
    """Of the rows of these models. Where there is no file, there are none; with `is_kept_up` somebody is about to make them."""

    def __init__(self, path: Path, models: Sequence[Model], is_kept_up: bool = False) -> None:
        self._path, self._is_kept_up = path, is_kept_up
        self._models = {model.name: model for model in models}

    def reached(self) -> int | None:
        """The offset that all rows have reached, those that are being made included; None where there are none. Raises LogError."""
        with self._opened(read_only=True) as connection:
            row = None if connection is None else connection.execute("SELECT min(position) FROM models").fetchone()
            found = None if row is None else row[0]
            return 0 if found is None and self._is_kept_up else found

    def forget(self, numbers: Sequence[int]) -> None:
        """Take away all rows about the executions with these numbers, of every making. Raises LogError: then none is gone."""
        which = (msgspec.json.encode(list(numbers)).decode(),)
        with self._opened(read_only=False) as connection:
            if connection is not None:
                connection.execute("BEGIN IMMEDIATE")
                for table, version in list(self._tables(connection)):
                    drop_triggers(connection, (table,), (version,))
                    before = counted(connection, table, version, numbers)
                    connection.execute(f"DELETE FROM {stored_name(table, version)} WHERE number IN (SELECT value FROM json_each(?))", which)
                    if before is not None:
                        note_counts(connection, table, version, before, counted(connection, table, version, numbers))
                connection.execute("COMMIT")

    def _tables(self, connection: sqlite3.Connection) -> Iterator[tuple[Table[Any], int]]:
        """Those whose rows are about executions: `number` comes first in their key."""
        for name, version in connection.execute("SELECT model, version FROM models").fetchall():
            model = self._models.get(name)
            if model is not None and version % REBUILD == model.version:
                yield from ((table, version) for table in model.tables if table.key[0] == "number")

    @contextmanager
    def _opened(self, read_only: bool) -> Iterator[sqlite3.Connection | None]:
        if not self._path.is_file():
            yield None
            return
        try:
            with closing(connect(self._path, read_only)) as opened, rolled_back(opened) as connection:
                is_made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'models'").fetchone()
                yield connection if is_made else None
        except sqlite3.Error as error:
            raise LogError(f"rows cannot be taken out of the read models {self._path}: {error}") from error
