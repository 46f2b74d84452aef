"""Conditions of the port in SQL: what SQLite and PostgreSQL say alike, and the few words in which they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from contracts.ports.where import All, Beside, Contains, Derived, Else, Field, Is, OneOf, Some, Sum, There, Value, Where, alternatives_of


class Statement(NamedTuple):
    """A condition with a mark for each value, and the values."""

    sql: str
    values: tuple[Any, ...]


class Words(NamedTuple):
    """How a database says what others say otherwise; `{}` stands for a value, `mark` for a parameter."""

    mark: str
    text: str
    """A text, to be put in the order of its characters."""
    lower: str
    upper: str
    is_in: str
    is_at_end: str
    end: int
    """1 where the end of a text is named by how many characters it has, -1 where by where they begin."""
    is_shared: bool
    """Whether rows of many partitions lie in one table."""

    def row(self, beside: Beside) -> tuple[str, ...]:
        """What a row and one of a table beside have in common."""
        return ("partition", *beside.row) if self.is_shared else beside.row


SQLITE: Final = Words("?", "{}", "lower({})", "upper({})", "instr({}, ?) > 0", "substr({}, ?) = ?", -1, False)
POSTGRES: Final = Words(
    "%s", '{} COLLATE "C"', 'lower({} COLLATE "C")', 'upper({} COLLATE "C")', "strpos({}, %s) > 0", "right({}, %s) = %s", 1, True
)
LISTED: Final = "listed"
"""What the table is called in a statement whose rows are shown."""


class How(NamedTuple):
    """How a condition is written: that does not change which rows it takes, but what a database finds them by.

    `hidden` are columns that it finds no rows by. `first` are conditions about tables beside that it begins with: their rows are
    looked up there, `inside` a partition, and with `most` no more than so many in an order, and after a row. All others are
    asked of each row.
    """

    hidden: frozenset[str] = frozenset()
    first: tuple[Beside, ...] = ()
    inside: Statement = Statement("", ())
    after: Statement = Statement("", ())
    ordered: str = ""
    most: int = 0


def hidden_column(name: str, is_text: bool) -> str:
    """A column as a database finds no rows by."""
    return f"({name} || '')" if is_text else f"({name} + 0)"


def statement_of(where: Where, words: Words, stored: Callable[[str], str] = str, how: How | None = None) -> Statement:
    """The condition in SQL, of rows of a table that is called `LISTED`; `stored` tells what tables beside are called."""
    writer = _Writer(words, stored, how or How())
    return Statement(writer.write(where), tuple(writer.values))


class _Writer:
    """Writes one condition, and gathers the values in their order."""

    def __init__(self, words: Words, stored: Callable[[str], str], how: How) -> None:
        self.values: list[Any] = []
        self._words, self._stored, self._how = words, stored, how
        self._is_inside = False

    def write(self, where: Where) -> str:
        match where:
            case All():
                return self._joined("AND", where.parts) or "1 = 1"
            case Some():
                return self._joined("OR", where.parts) or "1 = 0"
            case Is():
                return self._comparison(where)
            case OneOf():
                self.values += where.operands
                marks = ", ".join([self._words.mark] * len(where.operands))
                return f"{self._value(where.value)} {'IN' if where.is_so else 'NOT IN'} ({marks})"
            case There():
                return f"{where.column} IS {'NOT ' if where.is_so else ''}NULL"
            case Contains():
                return self._contains(where)
            case Beside():
                return self._beside(where)

    def _joined(self, word: str, parts: tuple[Where, ...]) -> str:
        """In halves, since a database counts how deep conditions are nested, and a row of them is as deep as it is long."""
        if len(parts) <= 1:
            return self.write(parts[0]) if parts else ""
        middle = len(parts) // 2
        return f"({self._joined(word, parts[:middle])} {word} {self._joined(word, parts[middle:])})"

    def _comparison(self, where: Is) -> str:
        left = self._value(where.value)
        if where.value.is_text and where.operator not in ("=", "<>"):
            left = self._words.text.format(left)
        if isinstance(where.operand, int | float | str):
            self.values.append(where.operand)
            return f"{left} {where.operator} {self._words.mark}"
        return f"{left} {where.operator} {self._value(where.operand)}"

    def _contains(self, where: Contains) -> str:
        value = self._value(where.value)
        if not where.part:
            return f"{value} IS NOT NULL" if where.is_so else "1 = 0"
        if where.at_end:
            self.values.append(len(where.part) * self._words.end)
        self.values.append(where.part)
        said = (self._words.is_at_end if where.at_end else self._words.is_in).format(value)
        return said if where.is_so else f"NOT ({said})"

    def _beside(self, where: Beside) -> str:
        table = self._stored(where.table)
        if any(where is one for one in self._how.first):
            return self._looked_up(table, self._words.row(where), alternatives_of(where))
        same = " AND ".join(f"beside.{column} = {LISTED}.{column}" for column in self._words.row(where))
        inner = self._within(where)
        return f"{'' if where.is_so else 'NOT '}EXISTS (SELECT 1 FROM {table} AS beside WHERE {same} AND {inner})"

    def _within(self, where: Beside) -> str:
        self._is_inside = True
        inner = self.write(where.where)
        self._is_inside = False
        return inner

    def _looked_up(self, table: str, row: tuple[str, ...], alternatives: Sequence[Beside]) -> str:
        """The rows beside for which one of these holds, be it all of them or the first ones in the order of the list."""
        if self._words.is_shared or len(row) == 1:
            return self._one_of(table, ", ".join(row), alternatives)
        by_first = self._one_of(table, row[0], alternatives)  # by several columns at a time SQLite looks nothing up
        return f"({by_first} AND {self._one_of(table, ', '.join(row), alternatives)})"

    def _one_of(self, table: str, row: str, alternatives: Sequence[Beside]) -> str:
        """They are put together first: of several lists of rows joined by OR, PostgreSQL would ask each row whether it is in one."""
        found = [f"SELECT {row} FROM {table} WHERE {self._inside(where)}" for where in alternatives]
        if len(found) > 1 and self._how.most:
            found = [f"SELECT {row} FROM ({one}) AS some_{number}" for number, one in enumerate(found)]
        return f"({row}) IN ({' UNION ALL '.join(found)})"

    def _inside(self, where: Beside) -> str:
        how, inner = self._how, self._within(where)
        said = " AND ".join(sql for sql in (inner, how.inside.sql, how.after.sql) if sql)
        self.values += [*how.inside.values, *how.after.values]
        if how.most:
            said += f" ORDER BY {how.ordered} LIMIT {self._words.mark}"
            self.values.append(how.most)
        return said

    def _value(self, value: Value) -> str:
        match value:
            case Field():
                is_hidden = value.name in self._how.hidden and not self._is_inside
                return hidden_column(value.name, value.is_text) if is_hidden else value.name
            case Derived():
                how = {"length": "length({})", "lower": self._words.lower, "upper": self._words.upper}[value.how]
                return how.format(self._value(value.of))
            case Else():
                return f"(CASE WHEN {value.column} <> 0 THEN {value.column} ELSE {value.other} END)"
            case Sum():
                return "(" + " + ".join(f"{factor} * {self._value(one)}" for factor, one in value.terms) + ")"
