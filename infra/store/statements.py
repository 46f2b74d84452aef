"""The SQL of read models, written from the tables that they declare: one writer for SQLite and PostgreSQL, and no other text of either.

    Table ─► CREATE TABLE, its indexes                       once, when a store is made
          ─► INSERT … ON CONFLICT, UPDATE, SELECT            kept, so that a batch finds its statement made

Where partitions lie beside each other in one table, `partition` is its first column and the first of each index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint
from contracts.ports.read_models import DEFAULTS, Column, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, Beside
from infra.store.where import Words, statement_of


class Dialect(NamedTuple):
    """How a database wants it; `is_shared`: rows of many partitions in one table, `is_divided`: of one partition among others."""

    integer: str
    real: str
    text: str
    bytes: str
    words: Words
    is_shared: bool
    is_divided: bool

    @property
    def mark(self) -> str:
        """What stands for a value."""
        return self.words.mark

    def type_of(self, column: Column) -> str:
        """What a column is declared as."""
        types = {int: self.integer, float: self.real, str: self.text, bytes: self.bytes}
        return types[column.type] + ("" if column.is_optional else " NOT NULL")


def stored_name(table: Table[Any], version: int) -> str:
    """What a table is called in the database: the first version's as it is called in the code."""
    return table.name if version == 1 else f"{table.name}_{version}"


def is_by_number(dialect: Dialect, table: Table[Any]) -> bool:
    """Whether a list is sorted by number alone."""
    return table.is_in_order and not dialect.is_divided


def _order(dialect: Dialect, table: Table[Any]) -> tuple[str, ...]:
    """The columns that a list is sorted by; of a table that is no list, its key."""
    return table.key if not table.time or is_by_number(dialect, table) else (table.time, *table.key)


def _sorted(dialect: Dialect, table: Table[Any]) -> str:
    turn = " DESC" if table.is_latest_first else ""
    return ", ".join(f"{name}{turn}" for name in _order(dialect, table))


def _with_partition(dialect: Dialect, names: Iterable[str]) -> str:
    return ", ".join(("partition", *names) if dialect.is_shared else names)


def creating(dialect: Dialect, table: Table[Any], version: int) -> Iterator[str]:
    """The statements that make a table and its indexes."""
    name = stored_name(table, version)
    columns = [Column("partition", int, is_optional=False)] if dialect.is_shared else []
    lines = [f"{one.name} {dialect.type_of(one)}" for one in (*columns, *table.columns)]
    lines.append(f"PRIMARY KEY ({_with_partition(dialect, table.key)})")
    without_rowid = " WITHOUT ROWID" if not dialect.is_shared and len(table.key) > 1 else ""
    yield f"CREATE TABLE {name} ({', '.join(lines)}){without_rowid}"
    for column in table.unique:
        yield f"CREATE UNIQUE INDEX {name}_{column} ON {name} ({_with_partition(dialect, (column,))})"
    for index in _indexes(dialect, table):
        where = f" WHERE {index.where}" if index.where else ""
        columns_of = _with_partition(dialect, dict.fromkeys((*index.columns, *_order(dialect, table)[:2])))
        yield f"CREATE INDEX {name}_{index.name} ON {name} ({columns_of}){where}"


def _indexes(dialect: Dialect, table: Table[Any]) -> tuple[Index, ...]:
    """Those that the table declares, and one for the whole list where no key gives its order."""
    return table.indexes if not table.is_in_order or is_by_number(dialect, table) else (*table.indexes, Index("by_time"))


@lru_cache(maxsize=256)
def saving(dialect: Dialect, table: Table[Any], version: int) -> str:
    """Store a whole row: `partition` where it is shared, then its columns."""
    names = [column.name for column in table.columns]
    changing = [name for name in names if name not in table.key and name not in table.fixed]
    marks = ", ".join([dialect.mark] * (len(names) + dialect.is_shared))
    updates = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return (
        f"INSERT INTO {stored_name(table, version)} ({_with_partition(dialect, names)}) VALUES ({marks}) "
        f"ON CONFLICT ({_with_partition(dialect, table.key)}) DO {f'UPDATE SET {updates}' if updates else 'NOTHING'}"
    )


@lru_cache(maxsize=256)
def changing(dialect: Dialect, table: Table[Any], version: int, columns: tuple[str, ...]) -> str:
    """Change these columns of a row: their values, `partition` where it is shared, then the key."""
    updates = ", ".join(f"{name} = {dialect.mark}" for name in columns)
    return f"UPDATE {stored_name(table, version)} SET {updates} WHERE {_named(dialect, table.key)}"


def _named(dialect: Dialect, columns: Sequence[str]) -> str:
    names = ("partition", *columns) if dialect.is_shared else columns
    return " AND ".join(f"{name} = {dialect.mark}" for name in names)


def _relation(dialect: Dialect, table: Table[Any], version: int, there: frozenset[str] | None) -> tuple[str, str]:
    """The columns of a row, and where they are read from; `there` are those that an older table has, None: it is of this build."""
    name = stored_name(table, version)
    columns = ", ".join(column.name for column in table.columns)
    if there is None:
        return columns, name
    shown = ", ".join(column.name if column.name in there else f"{_default(column)} AS {column.name}" for column in table.columns)
    return columns, f"(SELECT {'partition, ' if dialect.is_shared else ''}{shown} FROM {name}) AS of_before"


def _default(column: Column) -> str:
    return "NULL" if column.is_optional or column.type is bytes else repr(DEFAULTS[column.type])


@lru_cache(maxsize=256)
def finding(dialect: Dialect, table: Table[Any], version: int, there: frozenset[str] | None, columns: tuple[str, ...]) -> str:
    """The rows with these values of some columns, by their key: `partition` where it is shared, then the values."""
    shown, relation = _relation(dialect, table, version, there)
    return f"SELECT {shown} FROM {relation} WHERE {_named(dialect, columns)} ORDER BY {', '.join(table.key)}"


def selecting(
    dialect: Dialect, query: Query[Any], version: int, there: frozenset[str] | None, *, stored: Callable[[str], str] = str
) -> tuple[str, list[Any]]:
    """The statement of a list, and its values but for the partition, which is the first where it is shared.

    `stored` tells what tables beside are called.
    """
    table = query.table
    where, values = (["partition = " + dialect.mark] if dialect.is_shared else []), list[Any]()
    for column, is_, value in query.conditions:
        assert column in table.filters, f"{table.name} cannot be asked for by {column}"
        several = is_ == "IN"
        where.append(f"{column} IN ({', '.join([dialect.mark] * len(value))})" if several else f"{column} {is_} {dialect.mark}")
        values += value if several else (value,)
    if query.within is not None:
        where.append(query.within.where)  # word for word that of the index, so that the database looks there
    if query.after is not None:
        condition, found = _after(dialect, table, query.after)
        where.append(condition)
        values += found
    if query.where != ALWAYS:
        condition, found = _filtered(dialect, query, stored)
        where.append(condition)
        values += found
    shown, relation = _relation(dialect, table, version, there)
    conditions = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {shown} FROM {relation}{conditions} ORDER BY {_sorted(dialect, table)} LIMIT {dialect.mark}", [*values, query.limit]


def _after(dialect: Dialect, table: Table[Any], after: Cursor) -> tuple[str, tuple[Any, ...]]:
    sign = "<" if table.is_latest_first else ">"
    if is_by_number(dialect, table):
        return f"number {sign} {dialect.mark}", (after.number,)
    return f"({table.time}, number) {sign} ({dialect.mark}, {dialect.mark})", (after.time, after.number)


def _filtered(dialect: Dialect, query: Query[Any], stored: Callable[[str], str]) -> tuple[str, tuple[Any, ...]]:
    """What a list is filtered by. Where it names rows beside and nothing else, no more of them are looked up than are shown."""
    table = query.table
    condition, values = statement_of(query.where, dialect.words, stored)
    is_lone = isinstance(query.where, Beside) and query.where.is_so and not query.conditions and query.within is None
    if not is_lone or not is_by_number(dialect, table) or dialect.is_shared:
        return condition, values
    condition, after = condition.removesuffix(")"), tuple[Any, ...]()
    if query.after is not None:
        there, after = _after(dialect, table, query.after)
        condition += f" AND {there}"
    return f"{condition} ORDER BY {_sorted(dialect, table)} LIMIT {dialect.mark})", (*values, *after, query.limit)


def check_goes_as_far(name: str, checkpoint: Checkpoint, wanted: Checkpoint) -> None:
    """Raises LogUnreachable where the rows of a table beside lack what a list has that is filtered by them."""
    if checkpoint.offset < wanted.offset:
        found = f"made up to offset {checkpoint.offset:,} of {wanted.offset:,}"
        raise LogUnreachable(f"{name}, which the list is filtered by, are only {found}: ask again in a moment")


def counting(dialect: Dialect, table: Table[Any], version: int, column: str) -> str:
    """How many rows there are of each value of a column, all of them looked at."""
    where = f" WHERE partition = {dialect.mark}" if dialect.is_shared else ""
    return f"SELECT {column}, count(*) FROM {stored_name(table, version)}{where} GROUP BY {column}"


def by_columns(parts: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Changes of rows by the columns that they change; each with the new values, and the key."""
    found: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for key, columns in parts.items():
        found.setdefault(tuple(columns), []).append((tuple(columns.values()), key))
    return found
