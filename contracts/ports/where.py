"""What a row must fulfil to be found: a tree of conditions that every store says in words of its own.

There is no negation and no third truth value: a condition that is asked of nothing (`NULL`) does not hold, and what is to hold
where another does not is a condition itself. So whoever makes the tree says both (`projections/filter`), and a store joins by
AND and OR alone, in which an index is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Operator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]
Parameter: TypeAlias = int | float | str

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
"""What a whole number of a database holds; no parameter is an int beyond it."""
CONDITIONS_MAX: Final = 2_000
"""So many conditions a statement may hold."""
PARAMETERS_MAX: Final = 30_000
"""So many values a statement may hold: SQLite takes 32,766, and a store adds a few of its own."""


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in a column."""

    name: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """Of a text how many characters it has, or the text with a to z for A to Z, or the other way round."""

    how: Literal["length", "lower", "upper"]
    of: Value

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.how != "length"


@dataclass(frozen=True, slots=True)
class Else:
    """What stands in a column, or, where that is 0, in another."""

    column: str
    other: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """Whole numbers, each so many times; small enough that 64 bits hold the sum."""

    terms: tuple[tuple[int, Value], ...]
    is_text: bool = False


Value: TypeAlias = Field | Derived | Else | Sum


@dataclass(frozen=True, slots=True)
class Is:
    """A comparison. Texts are compared character by character, whatever the language of the database."""

    value: Value
    operator: Operator
    operand: Parameter | Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these, or is there and is none of them."""

    value: Value
    operands: tuple[Parameter, ...]
    is_so: bool = True


@dataclass(frozen=True, slots=True)
class There:
    """Something stands in the column, or nothing."""

    column: str
    is_so: bool = True


@dataclass(frozen=True, slots=True)
class Contains:
    """A part is in the text, or at its end; or the text is there and it is not."""

    value: Value
    part: str
    at_end: bool
    is_so: bool = True


@dataclass(frozen=True, slots=True)
class Beside:
    """Another table has a row about the same execution for which something holds, or it has none.

    `row` are the columns that both have in common: of an execution its number, of a part of it what else names that.
    """

    table: str
    where: Where
    is_so: bool = True
    row: tuple[str, ...] = ("number",)


@dataclass(frozen=True, slots=True)
class All:
    """All of these hold; of none, that is always so."""

    parts: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of these holds; of none, that is never so."""

    parts: tuple[Where, ...]


Where: TypeAlias = Is | OneOf | There | Contains | Beside | All | Some

ALWAYS: Final = All(())
NEVER: Final = Some(())


def all_of(*parts: Where) -> Where:
    """All of these, in as few words as possible."""
    found = [inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,))]
    if any(isinstance(part, Some) and not part.parts for part in found):
        return NEVER
    found = _each_once(found)
    return found[0] if len(found) == 1 else All(tuple(found))


def some_of(*parts: Where) -> Where:
    """One of these, in as few words as possible."""
    found = [inner for part in parts for inner in (part.parts if isinstance(part, Some) else (part,))]
    if any(isinstance(part, All) and not part.parts for part in found):
        return ALWAYS
    found = _each_once(found)
    return found[0] if len(found) == 1 else Some(tuple(found))


def _each_once(parts: list[Where]) -> list[Where]:
    """The conditions without those said twice, as far as that is seen at a glance: parts are shared, and may be huge written out."""
    seen: set[There] = set()
    kept: list[Where] = []
    for part in parts:
        if not isinstance(part, There):
            kept.append(part)
        elif part not in seen:
            seen.add(part)
            kept.append(part)
    return kept


def size_of(where: Where) -> tuple[int, int]:
    """How many conditions there are written out, and how many parameters."""
    known: dict[int, tuple[int, int]] = {}

    def size(one: Where) -> tuple[int, int]:
        if id(one) not in known:
            known[id(one)] = _size(one, size)
        return known[id(one)]

    return size(where)


def _size(one: Where, size: Callable[[Where], tuple[int, int]]) -> tuple[int, int]:
    if isinstance(one, All | Some):
        sizes = [size(part) for part in one.parts]
        return 1 + sum(conditions for conditions, _ in sizes), sum(parameters for _, parameters in sizes)
    if isinstance(one, Beside):
        conditions, parameters = size(one.where)
        return conditions + 1, parameters + 1
    return 1, len(one.operands) if isinstance(one, OneOf) else 2


def parts_of(where: Where) -> tuple[Where, ...]:
    """The conditions that must all hold."""
    return where.parts if isinstance(where, All) else (where,)


def columns_of(where: Where) -> frozenset[str]:
    """The columns of the row itself that are asked."""
    match where:
        case All() | Some():
            return frozenset[str]().union(*map(columns_of, where.parts))
        case There():
            return frozenset({where.column})
        case Is():
            other = where.operand
            return _columns_in(where.value) | (frozenset() if isinstance(other, int | float | str) else _columns_in(other))
        case OneOf() | Contains():
            return _columns_in(where.value)
        case Beside():
            return frozenset()


def _columns_in(value: Value) -> frozenset[str]:
    match value:
        case Field():
            return frozenset({value.name})
        case Derived():
            return _columns_in(value.of)
        case Else():
            return frozenset({value.column, value.other})
        case Sum():
            return frozenset[str]().union(*(_columns_in(one) for _, one in value.terms))


def alternatives_of(beside: Beside) -> tuple[Beside, ...]:
    """The same condition about another table as several, of which one must hold: each has an index of its own."""
    parts = parts_of(beside.where)
    chosen = next((part for part in parts if isinstance(part, Some)), None)
    if chosen is None or not beside.is_so:
        return (beside,)
    rest = [part for part in parts if part is not chosen]
    return tuple(Beside(beside.table, all_of(*rest, one), row=beside.row) for one in chosen.parts)
