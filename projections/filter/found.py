"""Search values: any JSON, so that a comparison is true, false, or, where the kinds have no order, neither."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from contracts.ports.where import ALWAYS, INT_MAX, INT_MIN, NEVER, Beside, Field, Is, OneOf, Operator, There, Where, all_of, some_of
from domain.expressions.tree import Node
from domain.expressions.values import NUMBERS, kind_of
from domain.expressions.words import a_kind
from projections.filter.bounds import OPPOSITE, compare_double, compare_text, compare_whole
from projections.filter.column import HEAD_CHARS, Texts
from projections.filter.operand import FALSE, Both, Constant, Found, Term
from projections.filter.refusal import refuse
from projections.filter.within import HEAD, KIND, REAL, TEXT, WHOLE, has_row


def is_there(found: Found) -> Both:
    """`has(search.name)`."""
    return Both(has_row(found, ALWAYS), has_row(found, ALWAYS, False))


def truth_found(found: Found) -> Both:
    """A search value that stands as a condition."""
    return Both(has_row(found, _of_kind("true")), has_row(found, _of_kind("false")))


def _of_kind(kind: str) -> Where:
    """A bool, or null: an index has these, since nothing else is stored of them."""
    return all_of(Is(KIND, "=", kind), There("head", False), There("whole", False), There("real", False))


def equal_found(node: Node, found: Found, value: Any) -> Both:
    """`search.name == value`: false also where the kinds differ."""
    yes, no = _equal(node, value)
    return Both(has_row(found, yes), has_row(found, no))


def _equal(node: Node, value: Any) -> tuple[Where, Where]:
    if value is None or type(value) is bool:
        kind = {None: "null", True: "true", False: "false"}[value]
        return _of_kind(kind), Is(KIND, "<>", kind)
    if type(value) is str:
        if "\0" in value:
            return NEVER, ALWAYS
        return equal_text(value), some_of(Is(KIND, "<>", "string"), Is(TEXT, "<>", value))
    if type(value) in NUMBERS:
        _check_size(node, value)
        yes, no = _number("=", value), _number("<>", value)
        return yes, some_of(OneOf(KIND, ("int", "double"), False), no)
    return refuse(node, "kinds", f"a search value is never equal to {a_kind(kind_of(value))}", _fix_of(value))


def equal_text(value: str) -> Where:
    """A text is looked up by its head."""
    head = Is(HEAD, "=", value[:HEAD_CHARS])
    return head if len(value) < HEAD_CHARS else all_of(head, Is(TEXT, "=", value))


def compare_found(node: Node, operator: Operator, found: Found, value: Any) -> Both:
    """`search.name < value`: neither true nor false where the kinds have no order."""
    if type(value) is str:
        yes, no = compare_text(TEXT, operator, value), compare_text(TEXT, OPPOSITE[operator], value)
        return Both(has_row(found, yes), has_row(found, no))
    if type(value) not in NUMBERS:
        refuse(node, "kinds", f"a search value is not ordered beside {a_kind(kind_of(value))}", _fix_of(value))
    _check_size(node, value)
    return Both(has_row(found, _number(operator, value)), has_row(found, _number(OPPOSITE[operator], value)))


def _number(operator: Operator, value: int | float) -> Where:
    """A number that 64 bits hold; whole ones beyond stand among the doubles, on their side of it."""
    whole, real = compare_whole(WHOLE, operator, Fraction(value)), compare_double(REAL, operator, value)
    return some_of(*(There(column) if so == ALWAYS else so for column, so in (("whole", whole), ("real", real))))


def among(node: Node, found: Found, values: list[Any]) -> Both:
    """Whether a search value is one of these."""
    texts = tuple(dict.fromkeys(value for value in values if _is_head(value)))
    others = [_equal(node, value) for value in values if not _is_head(value)]
    yes = [OneOf(HEAD, texts)] if texts else []
    no = [some_of(Is(KIND, "<>", "string"), OneOf(HEAD, texts, False))] if texts else []
    return Both(
        has_row(found, some_of(*yes, *(is_so for is_so, _ in others))),
        has_row(found, all_of(*no, *(is_not for _, is_not in others))),
    )


def _is_head(value: Any) -> bool:
    """Whether it is a text that is found by its head alone."""
    return type(value) is str and "\0" not in value and len(value) < HEAD_CHARS


def _check_size(node: Node, value: int | float) -> None:
    if not INT_MIN <= value <= INT_MAX:
        refuse(node, "large_number", "a search value is not looked up by a number beyond 64 bits", "record it as a text, with `string(…)`")


def _fix_of(value: Any) -> str:
    kind = kind_of(value)
    if kind in ("timestamp", "duration"):
        return f"what is recorded is JSON, where a {kind} is a text: compare with that"
    return "compare with a text, a number, a bool or null"


def has_text(node: Node, one: Constant | Term | Found, column: Texts) -> Both:
    """`'a' in tags`."""
    if not isinstance(one, Constant):
        return refuse(node, "lists", "what is looked for in a list has to be a constant", "write a text")
    if type(one.value) is not str:
        return refuse(node, "kinds", f"the list is of texts, and {a_kind(kind_of(one.value))} is none", "write a text")
    if "\0" in one.value:
        return FALSE
    field = Field(column.column, True)
    is_it = Is(field, "=", one.value) if column.is_once else OneOf(field, (one.value,))
    return Both(Beside(column.table, is_it), Beside(column.table, is_it, False))
