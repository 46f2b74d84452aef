"""Comparisons of numbers, exactly: whole numbers that are stored against any number that a filter may name."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from contracts.ports.where import ALWAYS, INT_MAX, INT_MIN, NEVER, Is, Operator, Sum, Value, Where

OPERATORS: Final[dict[str, Operator]] = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
OPPOSITE: Final[dict[Operator, Operator]] = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
TURNED: Final[dict[Operator, Operator]] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator with its sides exchanged."""


def known(holds: bool) -> Where:
    """What is so in all rows, or in none."""
    return ALWAYS if holds else NEVER


def compare_whole(value: Value, operator: Operator, bound: Fraction) -> Where:
    """A stored whole number against any number: as a comparison with a whole one that 64 bits hold."""
    if operator in ("=", "<>"):
        is_possible = bound.denominator == 1 and INT_MIN <= bound <= INT_MAX
        return Is(value, operator, int(bound)) if is_possible else known(operator == "<>")
    whole = math.ceil(bound) if operator in ("<", ">=") else math.floor(bound)
    if INT_MIN <= whole <= INT_MAX:
        return Is(value, operator, whole)
    return known((whole > 0) == (operator in ("<", "<=")))


def compare_sum(terms: dict[Value, int], operator: Operator, bound: Fraction) -> Where:
    """A sum of stored whole numbers against any number."""
    if not terms:
        sign = (bound < 0) - (bound > 0)  # of 0 against the bound
        return known({"=": sign == 0, "<>": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator])
    if len(terms) == 1:
        ((value, factor),) = terms.items()
        return compare_whole(value, operator if factor > 0 else TURNED[operator], bound / factor)
    return compare_whole(Sum(tuple((factor, value) for value, factor in terms.items())), operator, bound)


def compare_double(value: Value, operator: Operator, number: int | float) -> Where:
    """A stored double against any number: the nearest double decides, and on which side of it the number lies."""
    try:
        nearest = float(number)
    except OverflowError:
        if operator in ("=", "<>"):
            return known(operator == "<>")
        return known((number > 0) == (operator in ("<", "<=")))
    if nearest == number:
        return Is(value, operator, nearest)
    if operator in ("=", "<>"):
        return known(operator == "<>")
    if operator in ("<", "<="):
        return Is(value, "<" if nearest > number else "<=", nearest)
    return Is(value, ">" if nearest < number else ">=", nearest)


def compare_text(value: Value, operator: Operator, text: str) -> Where:
    """A stored text against any text. None that is stored has a NUL in it, and no parameter may."""
    before, nul, _ = text.partition("\0")
    if not nul:
        return Is(value, operator, text)
    if operator in ("=", "<>"):
        return known(operator == "<>")
    return Is(value, "<=" if operator in ("<", "<=") else ">", before)
