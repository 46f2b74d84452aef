"""`+` and `-` of whole numbers, times and durations: their sums are moved to the side of the constant."""

from __future__ import annotations

from typing import Any, Final

from contracts.ports.where import all_of
from domain.expressions.tree import Node
from domain.expressions.values import NS, Moment, Span, kind_of
from domain.expressions.words import a_kind
from projections.filter.column import Kind
from projections.filter.comparison import COUNTED, of_value
from projections.filter.operand import Constant, Found, Term
from projections.filter.refusal import refuse

_GIVES: Final[dict[tuple[str, str, str], Kind]] = {
    ("int", "+", "int"): "int",
    ("int", "-", "int"): "int",
    ("timestamp", "+", "duration"): "timestamp",
    ("timestamp", "-", "duration"): "timestamp",
    ("timestamp", "-", "timestamp"): "duration",
    ("duration", "+", "timestamp"): "timestamp",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
}
_FIRST: Final = Moment(-62_135_596_800 * NS)
_LAST: Final = Moment(253_402_300_800 * NS - 1)
_SHORTEST: Final = Span(-(2**63))
_LONGEST: Final = Span(2**63 - 1)
_ONLY: Final = "only `+` and `-` of times, durations and whole numbers can be asked of a database"


def add(node: Node, operator: str, one: Constant | Term | Found, other: Constant | Term | Found) -> Term:
    """`one + other`, `one - other`. Where the result is out of its range there is none."""
    left, right = _term(node, one), _term(node, other)
    kind = _GIVES.get((left.kind, operator, right.kind))
    if kind is None:
        refuse(node, "operator", f"`{operator}` between {a_kind(left.kind)} and {a_kind(right.kind)}", _ONLY)
    sign = 1 if operator == "+" else -1
    terms = (*left.terms, *((sign * factor, value) for factor, value in right.terms))
    there = all_of(left.there, right.there)
    return _bounded(Term(node=node, kind=kind, terms=terms, constant=left.constant + sign * right.constant, there=there))


def negated(node: Node, one: Constant | Term | Found) -> Term:
    """`-one`."""
    term = _term(node, one)
    if term.kind != "int":
        refuse(node, "operator", f"`-` before {a_kind(term.kind)}", _ONLY)
    terms = tuple((-factor, value) for factor, value in term.terms)
    return Term(node=node, kind="int", terms=terms, constant=-term.constant, there=term.there)


def _term(node: Node, operand: Constant | Term | Found) -> Term:
    if isinstance(operand, Term) and operand.kind in COUNTED and operand.search is None:
        return operand
    if isinstance(operand, Constant):
        return _constant(node, operand.value)
    if isinstance(operand, Term) and operand.search is None:
        refuse(node, "operator", f"an operand is {a_kind(operand.kind)}", _ONLY)
    return refuse(node, "search_value", "search values are not added up", "bring the other to the side of the constant")


def _constant(node: Node, value: Any) -> Term:
    if type(value) is int:
        return Term(node=node, kind="int", terms=(), constant=value)
    if isinstance(value, Moment):
        return Term(node=node, kind="timestamp", terms=(), constant=value.ns)
    if isinstance(value, Span):
        return Term(node=node, kind="duration", terms=(), constant=value.ns)
    return refuse(node, "operator", f"an operand is {a_kind(kind_of(value))}", _ONLY)


def _bounded(term: Term) -> Term:
    """The term where it is in the range of its kind."""
    if term.kind == "int":
        return term
    first, last = (_FIRST, _LAST) if term.kind == "timestamp" else (_SHORTEST, _LONGEST)
    is_in_range = all_of(of_value(term.node, term, ">=", first)[0], of_value(term.node, term, "<=", last)[0])
    return Term(node=term.node, kind=term.kind, terms=term.terms, constant=term.constant, there=all_of(term.there, is_in_range))
