"""Conditions: an expression that is asked of what is at hand, such as a row or an event, whether it is true.

What is wrong with a source is a problem with its line and column, as filters tell it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, Final

from contracts.errors import InvalidInput, Problem
from domain.expressions.compiler import FIRST_SLOT, Compiler, Wrap
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
from domain.expressions.maker import Run
from domain.expressions.messages import of_fault, of_length, of_limit, told_of_source
from domain.expressions.parser import parse
from domain.expressions.tokens import SOURCE_CHARS_MAX
from domain.expressions.trace import locating
from domain.expressions.tree import Node
from domain.expressions.words import Comparisons, meant

_NOT_THERE: Final = ("no_key", "no_name", "no_item")
"""Faults that say that something is not there."""


class Condition:
    """A filter of what is at hand: nothing is asked of a database, so all of our language may stand in it."""

    def __init__(self, source: str, names: Collection[str], units_max: int, wrap: Wrap | None = None) -> None:
        """`units_max` is what asking it once may cost. Raises InvalidInput where it cannot be read, or says another name than these."""
        evaluator = Compiler(names, wrap)
        self.source, self._names, self._units_max = source, names, units_max
        self.tree = read_condition(source)
        self._run = evaluated(source, self.tree, evaluator)
        self._slots = [None] * (evaluator.slots - FIRST_SLOT)

    def takes(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true for these values; where it fails, or costs more than an expression may, it is not."""
        try:
            return self._run([values, Meter(self._units_max), *self._slots]) is True
        except (Fault, Limit):
            return False

    def verdict(self, values: Mapping[str, Any]) -> bool | None:
        """What is certain where no more is known than these values; None where that hangs on the others."""
        try:
            return self._run([values, Meter(self._units_max), *self._slots]) is True
        except (Fault, Limit):
            return None

    def fault(self, values: Mapping[str, Any]) -> str:
        """Why it fails for these values, other than that something is not there; nothing where it does not."""
        try:
            self._located([values, Meter(self._units_max), *self._slots])
        except Limit as limit:
            return of_limit(self.source, limit)
        except Fault as fault:
            is_missing = fault.kind in _NOT_THERE or (fault.kind == "no_fields" and fault.values[0] == "null")
            return "" if is_missing else of_fault(self.source, fault, Comparisons())
        return ""

    @cached_property
    def _located(self) -> Run:
        return Compiler(self._names, locating).make(self.tree)


def read_condition(source: str) -> Node:
    """The tree of a source. Raises InvalidInput where it cannot be read."""
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


def evaluated(source: str, tree: Node, evaluator: Compiler) -> Run:
    """As our language evaluates it: names and functions are there, patterns can be read. Raises InvalidInput."""
    try:
        return evaluator.make(tree)
    except Unreadable as unreadable:
        if unreadable.kind != "unknown_name":
            raise _unreadable(source, unreadable) from None
        near = meant(unreadable.values[0], evaluator.names, Comparisons())
        said, fix = f"{unreadable.said}; known are {', '.join(sorted(evaluator.names))}", f"write `{near}`" if near else ""
        raise problem_at(source, unreadable.at, "unknown_name", said, fix) from None


def problem_at(source: str, at: int, rule: str, said: str, fix: str = "") -> InvalidInput:
    """What is wrong at a character of a filter."""
    line = source.count("\n", 0, at) + 1
    column = at - (source.rfind("\n", 0, at) + 1) + 1
    return InvalidInput([Problem("/filter", rule, said, fix, line, column)])


def in_words(problem: Problem) -> str:
    """A problem of a filter in one line: its place, what it is, what to write instead."""
    said = f"line {problem.line}, column {problem.column}: {problem.message}"
    return f"{said}; {problem.fix}" if problem.fix else said
