"""What a part of a filter is before it is compared: a constant, a value of the row, a search value, or one of two by a condition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from contracts.ports.where import ALWAYS, NEVER, Value, Where, all_of, some_of
from domain.expressions.tree import Node
from projections.filter.column import Column, Kind


class Both(NamedTuple):
    """Where a part is true, and where it is false; where neither holds it has no value, and a filter takes no such row."""

    yes: Where
    no: Where


TRUE = Both(ALWAYS, NEVER)
FALSE = Both(NEVER, ALWAYS)


@dataclass(frozen=True)
class Constant:
    """A value that reads no row."""

    node: Node
    value: Any


@dataclass(frozen=True, kw_only=True)
class Term:
    """A value of the row, of a kind that is known.

    A number, a time or a duration is `terms` and a constant: of times in nanoseconds. `search` says that it is read beside the
    row, from the values of that name.
    """

    node: Node
    kind: Kind
    terms: tuple[tuple[int, Value], ...]
    constant: int = 0
    there: Where = ALWAYS
    missing: Where = NEVER
    choices: tuple[str, ...] = ()
    search: Found | None = None

    @property
    def value(self) -> Value:
        """What is stored, where that is one value."""
        ((_, value),) = self.terms
        return value


@dataclass(frozen=True)
class Found:
    """A value among those of a table beside: whatever it is, or nothing."""

    node: Node
    table: str
    name: str


@dataclass(frozen=True)
class Branch:
    """One value or another, by a condition."""

    condition: Both
    yes: Operand
    no: Operand
    node: Node = field(compare=False, kw_only=True)


Operand: TypeAlias = Constant | Term | Found | Branch


def term_of(node: Node, column: Column) -> Term:
    """The value of a column."""
    return Term(
        node=node, kind=column.kind, terms=column.terms, there=column.there, missing=column.missing, choices=column.choices
    )  # fmt: skip


def choose(condition: Both, yes: Both, no: Both) -> Both:
    """`condition ? yes : no`."""
    return Both(
        some_of(all_of(condition.yes, yes.yes), all_of(condition.no, no.yes)),
        some_of(all_of(condition.yes, yes.no), all_of(condition.no, no.no)),
    )
