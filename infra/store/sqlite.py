"""Read models in one SQLite file beside the log: `projection.db`. Deleting it costs time, nothing else.

    models       a model and a version: its checkpoint, in the same transaction as its rows; whether lists are answered from it
    swaps        how many rows differed where rows took the place of others (`sqlite_rebuild.py`)
    executions   a table of a read model, as it declares it, of its first version; of the second executions_2
    …
    counts_of_…  of a table that counts: how many rows there are of each value

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
from contracts.ports.read_models import Changes, Group, Model, Query, Stand, Standing, Table
from infra.store.rebuild import REBUILD, answering_of, being_rebuilt, own_of, rebuilt_of, version_of
from infra.store.sqlite_counts import COUNTS, drop_triggers
from infra.store.sqlite_file import (
    BUSY_TIMEOUT_S,
    closed_on_error,
    connect,
    delete,
    identity_of,
    is_damage,
    is_no_table,
    layout_of,
    looked_into,
    rolled_back,
)  # fmt: skip
from infra.store.sqlite_rebuild import MAKINGS, drop_others, makings, stands_in, swapped
from infra.store.sqlite_writing import move, save_rows
from infra.store.statements import (
    Dialect,
    Source,
    check_goes_as_far,
    counts_of,
    creating,
    finding,
    grouping,
    made,
    number_in,
    select_with,
    stored_name,
)  # fmt: skip
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


class SqliteReadModels:
    """`ReadModels` in one file, of the only partition or of one among others (`is_divided`).

    With `read_only` the file is looked for at each call until it is there; until then there are no rows. `is_beside`: see `beside`.
    A reader that has seen whole rows shows none, once they are gone, until there are whole ones again: it raises RowsGone.
    """

    def __init__(
        self, path: Path | str, models: Sequence[Model], read_only: bool = False, is_divided: bool = False, is_beside: bool = False
    ) -> None:
        self._path, self._read_only = Path(path), read_only
        self._models = {model.name: model for model in models}
        self._model_of = {table: model for model in models for table in model.tables}
        self._is_divided = is_divided
        self._layout = f"{LAYOUT}, {'one of many' if is_divided else 'alone'}"
        self._reader: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        """Of the file that is open."""
        self._were_whole: set[str] = set()
        """The models that a reader has once answered lists from."""
        self._answers: dict[str, int] = {}
        """What lists of a model are answered from that this build makes; it stays so until its tables are gone."""
        self._own: dict[str, int] = {}
        """What this build makes of a model: its version, or a rebuild of it."""
        self._is_beside = is_beside
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
        connection = connect(self._path, self._read_only)
        with closed_on_error(connection):
            layout = layout_of(connection)
            is_ours = layout == self._layout
            is_empty = layout is None and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        if not is_ours and not is_empty:
            connection.close()
            self._delete()
            connection = connect(self._path, self._read_only)
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
        there = makings(connection, model.name)
        if own_of(model.version, there) is None:
            self._make_tables(connection, model, model.version)
        drop_triggers(connection, model.tables, there)
        connection.execute("COMMIT")

    def _make_tables(self, connection: sqlite3.Connection, model: Model, version: int) -> None:
        named = " ".join(stored_name(table, version) for table in model.tables)
        connection.execute("INSERT INTO models VALUES (?, ?, 0, false, ?, ?)", (model.name, version, _EMPTY, named))
        for table in model.tables:
            for statement in creating(DIALECT, table, version):
                connection.execute(statement)
            if table.counted:
                connection.execute(COUNTS.format(counts_of(table, version)))

    def _delete(self) -> None:
        self._answers.clear()
        self._own.clear()
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
            self._answers.clear()
            self._own.clear()
            self._reader, self._identity = looked_into(self._path, self._layout) if identity else None, identity
        if identity is None and self._were_whole:
            raise RowsGone(f"the file of read models {self._path} is not there any more, and is made again")
        return self._reader

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
            raise self._meaning(error, doing) from error

    def _meaning(self, error: sqlite3.Error, doing: str) -> LogError:
        """What an error of SQLite comes to; a damaged file is thrown away and made again."""
        if not is_damage(error):
            return LogError(f"the read models {self._path} cannot be {doing}: {error}")
        if not self._read_only:
            self._throw_away(error)
            self._reader = self._opened()
        return RowsGone(f"the file of read models {self._path} was damaged, and is made again: {error}")

    def _all(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        try:  # asked for each execution that begins: a context manager would take as long as SQLite
            return [] if (connection := self._reading()) is None else connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._meaning(error, "read") from error

    # Writing.

    def standing(self, model: str) -> Standing:
        """How the rows of a model stand that this build makes."""
        self._own.pop(model, None)  # others may have made them anew
        statement = "SELECT checkpoint, is_whole FROM models WHERE model = ? AND version = ?"
        rows = self._all(statement, (model, self._own_of(model)))
        return Standing(_checkpoint.decode(rows[0][0]), bool(rows[0][1])) if rows else Standing(Checkpoint(), is_whole=False)

    def _own_of(self, name: str) -> int:
        """The version of a model that is written here, as the file knows it."""
        if name not in self._own:
            version, there = self._models[name].version, self._makings(name)
            found = rebuilt_of(version, there) if self._is_beside else None
            self._own[name] = found or own_of(version, there) or version
        return self._own[name]

    def _makings(self, name: str) -> dict[int, bool]:
        return dict(self._all(MAKINGS, (name,)))

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        """Store rows and checkpoint in one transaction. Raises LogError where that cannot be; then nothing is stored."""
        self.check()
        named = [self._models[name] for name in models]
        standing = checkpoint.offset, msgspec.msgpack.encode(checkpoint), is_whole
        with self._guarded("written"), rolled_back(self._connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._move(connection, named, standing, after)
            for model in named:
                save_rows(connection, DIALECT, model, self._own_of(model.name), changes)
            connection.execute("COMMIT")

    def _move(self, connection: sqlite3.Connection, models: Sequence[Model], standing: tuple[int, bytes, bool], after: int) -> None:
        versions = [(model.name, self._own_of(model.name)) for model in models]
        if not move(connection, versions, standing, after):
            connection.execute("ROLLBACK")
            found = next((offset for offset in (self.standing(name).checkpoint.offset for name, _ in versions) if offset != after), 0)
            raise Overtaken(f"the read models {self._path} are at offset {found}, expected {after}: another projector writes them")
        for name, version in versions if standing[-1] else ():
            drop_others(connection, name, version)

    def rebuild(self, models: Sequence[str]) -> None:
        """Make the rows of these models anew, beside those that are there; what is being made goes on."""
        self.check()
        with self._guarded("written"), rolled_back(self._connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for name in models:
                model, there = self._models[name], makings(connection, name)
                if (own := own_of(model.version, there)) is not None and there[own] and rebuilt_of(model.version, there) is None:
                    self._make_tables(connection, model, own + REBUILD)
            connection.execute("COMMIT")

    def rebuilding(self) -> dict[str, Checkpoint]:
        """The models whose rows are being made anew, and how far."""
        rows = self._all("SELECT model, version, is_whole, checkpoint FROM models")
        return {name: _checkpoint.decode(checkpoint) for name, checkpoint in being_rebuilt(self._models, rows).items()}

    def beside(self) -> SqliteReadModels:
        """The same rows for another who writes: of models that are being made anew, the new ones are its own."""
        return SqliteReadModels(self._path, tuple(self._models.values()), False, self._is_divided, is_beside=True)

    def swap(self, models: Sequence[str]) -> dict[str, int] | None:
        """Answer lists from the new rows, and forget those before; how many rows differed. None: they do not go equally far."""
        self.check()
        with self._guarded("written"), rolled_back(self._connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            differing = swapped(connection, DIALECT, [self._models[name] for name in models])
            if differing is not None:
                connection.execute("COMMIT")
        for name in models:
            self._own.pop(name, None)
            self._answers.pop(name, None)
        return differing

    def stands(self) -> list[Stand]:
        """How the rows of each model stand, in every making that is there."""
        with self._guarded("read"):
            return [] if (connection := self._reading()) is None else list(stands_in(connection, self._models))

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
        if model.name not in self._answers:
            there = self._makings(model.name)
            found = answering_of(model.version, there)
            if found is None and model.name in self._were_whole:
                raise RowsGone(f"the read models {self._path} are being made again from the journal")
            if found is None:
                return own_of(model.version, there)
            if version_of(found).version != model.version:
                return found
            self._answers[model.name] = found
            if self._read_only:
                self._were_whole.add(model.name)
        return self._answers[model.name]

    def _rows(self, table: Table[Any], is_own: bool, of: Callable[[int, frozenset[str] | None], tuple[str, Sequence[Any]]]) -> list[Any]:
        """What a statement finds in the tables of the version to be asked; it may be dropped just then, and the next one is there."""
        model = self._model_of[table]
        for attempt in (1, 2):
            version = self._own_of(model.name) if is_own else self._answering_version(model)
            there = None if version is None or version_of(version).version == model.version else self._columns_of(table, version)
            if version is None or there == frozenset():
                return []
            try:
                return self._all(*of(version, there))
            except LogError as error:
                if attempt == 2 or not is_no_table(error.__cause__):
                    raise
                self._answers.clear()
        raise AssertionError("unreachable")

    def _columns_of(self, table: Table[Any], version: int) -> frozenset[str]:
        return frozenset(name for (name,) in self._all("SELECT name FROM pragma_table_info(?)", (stored_name(table, version),)))

    def checkpoint(self, model: str) -> Checkpoint:
        """Up to where the rows go that lists are answered from."""
        for _ in range(2):
            version = self._answering_version(self._models[model])
            if rows := self._all("SELECT checkpoint FROM models WHERE model = ? AND version = ?", (model, version)):
                return _checkpoint.decode(rows[0][0])
            self._answers.pop(model, None)  # others have taken its place
        return Checkpoint()

    def find(self, table: Table[R], column: str, value: Any, is_own: bool = False) -> R | None:
        """The row that its key or a unique column names."""
        return next(iter(self._found(table, column, value, is_own)), None)

    def belonging(self, table: Table[R], number: int, is_own: bool = False) -> list[R]:
        """All rows about the execution with this number."""
        return self._found(table, "number", number, is_own)

    def _found(self, table: Table[R], column: str, value: Any, is_own: bool) -> list[R]:
        return made(table, self._rows(table, is_own, lambda *source: (finding(DIALECT, table, *source, (column,)), (value,))))

    def select(self, query: Query[R]) -> list[R]:
        """The rows of a list, in its order."""

        def stored(name: str) -> str:
            return self._stored_beside(query.table, name)

        def of(version: int, there: frozenset[str] | None) -> Statement:
            return select_with(DIALECT, query, Source(version, there, stored=stored), lambda asked: number_in(self._all(*asked)))

        rows = self._rows(query.table, False, of)
        return rows if query.only else made(query.table, rows)

    def groups(self, query: Query[Any], columns: Sequence[str]) -> list[Group]:
        """The rows of a list put together by some columns."""
        found = self._rows(query.table, False, lambda *source: grouping(DIALECT, query, Source(*source), columns))
        return [Group(tuple(row[:-3]), *row[-3:]) for row in found]

    def _stored_beside(self, table: Table[Any], name: str) -> str:
        """What another table is called that a list is filtered by. Raises LogUnreachable while it lacks what the list has."""
        beside, model = next((one, of) for one, of in self._model_of.items() if one.name == name)
        if self._answering_version(model) is None or model.name not in self._answers:
            check_goes_as_far(name, self.standing(model.name).checkpoint, self.checkpoint(self._model_of[table].name))
            return stored_name(beside, self._own_of(model.name))
        return stored_name(beside, self._answers[model.name])

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
