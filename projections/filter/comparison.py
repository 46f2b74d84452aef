"""Comparisons: what is equal, what comes before what, and what of it a database can be asked."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from contracts.ports.where import Is, OneOf, Operator, Value, Where, all_of, some_of
from domain.expressions.tree import Node
from domain.expressions.values import NUMBERS, Moment, Span, kind_of
from domain.expressions.words import Comparisons, a_kind, meant, nearest
from projections.filter.bounds import OPPOSITE, TURNED, compare_double, compare_sum, compare_text
from projections.filter.column import MS
from projections.filter.found import compare_found, equal_found
from projections.filter.operand import FALSE, TRUE, Both, Constant, Found, Term
from projections.filter.refusal import SHOWN_CHARS_MAX, refuse
from projections.filter.within import beside

COUNTED: Final = frozenset(("int", "timestamp", "duration"))
"""Kinds that are stored as whole numbers, and may be added up."""
KINDS_ALIKE: Final = {"int": ("int", "uint", "double"), "double": ("int", "uint", "double")}
"""Kinds of constants that a column is compared with, where that is not its own kind alone."""
ONE_BY_ONE: Final = "compare each of the two with a constant"


def compare(node: Node, operator: Operator, one: Constant | Term | Found, other: Constant | Term | Found) -> Both:
    """Whether a comparison holds, or does not."""
    if isinstance(one, Constant):
        one, other, operator = other, one, TURNED[operator]
    if isinstance(one, Constant):
        return _constants(node, operator, one, other)
    if operator == "<>":
        return Both(*reversed(compare(node, "=", one, other)))
    if isinstance(one, Found) or isinstance(other, Found):
        return _found(node, operator, one, other)
    if isinstance(other, Constant):
        return _with_constant(node, operator, one, other.value)
    return _of_two(node, operator, one, other)


def _constants(node: Node, operator: Operator, one: Constant, other: Any) -> Both:
    """Two constants that meet within a choice."""
    a, b = one.value, other.value
    is_number = type(a) in NUMBERS and type(b) in NUMBERS
    if not is_number and not (type(a) is type(b) and type(a) in (str, bool)):
        refuse(node, "constant", f"compares {a_kind(kind_of(a))} with {a_kind(kind_of(b))}, and neither is of the row", "leave it out")
    is_so = {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
    return TRUE if is_so else FALSE


def _found(node: Node, operator: Operator, one: Term | Found, other: Constant | Term | Found) -> Both:
    if isinstance(one, Found) and isinstance(other, Constant):
        return equal_found(node, one, other.value) if operator == "=" else compare_found(node, operator, one, other.value)
    return refuse(node, "search_value", "a search value is compared with constants only", ONE_BY_ONE)


def told(term: Term, is_so: Where, is_not: Where) -> Both:
    """What holds of a value that is there; of null neither."""
    return Both(beside(term, all_of(term.there, is_so)), beside(term, all_of(term.there, is_not)))


def _with_constant(node: Node, operator: Operator, term: Term, value: Any) -> Both:
    if value is None and operator == "=":
        return Both(beside(term, term.missing), beside(term, term.there))
    check_kinds(node, operator, term, value)
    holds = told(term, *of_value(node, term, operator, value))
    return Both(holds.yes, some_of(holds.no, beside(term, term.missing))) if operator == "=" else holds


def check_kinds(node: Node, operator: Operator, term: Term, value: Any) -> None:
    """Refuse what is never equal, or has no order, or is none of the choices."""
    kind = kind_of(value)
    if term.kind == "map":
        refuse(node, "kinds", "all fields together are compared with null only", "compare one of them")
    if kind in KINDS_ALIKE.get(term.kind, (term.kind,)):
        _check_choice(node, operator, term, value)
        return
    said = "are never equal" if operator in ("=", "<>") else "have no order"
    refuse(node, "kinds", f"{a_kind(term.kind)} and {a_kind(kind)} {said}", _fix_of(term.kind, value))


def _check_choice(node: Node, operator: Operator, term: Term, value: Any) -> None:
    if not term.choices or operator != "=" or value in term.choices:
        return
    shown = value if len(value) <= SHOWN_CHARS_MAX else f"{value[:SHOWN_CHARS_MAX]}…"
    near, meant_ = nearest(value, term.choices), meant(value, term.choices, Comparisons())
    refuse(node, "choices", f"there is no `{shown}`; known are {', '.join(near)}", f"write `'{meant_}'`" if meant_ else "")


def _fix_of(kind: str, value: Any) -> str:
    if kind == "timestamp" and type(value) is str:
        return f"write `timestamp('{value}')`"
    if kind == "duration" and type(value) is str:
        return f"write `duration('{value}')`"
    if kind == "duration" and type(value) in NUMBERS:
        return f"write `duration('{value}s')` if you mean seconds"
    return f"compare with {a_kind(kind)}"


def of_value(node: Node, term: Term, operator: Operator, value: Any) -> tuple[Where, Where]:
    """Where the comparison with a constant of its kind holds of a value that is there, and where it does not."""
    return _one(node, term, operator, value), _one(node, term, OPPOSITE[operator], value)


def _one(node: Node, term: Term, operator: Operator, value: Any) -> Where:
    if term.kind in COUNTED:
        return _counted(node, term, operator, _scaled(term.kind, value) - _offset(term))
    if term.kind == "double":
        return compare_double(term.value, operator, value)
    if term.kind == "string":
        if operator == "<>" and value in term.choices:
            return _of_others(term, (value,))
        return compare_text(term.value, operator, value)
    return Is(term.value, operator, int(value))


def _of_others(term: Term, values: tuple[str, ...]) -> Where:
    """The value is another of those that it can be: these an index finds."""
    return OneOf(term.value, tuple(choice for choice in term.choices if choice not in values))


def _counted(node: Node, term: Term, operator: Operator, bound: Fraction) -> Where:
    """Times are small enough to be added up in a database; other whole numbers are compared as they are."""
    factors = _factors(term)
    if term.kind != "int" or len(factors) <= 1:
        return compare_sum(factors, operator, bound)
    if bound != 0 or sorted(factors.values()) != [-1, 1]:
        refuse(node, "sums", "whole numbers of the row are not added up", ONE_BY_ONE)
    more, less = sorted(factors, key=lambda value: -factors[value])
    return Is(more, operator, less)


def _factors(term: Term) -> dict[Value, int]:
    found: dict[Value, int] = {}
    for factor, value in term.terms:
        found[value] = found.get(value, 0) + factor
    return {value: factor for value, factor in found.items() if factor}


def _scaled(kind: str, value: Any) -> Fraction:
    """The number that is stored for a constant; of a time in milliseconds, and exactly."""
    return Fraction(value.ns, MS) if isinstance(value, Moment | Span) else Fraction(value)


def _offset(term: Term) -> Fraction:
    return Fraction(term.constant, 1 if term.kind == "int" else MS)


def _of_two(node: Node, operator: Operator, one: Term, other: Term) -> Both:
    if one.search is not None or other.search is not None:
        refuse(node, "search_value", "a search value is compared with constants only", ONE_BY_ONE)
    if one.kind != other.kind or one.kind == "map":
        are_numbers = {one.kind, other.kind} == {"int", "double"}
        said = "are not compared with each other" if are_numbers else "are never equal" if operator == "=" else "have no order"
        refuse(node, "kinds", f"{a_kind(one.kind)} and {a_kind(other.kind)} {said}", ONE_BY_ONE)
    are_there = all_of(one.there, other.there)
    yes, no = (all_of(are_there, _two(node, each, one, other)) for each in (operator, OPPOSITE[operator]))
    if operator != "=":
        return Both(yes, no)
    only_one = some_of(all_of(one.there, other.missing), all_of(one.missing, other.there))
    return Both(some_of(yes, all_of(one.missing, other.missing)), some_of(no, only_one))


def _two(node: Node, operator: Operator, one: Term, other: Term) -> Where:
    if one.kind not in COUNTED:
        return Is(one.value, operator, other.value)
    terms = (*one.terms, *((-factor, value) for factor, value in other.terms))
    between = Term(node=node, kind=one.kind, terms=terms, constant=one.constant - other.constant)
    return _counted(node, between, operator, -_offset(between))


def one_of(node: Node, term: Term, values: list[Any]) -> Both:
    """Whether a value is among constants of its kind, at best in one condition."""
    for value in values:
        if value is not None:
            check_kinds(node, "=", term, value)
    found = [value for value in values if value is not None]
    texts = [value for value in found if type(value) is str and "\0" not in value]
    yes, no = list[Where](), list[Where]()
    if texts:
        yes.append(OneOf(term.value, tuple(dict.fromkeys(texts))))
        no.append(_of_others(term, tuple(texts)) if term.choices else OneOf(term.value, tuple(dict.fromkeys(texts)), False))
    for value in found:
        if type(value) is not str:
            is_so, is_not = of_value(node, term, "=", value)
            yes.append(is_so)
            no.append(is_not)
    told_ = told(term, some_of(*yes), all_of(*no))
    null = beside(term, term.missing)
    return Both(some_of(told_.yes, null), told_.no) if None in values else Both(told_.yes, some_of(told_.no, null))
