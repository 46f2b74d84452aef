"""Read models in PostgreSQL, shared by all processes of a cluster: the same tables as in `sqlite.py`, each row with its partition.

    schema <prefix of the log>_<layout>
        checkpoints   partition, model, version ─► position, checkpoint, whether lists are answered from it
        executions    partition, number, …      a table of a read model of its first version; of the second executions_2
        swaps         how many rows differed where rows took the place of others (`postgres_rebuild.py`)

Who stores a batch holds the row of the partition's checkpoint from the beginning on, where that is still at what the batch
began with: of two projectors one is too late, and hears `Overtaken`. A commit waits for the database's disk, unlike one of
a file: a projector that goes on living after a crash of the database would not notice that rows of a quiet partition are gone.

Processes of two builds keep tables of their own beside each other, so rows of an older version are left where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import psycopg
from psycopg import errors

from contracts.errors import Overtaken, RowsGone
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Group, Model, Query, Stand, Standing, Table
from contracts.ports.where import ALWAYS
from infra.store import postgres_rebuild
from infra.store.postgres_counts import counted, note_counts
from infra.store.postgres_database import DIALECT, NOT_MADE, PostgresDatabase, clean
from infra.store.rebuild import answering_of, being_rebuilt, own_of, rebuilt_of, version_of
from infra.store.statements import (
    Source,
    by_columns,
    by_length,
    changing,
    check_goes_as_far,
    counts_of,
    finding,
    grouping,
    made,
    number_in,
    removing,
    saving,
    select_with,
    stored_name,
)  # fmt: skip
from infra.store.where import Statement

R = TypeVar("R", bound=tuple[Any, ...])
Asked: TypeAlias = Callable[[int, frozenset[str] | None], tuple[str, Sequence[Any]]]
"""A statement and its values, given the version of the tables and the columns that an older one has."""

_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint)
_EMPTY: Final = msgspec.msgpack.encode(Checkpoint())


class PostgresReadModels:
    """`ReadModels` of one partition among others."""

    def __init__(self, database: PostgresDatabase, partition: int, is_beside: bool = False) -> None:
        """`is_beside`: see `beside`."""
        self._database, self._partition, self._is_beside = database, partition, is_beside
        self._own: dict[str, int] = {}
        """What this build makes of a model: its version, or a rebuild of it."""

    def _all(self, statement: str, *values: Any) -> list[Any]:
        return self._database.read(statement, values)

    # Writing.

    def standing(self, model: str) -> Standing:
        """How the rows of a model stand that this build makes."""
        self._own.pop(model, None)  # others may have made them anew
        statement = "SELECT checkpoint, is_whole FROM checkpoints WHERE partition = %s AND model = %s AND version = %s"
        rows = self._all(statement, self._partition, model, self._own_of(model))
        return Standing(_checkpoint.decode(rows[0][0]), rows[0][1]) if rows else Standing(Checkpoint(), is_whole=False)

    def _own_of(self, name: str) -> int:
        """The version of a model that is written here, as the database knows it."""
        if name not in self._own:
            version, there = self._database.models[name].version, self._makings(name)
            found = rebuilt_of(version, there) if self._is_beside else None
            self._own[name] = found or own_of(version, there) or version
        return self._own[name]

    def _makings(self, name: str) -> dict[int, bool]:
        return dict(self._all(postgres_rebuild.MAKINGS, self._partition, name))

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        """Store rows and checkpoint in one transaction. Raises Overtaken, LogUnreachable where nobody knows whether it is stored."""
        standing = checkpoint.offset, msgspec.msgpack.encode(checkpoint), is_whole
        versions = {name: self._own_of(name) for name in models}
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction(), connection.cursor() as cursor:
                for name, version in versions.items():
                    self._move(cursor, name, version, standing, after)
                for name, version in versions.items():
                    self._save_rows(cursor, self._database.models[name], version, changes)

    def _move(self, cursor: psycopg.Cursor[Any], model: str, version: int, standing: tuple[int, bytes, bool], after: int) -> None:
        """From here on nobody else stores rows of the model in this partition."""
        if not after:
            values = self._partition, model, version, _EMPTY
            cursor.execute("INSERT INTO checkpoints VALUES (%s, %s, %s, 0, false, %s) ON CONFLICT DO NOTHING", values)
        moved = cursor.execute(
            "UPDATE checkpoints SET position = %s, checkpoint = %s, is_whole = is_whole OR %s "
            "WHERE partition = %s AND model = %s AND version = %s AND position = %s",
            (*standing, self._partition, model, version, after),
        )
        if not moved.rowcount:
            found = self.standing(model).checkpoint.offset
            raise Overtaken(f"{self._database}, partition {self._partition}, are at offset {found}, expected {after}")

    def _save_rows(self, cursor: psycopg.Cursor[Any], model: Model, version: int, changes: Changes) -> None:
        here = self._partition
        for table in model.tables:
            before = counted(cursor, table, version, here, changes)
            for count, keys in by_length(changes.gone.get(table, ())).items():
                _many(cursor, removing(DIALECT, table, version, count), [(here, *clean(key)) for key in keys])
            if rows := changes.rows.get(table):
                _many(cursor, saving(DIALECT, table, version), [(here, *clean(row)) for row in rows.values()])
            for columns, parts in by_columns(changes.parts.get(table, {})).items():
                statement = changing(DIALECT, table, version, columns)
                _many(cursor, statement, [(*clean(values), here, *clean(key)) for values, key in parts])
            if sums := changes.sums.get(table):
                asked = finding(DIALECT, table, version, None, table.key).encode()
                added = [one.added_to(key, cursor.execute(asked, (here, *clean(key))).fetchone()) for key, one in sums.items()]
                _many(cursor, saving(DIALECT, table, version), [(here, *clean(row)) for row in added])
            if before is not None:
                note_counts(cursor, table, version, here, before, counted(cursor, table, version, here, changes))

    def rebuild(self, models: Sequence[str]) -> None:
        """Make the rows of these models anew, beside those that are there; what is being made goes on."""
        with self._database.guarded("written"):
            wanted = [self._database.models[name] for name in models]
            postgres_rebuild.begin(self._database.connection, self._partition, wanted, self._database.lock, _EMPTY)

    def rebuilding(self) -> dict[str, Checkpoint]:
        """The models whose rows are being made anew, and how far."""
        statement = "SELECT model, version, is_whole, checkpoint FROM checkpoints WHERE partition = %s"
        found = being_rebuilt(self._database.models, self._all(statement, self._partition))
        return {name: _checkpoint.decode(checkpoint) for name, checkpoint in found.items()}

    def beside(self) -> PostgresReadModels:
        """The same rows for another who writes: of models that are being made anew, the new ones are its own."""
        return PostgresReadModels(self._database, self._partition, is_beside=True)

    def swap(self, models: Sequence[str]) -> dict[str, int] | None:
        """Answer lists from the new rows, and forget those before; how many rows differed. None: they do not go equally far."""
        with self._database.guarded("written"):
            wanted = [self._database.models[name] for name in models]
            differing = postgres_rebuild.swapped(self._database.connection, DIALECT, self._partition, wanted)
        for name in models:
            self._own.pop(name, None)
            self._database.answers.pop((self._partition, name), None)
        return differing

    def stands(self) -> list[Stand]:
        """How the rows of each model stand, in every making that is there."""
        with self._database.guarded("read"):
            try:
                return list(postgres_rebuild.stands_in(self._database.connection, self._partition, self._database.models))
            except NOT_MADE:
                return []

    def check(self) -> None:
        """The database itself says what is not there any more."""

    def rest(self) -> None:
        """Nothing is left behind."""

    def reset(self) -> None:
        """Forget everything of this partition that this build makes, and that lists are answered from."""
        with self._database.guarded("written"):
            connection = self._database.connection
            with connection.transaction():
                connection.execute("SET LOCAL statement_timeout = 0")
                found = connection.execute("SELECT model, version FROM checkpoints WHERE partition = %s FOR UPDATE", (self._partition,))
                for name, version in found.fetchall():
                    tables = self._database.models[name].tables if name in self._database.models else ()
                    for stored in [named for table in tables for named in (stored_name(table, version), counts_of(table, version))]:
                        with suppress(errors.UndefinedTable), connection.transaction():
                            connection.execute(f"DELETE FROM {stored} WHERE partition = %s".encode(), (self._partition,))
                connection.execute("DELETE FROM checkpoints WHERE partition = %s", (self._partition,))
        self._database.answers.clear()
        self._own.clear()

    # Reading.

    def _answering_version(self, model: Model) -> int:
        """The version of a model that lists are answered from."""
        database, key = self._database, (self._partition, model.name)
        if key not in database.answers:
            there = self._makings(model.name)
            found = answering_of(model.version, there)
            if found is None and key in database.were_whole:
                raise RowsGone(f"{database}, partition {self._partition}, are being made again from the journal")
            if found is None or version_of(found).version != model.version:
                return found or own_of(model.version, there) or model.version
            database.answers[key] = found
            if database.read_only:
                database.were_whole.add(key)
        return database.answers[key]

    def _rows(self, table: Table[Any], is_own: bool, of: Asked, is_filtered: bool = False, is_list: bool = False) -> list[Any]:
        """What a statement finds in the tables of the version that is to be asked; where others have taken their place, once more.

        Rows that are gone are gone all together, so only who finds none, or asks for those of other tables, has to look again.
        """
        model = self._database.model_of[table]
        rows: list[Any] = []
        for _ in range(2):
            version = self._own_of(model.name) if is_own else self._answering_version(model)
            there = None if version_of(version).version == model.version else self._columns_of(table, version)
            if there == frozenset():
                return []
            statement, values = of(version, there)
            rows = self._database.read(statement, values, is_planned_anew=is_list)
            if is_own or (rows and not is_filtered) or not self._has_changed(model, version):
                break
        return rows

    def _has_changed(self, model: Model, version: int) -> bool:
        """Whether others have taken the place of rows that lists were found to be answered from. Raises RowsGone where none have."""
        answers, models = self._database.answers, self._database.models
        known = {name: answers.pop((self._partition, name)) for partition, name in list(answers) if partition == self._partition}
        return any(self._answering_version(models[name]) != found for name, found in {**known, model.name: version}.items())

    def _columns_of(self, table: Table[Any], version: int) -> frozenset[str]:
        statement = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema AND table_name = %s"
        return frozenset(name for (name,) in self._all(statement, stored_name(table, version)))

    def checkpoint(self, model: str) -> Checkpoint:
        """Up to where the rows go that lists are answered from."""
        statement = "SELECT checkpoint FROM checkpoints WHERE partition = %s AND model = %s AND version = %s"
        known = self._database.models[model]
        for _ in range(2):
            version = self._answering_version(known)
            rows = self._all(statement, self._partition, model, version)
            if rows or not self._has_changed(known, version):
                break
        return _checkpoint.decode(rows[0][0]) if rows else Checkpoint()

    def find(self, table: Table[R], column: str, value: Any, is_own: bool = False) -> R | None:
        """The row that its key or a unique column names."""
        return next(iter(self._found(table, column, value, is_own)), None)

    def belonging(self, table: Table[R], number: int, is_own: bool = False) -> list[R]:
        """All rows about the execution with this number."""
        return self._found(table, "number", number, is_own)

    def _found(self, table: Table[R], column: str, value: Any, is_own: bool) -> list[R]:
        values = self._partition, value
        return made(table, self._rows(table, is_own, lambda *source: (finding(DIALECT, table, *source, (column,)), values)))

    def select(self, query: Query[R]) -> list[R]:
        """The rows of a list, in its order."""

        def stored(name: str) -> str:
            return self._stored_beside(query.table, name)

        def of(version: int, there: frozenset[str] | None) -> Statement:
            source = Source(version, there, self._partition, stored)
            return select_with(DIALECT, query, source, lambda asked: number_in(self._database.read(*asked, is_planned_anew=True)))

        rows = self._rows(query.table, False, of, is_filtered=query.where != ALWAYS, is_list=True)
        return rows if query.only else made(query.table, rows)

    def groups(self, query: Query[Any], columns: Sequence[str]) -> list[Group]:
        """The rows of a list put together by some columns."""

        def of(version: int, there: frozenset[str] | None) -> Statement:
            return grouping(DIALECT, query, Source(version, there, self._partition), columns)

        rows = self._rows(query.table, False, of, is_filtered=query.where != ALWAYS, is_list=True)
        return [Group(tuple(row[:-3]), *row[-3:]) for row in rows]

    def _stored_beside(self, table: Table[Any], name: str) -> str:
        """What another table is called that a list is filtered by. Raises LogUnreachable while it lacks what the list has."""
        beside, model = next((one, of) for one, of in self._database.model_of.items() if one.name == name)
        answering = self._answering_version(model)
        if (self._partition, model.name) not in self._database.answers:
            check_goes_as_far(name, self.standing(model.name).checkpoint, self.checkpoint(self._database.model_of[table].name))
            return stored_name(beside, self._own_of(model.name))
        return stored_name(beside, answering)

    def counts(self, table: Table[Any]) -> dict[str, int]:
        """How many rows there are of each value of the column that the table counts."""

        def of(version: int, there: frozenset[str] | None) -> tuple[str, Sequence[Any]]:
            if there is not None:  # of an older build, which may not have counted them
                of_before = f"SELECT {table.counted}, count(*) FROM {stored_name(table, version)} WHERE partition = %s GROUP BY 1"
                return of_before, (self._partition,)
            return f"SELECT value, count FROM {counts_of(table, version)} WHERE partition = %s AND count > 0", (self._partition,)

        return dict(self._rows(table, False, of))

    def close(self) -> None:
        """Let go of the connection; the partitions of a process share it."""
        if not self._is_beside:
            self._database.close()


def models_in(url: str, prefix: str, models: Sequence[Model], read_only: bool) -> Callable[[int], PostgresReadModels]:
    """What opens the read models of a partition; all of them share a connection. Raises LogError for a URL that is none."""
    database = PostgresDatabase(url, prefix, models, read_only)
    return lambda partition: PostgresReadModels(database, partition)


def _many(cursor: psycopg.Cursor[Any], statement: str, rows: list[Any]) -> None:
    if rows:
        cursor.executemany(statement.encode(), rows)
