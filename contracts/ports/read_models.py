"""Read models: rows that the journal adds up to, beside the journal. They may be deleted, and are made again.

A read model says which tables it has, once for every database; what stands in them is its own affair (`projections/`).
The rows of a table are of one type, a NamedTuple: its fields are the columns, those of the key come first, and the very
first is `number`, the offset of the first decision of the execution that the row is about; unless rows are sums (`is_sum`).

Each model has a checkpoint, stored in the same transaction as its rows, so that what is stored is always what the journal
adds up to at that offset. Where a model's version is raised, its tables are built anew beside those of the version before,
which lists are answered from until the new ones have once been whole. Where rows are to be made anew without that (`rebuild`),
those that are there are kept up until the new ones have come as far, and take their place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, NamedTuple, Protocol, TypeVar, get_args, get_type_hints

from contracts.journal import Checkpoint
from contracts.ports.where import ALWAYS, Where

R = TypeVar("R", bound=tuple[Any, ...])
DEFAULTS: Final[Mapping[type, Any]] = {int: 0, float: 0.0, str: "", bytes: b""}
"""What stands for a column that the table of an older version does not have, where none is no value."""


class Column(NamedTuple):
    """A column as its row declares it: its type, and whether it may hold nothing."""

    name: str
    type: type
    is_optional: bool


class Index(NamedTuple):
    """Rows are found by these columns, in the order of the list. `where`, as SQL, leaves the others out of it."""

    name: str
    columns: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table(Generic[R]):
    """A table of a read model, and the list that it is read as."""

    name: str
    row: type[R]
    key: tuple[str, ...]
    """The first columns of a row, which name it in its partition."""
    fixed: tuple[str, ...] = ()
    """What never changes once a row is there."""
    unique: tuple[str, ...] = ()
    """Columns that name a row, too, each alone."""
    filters: frozenset[str] = frozenset()
    """The columns that a list may be asked for by."""
    indexes: tuple[Index, ...] = ()
    time: str = ""
    """The column that lists are sorted by; of the same time by partition, and then by key."""
    is_latest_first: bool = False
    counted: str = ""
    """The column whose values are counted."""
    counted_where: str = ""
    """Of which rows: a condition in SQL; of all where it is empty."""
    is_sum: bool = False
    """Whether its rows are sums over executions, and name none: `number` is none of its columns."""
    columns: tuple[Column, ...] = field(init=False)
    """The columns, as the row's fields declare them."""

    def __post_init__(self) -> None:
        hints = get_type_hints(self.row)
        columns = tuple(_column(name, hints[name]) for name in self.row._fields)  # type: ignore[attr-defined]  # of a NamedTuple
        object.__setattr__(self, "columns", columns)

    def cursor(self, row: R, partition: int) -> Cursor:
        """Where the page after this row begins."""
        return Cursor(row[0], getattr(row, self.time), partition, row[1 : len(self.key)])


def _column(name: str, declared: Any) -> Column:
    kinds = get_args(declared) or (declared,)
    (kind,) = (one for one in kinds if one is not type(None))
    return Column(name, kind, is_optional=type(None) in kinds)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What a store knows of a read model. The version is raised where its tables change, or what stands in them."""

    name: str
    version: int
    tables: tuple[Table[Any], ...]


class Cursor(NamedTuple):
    """The last row of a page: its time, number and partition, and what else of its key tells it from others of that number.

    None of these changes while a row is there, so that pages skip and double nothing, whatever arrives between them.
    """

    number: int
    time: int
    partition: int = 0
    rest: tuple[int | str, ...] = ()


class Condition(NamedTuple):
    """What a row must fulfil to be listed."""

    column: str
    is_: Literal["=", ">=", "<", "IN"]
    value: Any


class Query(NamedTuple, Generic[R]):
    """Which rows of a table a list shows, in which order the table says; `after` is the last row of the page before.

    `within` names an index that leaves rows out, where all that are wanted are in it. `where` is what else a row must fulfil.
    """

    table: Table[R]
    conditions: tuple[Condition, ...] = ()
    within: Index | None = None
    after: Cursor | None = None
    limit: int = 50
    where: Where = ALWAYS
    only: tuple[str, ...] = ()
    """The first columns that are given of each row, as a tuple; without any the whole row."""
    is_turned: bool = False
    """Whether the list is shown from its other end. Every index has that order, too."""

    @property
    def is_latest_first(self) -> bool:
        """Whether what came last is shown first."""
        return self.table.is_latest_first != self.is_turned


class Group(NamedTuple):
    """Rows with the same values of some columns: how many there are, and the times of the first and the last one."""

    values: tuple[Any, ...]
    size: int
    first: int
    last: int


Key = tuple[Any, ...]


class Addition(Protocol):
    """What a batch adds to a row that is a sum."""

    def added_to(self, key: Key, before: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """The row with this added to it, None: it is not there yet. Said once: it may take what was before into itself."""


@dataclass(slots=True)
class Changes:
    """What a batch of decisions changes: rows that go, whole rows by their key, and of rows that are there, some columns.

    What goes is stored first: of one row the last word counts.
    """

    rows: dict[Table[Any], dict[Key, tuple[Any, ...]]] = field(default_factory=dict)
    parts: dict[Table[Any], dict[Key, dict[str, Any]]] = field(default_factory=dict)
    gone: dict[Table[Any], set[Key]] = field(default_factory=dict)
    """The keys of rows that go; of a key that is `number` alone all that belong to it."""
    sums: dict[Table[Any], dict[Key, Addition]] = field(default_factory=dict)
    """What is added to rows that are about no execution, by their key."""

    def put(self, table: Table[R], row: R) -> None:
        """Store a row, in the place of the one with the same key."""
        key = row[: len(table.key)]
        self.rows.setdefault(table, {})[key] = row
        if table in self.parts:
            self.parts[table].pop(key, None)

    def remove(self, table: Table[Any], key: Key) -> None:
        """Let the row with this key go; where there is none, nothing."""
        for found in (self.rows.get(table), self.parts.get(table)):
            if found is not None:
                found.pop(key, None)
        self.gone.setdefault(table, set()).add(key)

    def forget(self, table: Table[Any], number: int) -> None:
        """Store nothing of what this batch has said so far about an execution."""
        for found in (self.rows.get(table, {}), self.parts.get(table, {})):
            for key in [key for key in found if key[0] == number]:
                found.pop(key, None)

    def clear(self, table: Table[Any], number: int) -> None:
        """Let all rows about an execution go, also those that this batch has put. Rows that are sums are about none, and stay."""
        if table.is_sum:
            return
        for found in (self.rows.get(table, {}), self.parts.get(table, {})):
            for key in [key for key in found if key[0] == number]:
                del found[key]
        self.gone.setdefault(table, set()).add((number,))

    def clear_all(self, table: Table[Any], numbers: Collection[int]) -> None:
        """The same for several executions."""
        if table.is_sum:
            return
        for found in (self.rows.get(table, {}), self.parts.get(table, {})):
            for key in [key for key in found if key[0] in numbers]:
                del found[key]
        self.gone.setdefault(table, set()).update((number,) for number in numbers)

    def stored(self, tables: Iterable[Table[Any]]) -> None:
        """What was said of these tables is stored, and said no more."""
        for table in tables:
            self.rows.pop(table, None)
            self.parts.pop(table, None)
            self.gone.pop(table, None)
            self.sums.pop(table, None)

    def change(self, table: Table[Any], key: Key, **columns: Any) -> None:
        """Change some columns of the row with this key; where there is none, nothing."""
        row: Any = self.rows.get(table, {}).get(key)
        if row is not None:
            self.rows[table][key] = row._replace(**columns)
        else:
            self.parts.setdefault(table, {}).setdefault(key, {}).update(columns)


class Standing(NamedTuple):
    """How the rows of a model stand, as this build makes them; `is_whole` says that they have once been up to date."""

    checkpoint: Checkpoint
    is_whole: bool


class Stand(NamedTuple):
    """How one making of a model's rows stands in a partition. `rebuild` counts how often they were made anew.

    `bytes` is what they take up, None where the database does not say; `differing` how many rows differed, when they took the place
    of those before, None where they did not.
    """

    model: str
    version: int
    rebuild: int
    position: int
    is_whole: bool
    rows: int
    bytes: int | None
    differing: int | None


class StandIn(NamedTuple):
    """How rows stand in a partition whose journal ends there."""

    partition: int
    end: int
    stand: Stand


class ReadModels(Protocol):
    """The rows of one partition, of all models that it was opened with. One thread uses an instance at a time.

    Readers beside the writer see whole transactions.
    """

    def standing(self, model: str) -> Standing:
        """How the rows of a model stand that this build makes."""

    def checkpoint(self, model: str) -> Checkpoint:
        """Up to where the rows go that lists are answered from: of an older version, until those of this one have once been whole."""

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        """Store the rows of these models and their checkpoint in one transaction. Raises Overtaken where one is not at `after`.

        With `is_whole` lists are answered from these rows from now on.
        """

    def rebuild(self, models: Sequence[str]) -> None:
        """Make the rows of these models anew, from the beginning and beside those that are there; what is being made goes on.

        It is stored that they are to be made: whoever writes here goes on with it.
        """

    def rebuilding(self) -> Mapping[str, Checkpoint]:
        """The models whose rows are being made anew beside those that are there, and how far."""

    def beside(self) -> ReadModels:
        """The same rows for another who writes: of models that are being made anew, the new ones are its own."""

    def swap(self, models: Sequence[str]) -> Mapping[str, int] | None:
        """Answer lists from the new rows from now on, and forget those before; how many rows of each model differed.

        None, and nothing is done, where the two do not go equally far.
        """

    def stands(self) -> Sequence[Stand]:
        """How the rows of each model stand, in every making that is there."""

    def check(self) -> None:
        """Raise RowsGone where what is written would be found by nobody."""

    def rest(self) -> None:
        """Nothing more comes for a while: tidy up what writing has left behind."""

    def reset(self) -> None:
        """Forget everything: the rows are of another journal."""

    def find(self, table: Table[R], column: str, value: Any, is_own: bool = False) -> R | None:
        """The row that its key or a unique column names; `is_own`: among those that this build makes, be they whole or not."""

    def belonging(self, table: Table[R], number: int, is_own: bool = False) -> Sequence[R]:
        """All rows about the execution with this number, by their key."""

    def select(self, query: Query[R]) -> Sequence[R]:
        """The rows of a list, in its order."""

    def groups(self, query: Query[Any], columns: Sequence[str]) -> Sequence[Group]:
        """The rows of a list put together by some columns: those of which there are most first, as many as the list shows."""

    def counts(self, table: Table[Any]) -> Mapping[str, int]:
        """How many rows there are of each value of the column that the table counts; no row is looked at for it."""

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
