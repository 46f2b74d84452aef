"""What may be filtered by: the names of a filter, what kind of value each has, and how a store holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from contracts.ports.where import ALWAYS, NEVER, Else, Field, Is, There, Value, Where, all_of

Kind: TypeAlias = Literal["string", "int", "double", "bool", "timestamp", "duration", "map"]
MS: Final = 1_000_000
"""So many nanoseconds are a millisecond: times are stored in these, and compared in those."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A value of a row. `there` and `missing` say where it has one and where it is null; where neither holds, asking is an error.

    What is counted (`int`, `timestamp`, `duration`) is a sum of stored whole numbers, times as milliseconds; a bool is 0 or 1.
    """

    kind: Kind
    terms: tuple[tuple[int, Value], ...]
    there: Where = ALWAYS
    missing: Where = NEVER
    choices: tuple[str, ...] = ()
    """The texts that it can be; none where it can be any."""
    says: str = ""

    @property
    def value(self) -> Value:
        """What is stored, where that is one value."""
        ((factor, value),) = self.terms
        assert factor == 1
        return value

    @property
    def is_nullable(self) -> bool:
        """Whether it is null in some rows."""
        return self.missing != NEVER


@dataclass(frozen=True)
class Fields:
    """A map of columns under one name; where `there` does not hold it is null."""

    fields: Mapping[str, Column]
    there: Where
    missing: Where


@dataclass(frozen=True)
class Search:
    """Values by names that are not known before, a row each in a table of their own (`SEARCH_COLUMNS`)."""

    table: str


@dataclass(frozen=True)
class Texts:
    """A list of texts, a row each in a table beside; asked for by whether one is in it."""

    table: str
    column: str
    says: str = ""
    is_once: bool = True
    """Whether a text is in it at most once, a row being about one execution each."""


Columns: TypeAlias = Mapping[str, Column | Fields | Search | Texts]

SEARCH_KINDS: Final = ("null", "true", "false", "int", "above", "below", "double", "string", "list", "map")
"""What stands in `kind`; `above` and `below` are ints beyond 64 bits."""
HEAD_CHARS: Final = 64
"""So many characters of a text stand in `head`, by which it is found: an index takes no longer ones."""


def text(column: str, is_nullable: bool = False, choices: tuple[str, ...] = (), says: str = "") -> Column:
    """A text, or one of some."""
    stored = ((1, Field(column, True)),)
    if is_nullable:
        return Column(kind="string", terms=stored, there=There(column), missing=There(column, False), choices=choices, says=says)
    return Column(kind="string", terms=stored, choices=choices, says=says)


def whole(column: str, says: str = "") -> Column:
    """A whole number."""
    return Column(kind="int", terms=((1, Field(column)),), says=says)


def flag(column: str, says: str = "") -> Column:
    """Whether something is so."""
    return Column(kind="bool", terms=((1, Field(column)),), says=says)


def time(column: str, says: str = "") -> Column:
    """Milliseconds since 1970; 0 is no time."""
    stored = Field(column)
    return Column(kind="timestamp", terms=((1, stored),), there=Is(stored, "<>", 0), missing=Is(stored, "=", 0), says=says)


def optional_whole(column: str, kind: Kind = "int", says: str = "") -> Column:
    """A whole number, or none; of a duration in milliseconds."""
    return Column(kind=kind, terms=((1, Field(column)),), there=There(column), missing=There(column, False), says=says)


def span(start: str, or_else: str, end: str, says: str = "") -> Column:
    """From one time (or another, where that is 0) to the next, in milliseconds; null while that is 0."""
    ended = Field(end)
    terms = ((1, ended), (-1, Else(start, or_else)))
    return Column(kind="duration", terms=terms, there=Is(ended, "<>", 0), missing=Is(ended, "=", 0), says=says)


def fields(there: str, **columns: Column) -> Fields:
    """A map that is null where nothing stands in a column; then its fields cannot be asked."""
    is_there = There(there)
    inner = {
        name: Column(
            kind=column.kind,
            terms=column.terms,
            there=all_of(is_there, column.there),
            missing=all_of(is_there, column.missing),
            choices=column.choices,
            says=column.says,
        )
        for name, column in columns.items()
    }
    return Fields(inner, is_there, There(there, False))


def is_always_told(there: Where, missing: Where) -> bool:
    """Whether a value that is there under the one, and null under the other, is never an error."""
    if there == ALWAYS:
        return True
    match there, missing:
        case There(), There():
            return there.column == missing.column and there.is_so is not missing.is_so
        case Is(operator="<>"), Is(operator="="):
            return (there.value, there.operand) == (missing.value, missing.operand)
    return False
