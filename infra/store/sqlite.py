"""Read models in one SQLite file beside the log: `projection.db`. Deleting it costs time, nothing else.

    models       a model and a version: its checkpoint, in the same transaction as its rows; whether lists are answered from it
    executions   a table of a read model, as it declares it, of its first version; of the second executions_2
    …
    counts_of_…  of a table that counts: how many rows there are of each value

A file of one partition among others has the same tables; its rows are read together with those of others.

A file of another layout, or a damaged one, is thrown away and made again. Nothing waits for the disk here
(`synchronous=NORMAL`): what a loss of power takes is read from the journal again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from contracts.errors import LogError, Overtaken, RowsGone
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Model, Query, Standing, Table
from infra.store.sqlite_file import BUSY_TIMEOUT_S, closed_on_error, connect, delete, identity_of, is_damage, is_no_table, rolled_back
from infra.store.statements import (
    Dialect,
    Source,
    by_columns,
    by_length,
    changing,
    check_goes_as_far,
    counts_of,
    creating,
    finding,
    removing,
    saving,
    select_with,
    stored_name,
)
from infra.store.where import SQLITE, Statement

R = TypeVar("R", bound=tuple[Any, ...])

LAYOUT: Final = 1
"""Raised when `models` changes, or how indexes are made: a file of another one is made again."""
DIALECT: Final = Dialect("INTEGER", "REAL", "TEXT", "BLOB", SQLITE, is_shared=False)
_MODELS: Final = """
CREATE TABLE layout (name TEXT NOT NULL);
CREATE TABLE models (
    model TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, is_whole INTEGER NOT NULL, checkpoint BLOB NOT NULL,
    tables TEXT NOT NULL, PRIMARY KEY (model, version)) WITHOUT ROWID;
"""
_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint)
_log = logging.getLogger("refold.reading")
_EMPTY: Final = msgspec.msgpack.encode(Checkpoint())


def _counting(table: Table[Any], version: int) -> Iterator[str]:
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


class SqliteReadModels:
    """`ReadModels` in one file, of the only partition or of one among others (`is_divided`).

    With `read_only` the file is looked for at each call until it is there; until then there are no rows.
    A reader that has seen whole rows shows none, once they are gone, until there are whole ones again: it raises RowsGone.
    """

    def __init__(self, path: Path | str, models: Sequence[Model], read_only: bool = False, is_divided: bool = False) -> None:
        self._path, self._read_only = Path(path), read_only
        self._models = {model.name: model for model in models}
        self._model_of = {table: model for model in models for table in model.tables}
        self._layout = f"{LAYOUT}, {'one of many' if is_divided else 'alone'}"
        self._reader: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        """Of the file that is open."""
        self._were_whole: set[str] = set()
        """The models that a reader has once answered lists from."""
        self._is_whole: set[str] = set()
        """The models whose lists are answered from what this build makes; they stay so while the file is the same."""
        if not read_only:
            self._reader = self._opened()

    def _opened(self) -> sqlite3.Connection:
        try:
            try:
                return self._open()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._throw_away(error)
                return self._open()
        except sqlite3.Error as error:
            raise LogError(f"the read models {self._path} cannot be opened: {error}") from error

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        with closed_on_error(connection):
            is_ours = self._layout_of(connection) == self._layout
        if not is_ours:
            connection.close()
            self._delete()
            connection = self._connect()
        with closed_on_error(connection):
            if not is_ours:
                connection.executescript(f"BEGIN; {_MODELS} INSERT INTO layout VALUES ('{self._layout}'); COMMIT;")
            for model in self._models.values():
                self._make(connection, model)
        self._identity = identity_of(self._path)
        return connection

    def _throw_away(self, error: sqlite3.Error) -> None:
        _log.warning("the file of read models %s is damaged, and is made again: %s", self._path, error)
        self.close()
        self._delete()

    def _make(self, connection: sqlite3.Connection, model: Model) -> None:
        """Make the tables of a model as this build has them, if they are missing; those of versions before stay."""
        connection.execute("BEGIN IMMEDIATE")
        named = " ".join(stored_name(table, model.version) for table in model.tables)
        values = (model.name, model.version, 0, False, _EMPTY, named)
        if connection.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values).rowcount:
            for table in model.tables:
                for statement in creating(DIALECT, table, model.version):
                    connection.execute(statement)
                for statement in _counting(table, model.version) if table.counted else ():
                    connection.execute(statement)
        connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, self._read_only)

    def _layout_of(self, connection: sqlite3.Connection) -> str | None:
        try:
            row = connection.execute("SELECT name FROM layout").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # no such table, or no such column
                return None
            raise
        return None if row is None else str(row[0])

    def _delete(self) -> None:
        self._is_whole.clear()
        delete(self._path)

    @property
    def _connection(self) -> sqlite3.Connection:
        """The writer's connection."""
        assert self._reader is not None, "closed"
        return self._reader

    def _reading(self) -> sqlite3.Connection | None:
        """The connection; a reader opens it once the file is there, with our layout, and again after it was made anew."""
        if not self._read_only:
            return self._connection
        identity = identity_of(self._path)
        if self._reader is None or identity != self._identity:
            self.close()
            self._is_whole.clear()
            self._reader, self._identity = self._looked_into() if identity else None, identity
        if identity is None and self._were_whole:
            raise RowsGone(f"the file of read models {self._path} is not there any more, and is made again")
        return self._reader

    def _looked_into(self) -> sqlite3.Connection | None:
        """A reader's connection; None where the file has another layout, or none yet."""
        connection = self._connect()
        with closed_on_error(connection):
            is_ours = self._layout_of(connection) == self._layout
        if is_ours:
            return connection
        connection.close()
        return None

    def check(self) -> None:
        """Raise RowsGone where the file that is open is not the one that readers find."""
        identity = identity_of(self._path)
        if identity != self._identity:
            what = "is not there any more" if identity is None else "is another file than before"
            raise RowsGone(f"the file of read models {self._path} {what}: it was deleted or replaced while in use; rows are made again")

    @contextmanager
    def _guarded(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if not is_damage(error):
                raise LogError(f"the read models {self._path} cannot be {doing}: {error}") from error
            if not self._read_only:
                self._throw_away(error)
                self._reader = self._opened()
            raise RowsGone(f"the file of read models {self._path} was damaged, and is made again: {error}") from error

    def _all(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._guarded("read"):
            connection = self._reading()
            return [] if connection is None else connection.execute(statement, parameters).fetchall()

    # Writing.

    def standing(self, model: str) -> Standing:
        """How the rows of a model stand that this build makes."""
        statement = "SELECT checkpoint, is_whole FROM models WHERE model = ? AND version = ?"
        rows = self._all(statement, (model, self._models[model].version))
        return Standing(_checkpoint.decode(rows[0][0]), bool(rows[0][1])) if rows else Standing(Checkpoint(), is_whole=False)

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        """Store rows and checkpoint in one transaction. Raises LogError where that cannot be; then nothing is stored."""
        self.check()
        named = [self._models[name] for name in models]
        standing = checkpoint.offset, msgspec.msgpack.encode(checkpoint), is_whole
        with self._guarded("written"), rolled_back(self._connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._move(connection, named, standing, after)
            for model in named:
                self._save_rows(connection, model, changes)
            connection.execute("COMMIT")

    def _move(self, connection: sqlite3.Connection, models: Sequence[Model], standing: tuple[int, bytes, bool], after: int) -> None:
        which = ", ".join(["(?, ?)"] * len(models))
        versions = [(model.name, model.version) for model in models]
        moved = connection.execute(
            "UPDATE models SET position = ?, checkpoint = ?, is_whole = is_whole OR ? "
            f"WHERE position = ? AND (model, version) IN (VALUES {which})",
            (*standing, after, *(value for version in versions for value in version)),
        )
        if moved.rowcount != len(models):
            connection.execute("ROLLBACK")
            found = next(offset for offset in (self.standing(name).checkpoint.offset for name, _ in versions) if offset != after)
            raise Overtaken(f"the read models {self._path} are at offset {found}, expected {after}: another projector writes them")
        for model in models if standing[-1] else ():
            self._drop_older(connection, model)

    def _drop_older(self, connection: sqlite3.Connection, model: Model) -> None:
        """Rows of versions before are of no use any more: lists are answered from these."""
        statement = "DELETE FROM models WHERE model = ? AND version <> ? RETURNING tables"
        for (tables,) in connection.execute(statement, (model.name, model.version)).fetchall():
            for table in str(tables).split():
                connection.execute(f"DROP TABLE {table}")
                connection.execute(f"DROP TABLE IF EXISTS counts_of_{table}")

    def _save_rows(self, connection: sqlite3.Connection, model: Model, changes: Changes) -> None:
        for table in model.tables:
            for columns, keys in by_length(changes.gone.get(table, ())).items():
                connection.executemany(removing(DIALECT, table, model.version, columns), keys)
            if rows := changes.rows.get(table):
                connection.executemany(saving(DIALECT, table, model.version), rows.values())
            for names, parts in by_columns(changes.parts.get(table, {})).items():
                statement = changing(DIALECT, table, model.version, names)
                connection.executemany(statement, [(*values, *key) for values, key in parts])

    def rest(self) -> None:
        """Nothing more comes for a while: move all of the WAL into the file, and leave none beside it. Waits for no reader."""
        self.check()
        connection = self._connection
        with self._guarded("written"):
            try:
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def reset(self) -> None:
        """Forget everything."""
        assert not self._read_only
        self.close()
        self._delete()
        self._reader = self._opened()

    # Reading.

    def _answering_version(self, model: Model) -> int | None:
        """The version of a model that lists are answered from; None where there is none."""
        if model.name not in self._is_whole:
            statement = "SELECT version, is_whole FROM models WHERE model = ? ORDER BY version"
            versions: dict[int, int] = dict(self._all(statement, (model.name,)))
            if not versions.get(model.version):
                whole = [version for version, is_whole in versions.items() if is_whole]
                if not whole and model.name in self._were_whole:
                    raise RowsGone(f"the read models {self._path} are being made again from the journal")
                return whole[-1] if whole else model.version if model.version in versions else None
            self._is_whole.add(model.name)
            if self._read_only:
                self._were_whole.add(model.name)
        return model.version

    def _rows(self, table: Table[Any], is_own: bool, of: Callable[[int, frozenset[str] | None], tuple[str, Sequence[Any]]]) -> list[Any]:
        """What a statement finds in the tables of the version to be asked; it may be dropped just then, and the next one is there."""
        model = self._model_of[table]
        for attempt in (1, 2):
            version = model.version if is_own else self._answering_version(model)
            there = None if version is None or version == model.version else self._columns_of(table, version)
            if version is None or there == frozenset():
                return []
            try:
                return self._all(*of(version, there))
            except LogError as error:
                if attempt == 2 or not is_no_table(error.__cause__):
                    raise
        raise AssertionError("unreachable")

    def _columns_of(self, table: Table[Any], version: int) -> frozenset[str]:
        return frozenset(name for (name,) in self._all("SELECT name FROM pragma_table_info(?)", (stored_name(table, version),)))

    def checkpoint(self, model: str) -> Checkpoint:
        """Up to where the rows go that lists are answered from."""
        version = self._answering_version(self._models[model])
        rows = self._all("SELECT checkpoint FROM models WHERE model = ? AND version = ?", (model, version))
        return _checkpoint.decode(rows[0][0]) if rows else Checkpoint()

    def find(self, table: Table[R], column: str, value: Any, is_own: bool = False) -> R | None:
        """The row that its key or a unique column names."""
        return next(iter(self._found(table, column, value, is_own)), None)

    def belonging(self, table: Table[R], number: int, is_own: bool = False) -> list[R]:
        """All rows about the execution with this number."""
        return self._found(table, "number", number, is_own)

    def _found(self, table: Table[R], column: str, value: Any, is_own: bool) -> list[R]:
        return _made(table, self._rows(table, is_own, lambda *source: (finding(DIALECT, table, *source, (column,)), (value,))))

    def select(self, query: Query[R]) -> list[R]:
        """The rows of a list, in its order."""

        def stored(name: str) -> str:
            return self._stored_beside(query.table, name)

        def of(version: int, there: frozenset[str] | None) -> Statement:
            return select_with(
                DIALECT, query, Source(version, there, stored=stored), lambda asked: next((int(one) for (one,) in self._all(*asked)), 0)
            )

        return _made(query.table, self._rows(query.table, False, of))

    def _stored_beside(self, table: Table[Any], name: str) -> str:
        """What another table is called that a list is filtered by. Raises LogUnreachable while it lacks what the list has."""
        beside, model = next((one, of) for one, of in self._model_of.items() if one.name == name)
        if self._answering_version(model) != model.version or model.name not in self._is_whole:
            check_goes_as_far(name, self.standing(model.name).checkpoint, self.checkpoint(self._model_of[table].name))
        return stored_name(beside, model.version)

    def counts(self, table: Table[Any]) -> dict[str, int]:
        """How many rows there are of each value of the column that the table counts."""

        def of(version: int, _: object) -> tuple[str, Sequence[Any]]:
            return f"SELECT value, count FROM {counts_of(table, version)} WHERE count > 0", ()

        return dict(self._rows(table, False, of))

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _made(table: Table[R], rows: list[Any]) -> list[R]:
    return [table.row(*row) for row in rows]
