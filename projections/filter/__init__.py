"""Filters: a condition in our language over the columns of a read model, as what a database is asked.

    compile_filter("workflow == 'order' && duration > duration('5m')", COLUMNS)

The rows that a store then gives are those for which the expression, asked of each row, is true.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from contracts.errors import InvalidInput
from contracts.ports.where import CONDITIONS_MAX, PARAMETERS_MAX, Where, size_of
from domain.expressions import SOURCE_CHARS_MAX
from domain.expressions.compiler import FIRST_SLOT
from domain.expressions.compiler import Compiler as Evaluator
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
from domain.expressions.maker import Run
from domain.expressions.messages import of_length, told_of_source
from domain.expressions.parser import parse
from domain.expressions.tree import Node
from domain.expressions.words import Comparisons, meant
from projections.filter.column import Columns
from projections.filter.compiler import Compiler
from projections.filter.refusal import Refusal, as_problem, in_words, problem_at

NOTHING: Final[Mapping[str, Any]] = {}
_UNBOUNDED: Final = 2**62


class Filter:
    """A filter: what a store is asked, and the same asked of one row. `where` takes the rows that `takes` takes."""

    def __init__(self, source: str, where: Where, run: Run, slots: int, known: Mapping[str, Any]) -> None:
        self.source = source
        self.where = where
        self._run = run
        self._slots = [None] * slots
        self._known = known

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether it is true for a row, given as the values of its columns."""
        try:
            return self._run([{**row, **self._known}, Meter(_UNBOUNDED), *self._slots]) is True
        except Fault:
            return False


class Condition:
    """A filter of what is at hand: nothing is asked of a database, so all of our language may stand in it."""

    def __init__(self, source: str, names: Collection[str], units_max: int) -> None:
        """`units_max` is what asking it once may cost. Raises InvalidInput where it cannot be read, or says another name than these."""
        evaluator = Evaluator(names)
        self.source, self._units_max = source, units_max
        self._run = _evaluated(source, _read(source), evaluator)
        self._slots = [None] * (evaluator.slots - FIRST_SLOT)

    def takes(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true for these values; where it fails, or costs more than an expression may, it is not."""
        try:
            return self._run([values, Meter(self._units_max), *self._slots]) is True
        except (Fault, Limit):
            return False


def compile_filter(source: str, columns: Columns, known: Mapping[str, Any] = NOTHING) -> Filter:
    """A filter over columns. Raises InvalidInput with the part that cannot be asked of a database, its place, and a way out.

    `known` are names that have a value; a column of the same name is hidden by it.
    """
    tree = _read(source)
    evaluator = Evaluator([*columns, *known])
    run = _evaluated(source, tree, evaluator)
    try:
        where = Compiler(columns, known).truth(tree).yes
    except Refusal as refusal:
        raise as_problem(source, refusal) from None
    _check_size(source, where)
    return Filter(source, where, run, evaluator.slots - FIRST_SLOT, known)


def _check_size(source: str, where: Where) -> None:
    conditions, parameters = size_of(where)
    if conditions > CONDITIONS_MAX or parameters > PARAMETERS_MAX:
        most = f"the most are {CONDITIONS_MAX:,} and {PARAMETERS_MAX:,}"
        said = f"the filter becomes {conditions:,} conditions with {parameters:,} values, {most}"
        raise problem_at(source, 0, "limit", said, "write a shorter one")


def _read(source: str) -> Node:
    if len(source) > SOURCE_CHARS_MAX:
        raise problem_at(source, SOURCE_CHARS_MAX, "limit", of_length(source), "write a shorter one")
    try:
        return parse(source)
    except Unreadable as unreadable:
        raise _unreadable(source, unreadable) from None


def _unreadable(source: str, unreadable: Unreadable) -> InvalidInput:
    """What our language says of it; the problem has the line and the column."""
    told = told_of_source(source, unreadable, Comparisons())
    return problem_at(source, unreadable.at if told.at is None else told.at, "unreadable", f"{told.part}{told.said}")


def _evaluated(source: str, tree: Node, evaluator: Evaluator) -> Run:
    """As our language evaluates it: names and functions are there, patterns can be read."""
    try:
        return evaluator.make(tree)
    except Unreadable as unreadable:
        if unreadable.kind != "unknown_name":
            raise _unreadable(source, unreadable) from None
        near = meant(unreadable.values[0], evaluator.names, Comparisons())
        said, fix = f"{unreadable.said}; known are {', '.join(sorted(evaluator.names))}", f"write `{near}`" if near else ""
        raise problem_at(source, unreadable.at, "unknown_name", said, fix) from None


__all__ = ["Condition", "Filter", "compile_filter", "in_words"]
