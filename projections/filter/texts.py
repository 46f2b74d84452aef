"""Conditions about texts that both databases answer as our language does."""

from __future__ import annotations

from typing import Final, Literal

from contracts.ports.where import NEVER, Contains, Derived, Is, all_of, some_of
from domain.expressions.tree import Node
from projections.filter.bounds import compare_text
from projections.filter.comparison import told
from projections.filter.operand import Both, Term
from projections.filter.refusal import refuse

TESTS: Final = ("startsWith", "endsWith", "contains", "matches")
CASES: Final[dict[str, Literal["lower", "upper"]]] = {"lowerAscii": "lower", "upperAscii": "upper"}
_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_LAST_CHAR: Final = 0x10FFFF


def test_of(node: Node, name: str, term: Term, part: str) -> Both:
    """`text.startsWith(part)` and its like."""
    if name == "matches":
        return _matches(node, term, part)
    if "\0" in part:
        return told(term, NEVER, Is(term.value, ">=", ""))
    if name == "startsWith":
        return _starts_with(term, part)
    return told(term, Contains(term.value, part, name == "endsWith"), Contains(term.value, part, name == "endsWith", False))


def _starts_with(term: Term, part: str) -> Both:
    """A text begins with a part where it lies between it and the next one of that length: an index finds such."""
    value, behind = term.value, _next(part)
    if not part:
        return told(term, Is(value, ">=", ""), NEVER)
    if not behind:
        return told(term, Is(value, ">=", part), Is(value, "<", part))
    begins = all_of(Is(value, ">=", part), Is(value, "<", behind))
    return told(term, begins, some_of(Is(value, "<", part), Is(value, ">=", behind)))


def _next(part: str) -> str:
    """The first text behind all that begin with the part; empty where there is none."""
    rest = part.rstrip(chr(_LAST_CHAR))
    if not rest:
        return ""
    code = ord(rest[-1]) + 1
    return rest[:-1] + chr(0xE000 if code == 0xD800 else code)


def _matches(node: Node, term: Term, pattern: str) -> Both:
    """A pattern that is nothing but a text, be it bound to the beginning or the end or not."""
    text = pattern.removeprefix("^").removesuffix("$")
    if "\0" in text or not _SPECIAL.isdisjoint(text):
        refuse(node, "pattern", "databases read patterns otherwise than we do", "use `startsWith`, `endsWith` or `contains`")
    begins, ends = pattern.startswith("^"), pattern.endswith("$")
    if begins and ends:
        return told(term, compare_text(term.value, "=", text), compare_text(term.value, "<>", text))
    return test_of(node, "startsWith" if begins else "endsWith" if ends else "contains", term, text)


def in_case(term: Term, name: str, node: Node) -> Term:
    """`text.lowerAscii()`, `text.upperAscii()`."""
    return Term(node=node, kind="string", terms=((1, Derived(CASES[name], term.value)),), there=term.there, search=term.search)


def length_of(term: Term, node: Node) -> Term:
    """`size(text)`."""
    return Term(node=node, kind="int", terms=((1, Derived("length", term.value)),), there=term.there, search=term.search)
