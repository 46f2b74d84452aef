"""The SQL of read models, written from the tables that they declare: one writer for SQLite and PostgreSQL, and no other text of either.

    Table ─► CREATE TABLE, its indexes                       once, when a store is made
          ─► INSERT … ON CONFLICT, UPDATE, SELECT            kept, so that a batch finds its statement made

Where partitions lie beside each other in one table, `partition` is its first column and the first of each index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint
from contracts.ports.read_models import DEFAULTS, Changes, Column, Cursor, Query, Table
from contracts.ports.where import ALWAYS, Beside, Where, columns_of
from infra.store.ways import Way, way_of
from infra.store.where import LISTED, How, Statement, Words, hidden_column, statement_of

R = TypeVar("R", bound=tuple[Any, ...])


class Dialect(NamedTuple):
    """How a database wants it; `is_shared`: rows of many partitions in one table."""

    integer: str
    real: str
    text: str
    bytes: str
    words: Words
    is_shared: bool

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


def _order(table: Table[Any]) -> tuple[str, ...]:
    """The columns that a list is sorted by; of a table that is no list, its key."""
    return (table.time, *table.key) if table.time else table.key


def _sorted(query: Query[Any], is_hidden: bool = False) -> str:
    """In this order; `is_hidden`: as no index has it."""
    first, *rest = _order(query.table)
    turn = " DESC" if query.is_latest_first else ""
    return ", ".join(f"{name}{turn}" for name in (hidden_column(first, False) if is_hidden else first, *rest))


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
    for index in table.indexes:
        where = f" WHERE {index.where}" if index.where else ""
        columns_of = _with_partition(dialect, dict.fromkeys((*index.columns, *_order(table))))
        yield f"CREATE INDEX {name}_{index.name} ON {name} ({columns_of}){where}"


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


@lru_cache(maxsize=256)
def removing(dialect: Dialect, table: Table[Any], version: int, columns: int) -> str:
    """Let rows go that so many columns of the key name: `partition` where it is shared, then these."""
    return f"DELETE FROM {stored_name(table, version)} WHERE {_named(dialect, table.key[:columns])}"


class Source(NamedTuple):
    """Where a list is read from: the version of its table, the columns of one of another build (None: it is of this one).

    `partition` is the one to be read where partitions lie beside each other; `stored` tells what tables beside are called.
    """

    version: int
    there: frozenset[str] | None = None
    partition: int | None = None
    stored: Callable[[str], str] = str


def _relation(dialect: Dialect, table: Table[Any], version: int, there: frozenset[str] | None) -> tuple[str, str]:
    """The columns of a row, and where they are read from; `there` are those that an older table has, None: it is of this build."""
    name = stored_name(table, version)
    columns = ", ".join(column.name for column in table.columns)
    if there is None:
        return columns, f"{name} AS {LISTED}"
    shown = ", ".join(column.name if column.name in there else f"{_default(column)} AS {column.name}" for column in table.columns)
    return columns, f"(SELECT {'partition, ' if dialect.is_shared else ''}{shown} FROM {name}) AS {LISTED}"


def _default(column: Column) -> str:
    return "NULL" if column.is_optional or column.type is bytes else repr(DEFAULTS[column.type])


@lru_cache(maxsize=256)
def finding(dialect: Dialect, table: Table[Any], version: int, there: frozenset[str] | None, columns: tuple[str, ...]) -> str:
    """The rows with these values of some columns, by their key: `partition` where it is shared, then the values."""
    shown, relation = _relation(dialect, table, version, there)
    return f"SELECT {shown} FROM {relation} WHERE {_named(dialect, columns)} ORDER BY {', '.join(table.key)}"


def made(table: Table[R], rows: Iterable[Sequence[Any]]) -> list[R]:
    """What was found, as rows."""
    return [table.row(*row) for row in rows]


def select_with(dialect: Dialect, query: Query[Any], source: Source, count: Callable[[Statement], int]) -> Statement:
    """The statement of a list; `count` asks for a number. Raises LogUnreachable where an older table lacks what it is filtered by."""
    if source.there is not None:
        if lacking := columns_of(query.where) - source.there:
            raise LogUnreachable(f"{query.table.name} are being made again with {', '.join(sorted(lacking))}: ask again in a moment")
        return selecting(dialect, query, source, Way())
    return selecting(dialect, query, source, way_of(query, lambda one, most: count(looking(dialect, query.table, source, one, most))))


def selecting(dialect: Dialect, query: Query[Any], source: Source, way: Way) -> Statement:
    """The statement of a list that is found in this way."""
    shown, relation = _relation(dialect, query.table, source.version, source.there)
    if query.only:
        shown = ", ".join(dict.fromkeys((*query.only, *_order(query.table))))
    if way.is_few and not query.only:
        return _looked_up(dialect, query, source, way, shown, relation)
    if not way.branches:
        return _page(dialect, query, source, way, f"SELECT {shown} FROM {relation}")
    pages = [_page(dialect, query._replace(where=one), source, way, f"SELECT {shown} FROM {relation}") for one in way.branches]
    together = " UNION ALL ".join(f"SELECT * FROM ({page.sql}) AS page_{number}" for number, page in enumerate(pages))
    values = [value for page in pages for value in page.values]
    sql = f"SELECT {shown} FROM ({together}) AS {LISTED} ORDER BY {_sorted(query)} LIMIT {dialect.mark}"
    return Statement(sql, (*values, query.limit))


def _looked_up(dialect: Dialect, query: Query[Any], source: Source, way: Way, shown: str, relation: str) -> Statement:
    """Keys are sorted, which an index may have all of, and only the rows that are shown are looked up."""
    keys = ("partition", *query.table.key) if dialect.is_shared else query.table.key
    found = _page(dialect, query, source, way, f"SELECT {', '.join(keys)} FROM {relation}")
    same = " AND ".join(f"page_found.{name} = {LISTED}.{name}" for name in keys)
    columns = ", ".join(f"{LISTED}.{name}" for name in shown.split(", "))
    order = ", ".join(f"{LISTED}.{name}" for name in _sorted(query).split(", "))
    sql = f"SELECT {columns} FROM ({found.sql}) AS page_found CROSS JOIN {relation} WHERE {same} ORDER BY {order}"
    return Statement(sql, found.values)


def grouping(dialect: Dialect, query: Query[Any], source: Source, columns: Sequence[str]) -> Statement:
    """The statement that puts the rows of a list together by some columns; none of an older table has them."""
    _, relation = _relation(dialect, query.table, source.version, source.there)
    by, time = ", ".join(columns), query.table.time
    conditions = [one for one in (_of_partition(dialect, source), *_asked(dialect, query)) if one.sql]
    conditions += [statement_of(query.where, dialect.words, source.stored)] if query.where != ALWAYS else []
    where = f" WHERE {' AND '.join(one.sql for one in conditions)}" if conditions else ""
    shown = f"SELECT {by}, count(*), min({time}), max({time}) FROM {relation}{where}"
    sql = f"{shown} GROUP BY {by} ORDER BY count(*) DESC, {by} LIMIT {dialect.mark}"
    return Statement(sql, (*(value for one in conditions for value in one.values), query.limit))


def _page(dialect: Dialect, query: Query[Any], source: Source, way: Way, select: str) -> Statement:
    conditions = [_of_partition(dialect, source), *_asked(dialect, query)]
    if query.after is not None:
        conditions.append(_after(dialect, query, query.after, way.is_few))
    if query.where != ALWAYS:
        conditions.append(statement_of(query.where, dialect.words, source.stored, _how(dialect, query, source, way)))
    said = [one.sql for one in conditions if one.sql]
    where = f" WHERE {' AND '.join(said)}" if said else ""
    values = [value for one in conditions for value in one.values]
    is_hidden = way.is_few or (way.is_most and len(query.table.key) > 1)  # so few are found beside that they are sorted
    return Statement(f"{select}{where} ORDER BY {_sorted(query, is_hidden)} LIMIT {dialect.mark}", (*values, query.limit))


def _of_partition(dialect: Dialect, source: Source) -> Statement:
    return Statement(f"partition = {dialect.mark}", (source.partition,)) if dialect.is_shared else Statement("", ())


def _asked(dialect: Dialect, query: Query[Any]) -> Iterator[Statement]:
    """What is asked beside a filter."""
    for column, is_, value in query.conditions:
        assert column in query.table.filters, f"{query.table.name} cannot be asked for by {column}"
        several = is_ == "IN"
        said = f"{column} IN ({', '.join([dialect.mark] * len(value))})" if several else f"{column} {is_} {dialect.mark}"
        yield Statement(said, tuple(value) if several else (value,))
    if query.within is not None:
        yield Statement(query.within.where, ())  # word for word that of the index, so that the database looks there


def _after(dialect: Dialect, query: Query[Any], after: Cursor, is_hidden: bool) -> Statement:
    """What stands behind a row in the order of the list."""
    values = (after.time, after.number, *after.rest)
    first, *rest = _order(query.table)[: len(values)]
    names = ", ".join((hidden_column(first, False) if is_hidden else first, *rest))
    sign = "<" if query.is_latest_first else ">"
    return Statement(f"({names}) {sign} ({', '.join([dialect.mark] * len(values))})", values)


def _how(dialect: Dialect, query: Query[Any], source: Source, way: Way) -> How:
    inside = _of_partition(dialect, source)
    if not way.is_most:
        return How(way.hidden, way.first, inside)
    after = Statement("", ()) if query.after is None else _after(dialect, query, query.after, False)
    return How(way.hidden, way.first, inside, after, _sorted(query), query.limit)


def looking(dialect: Dialect, table: Table[Any], source: Source, where: Where, most: int) -> Statement:
    """How many rows a condition takes, as far as it matters: up to so many."""
    if isinstance(where, Beside):
        name, where = source.stored(where.table), where.where
    else:
        name = stored_name(table, source.version)
    here, found = _of_partition(dialect, source), statement_of(where, dialect.words, source.stored)
    said = " AND ".join(one.sql for one in (here, found) if one.sql)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {name} AS {LISTED} WHERE {said} LIMIT {most}) AS some_of"
    return Statement(sql, (*here.values, *found.values))


def check_goes_as_far(name: str, checkpoint: Checkpoint, wanted: Checkpoint) -> None:
    """Raises LogUnreachable where the rows of a table beside lack what a list has that is filtered by them."""
    if checkpoint.offset < wanted.offset:
        found = f"made up to offset {checkpoint.offset:,} of {wanted.offset:,}"
        raise LogUnreachable(f"{name}, which the list is filtered by, are only {found}: ask again in a moment")


def counts_of(table: Table[Any], version: int) -> str:
    """Where it stands how many rows a table has of each value of the column that it counts."""
    return f"counts_of_{stored_name(table, version)}"


def numbers_in(changes: Changes, table: Table[Any]) -> set[int]:
    """The executions whose rows in a table a batch changes, by their numbers."""
    parts: tuple[Mapping[Table[Any], Any], ...] = (changes.rows, changes.parts, changes.gone)
    return {key[0] for part in parts for key in part.get(table, ())}


def by_columns(parts: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Changes of rows by the columns that they change; each with the new values, and the key."""
    found: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for key, columns in parts.items():
        found.setdefault(tuple(columns), []).append((tuple(columns.values()), key))
    return found


def by_length(keys: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    """Keys by how many of their columns are said."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for key in keys:
        found.setdefault(len(key), []).append(key)
    return found


def number_in(rows: Sequence[Any]) -> int:
    """What a statement says that asks for a number; 0 where its table is not there yet."""
    return int(rows[0][0]) if rows else 0
