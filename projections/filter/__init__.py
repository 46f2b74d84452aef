"""Filters: a condition in our language over the columns of a read model, as what a database is asked.

    compile_filter("workflow == 'order' && duration > duration('5m')", COLUMNS)

The rows that a store then gives are those for which the expression, asked of each row, is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.ports.where import CONDITIONS_MAX, PARAMETERS_MAX, Where, size_of
from domain.expressions.compiler import FIRST_SLOT
from domain.expressions.compiler import Compiler as Evaluator
from domain.expressions.condition import evaluated, in_words, problem_at, read_condition
from domain.expressions.faults import Fault, Meter
from domain.expressions.maker import Run
from projections.filter.column import Columns
from projections.filter.compiler import Compiler
from projections.filter.refusal import Refusal, as_problem

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


def compile_filter(source: str, columns: Columns, known: Mapping[str, Any] = NOTHING) -> Filter:
    """A filter over columns. Raises InvalidInput with the part that cannot be asked of a database, its place, and a way out.

    `known` are names that have a value; a column of the same name is hidden by it.
    """
    tree = read_condition(source)
    evaluator = Evaluator([*columns, *known])
    run = evaluated(source, tree, evaluator)
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


__all__ = ["Filter", "compile_filter", "in_words"]
