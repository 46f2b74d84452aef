"""How much an expression could multiply what it is given, refused before it is evaluated.

The engine counts the items that macros visit, not the memory. `[x].map(a, [a, a]).map(b, [b, b])` visits one item in
each step and doubles the value every time, so thirty short steps would fill any machine; so would a row of
`.replace("a", "aaaa")`. What such a chain can do is bounded by the product of how often each macro uses its variable
and how much longer each replacement is. Where a replacement or separator is computed, strings are multiplied with each
other, and how long they may be is asked at every evaluation.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from domain.expressions.tokens import MACROS, Token, arguments_of, is_field, scopes_of, string_value, tokens_of

GROWTH_MAX: Final = 100_000
"""The product of the uses of all macro variables, and of the growth by all replacements, in one expression."""
PRODUCT_CHARS_MAX: Final = 1_000_000_000
"""No string may be able to get longer than this when an expression multiplies strings with each other."""

_MAYBE = re.compile(rf"\b(?:{'|'.join(sorted(MACROS))}|replace)\b")


def growth_of(source: str) -> int:
    """How many copies of a value the macros and constant replacements of an expression can make of one."""
    if not _MAYBE.search(source):
        return 1
    tokens = tokens_of(source)
    product = 1
    for name, first, last in scopes_of(tokens):
        uses = sum(1 for i in range(first + 1, last) if tokens[i].text == name and not is_field(tokens, i))
        product *= max(1, uses)
    for arguments in arguments_of(tokens, "replace"):
        if len(arguments) >= 2 and (new := _constant(arguments[1])) is not None:
            old = _constant(arguments[0])
            product *= max(1, -(-len(new) // len(old)) if old else len(new) + 1)
    return product


def multiplied_of(source: str) -> int:
    """How often an expression multiplies one string by another: replacements and separators that are computed."""
    if "replace" not in source and "join" not in source:
        return 0
    tokens = tokens_of(source)
    computed = [arguments[1] for arguments in arguments_of(tokens, "replace") if len(arguments) >= 2]
    computed += [arguments[0] for arguments in arguments_of(tokens, "join") if arguments]
    return sum(1 for argument in computed if _constant(argument) is None)


def product_of(source: str, multiplied: int, given: list[int]) -> int:
    """How long a string could get, when the values that an expression reads are so long: `given` has one for each reference."""
    tokens = tokens_of(source)
    lengths = sorted(given + [len(token.text) for token in tokens if token.kind == "string"])
    if scopes_of(tokens):  # a variable of a macro can meet itself: every step squares it
        return int(lengths[-1] ** min(2**multiplied, 64)) if lengths else 0
    return math.prod(lengths[-multiplied - 1 :])


def longest_of(value: Any) -> int:
    """The length of the longest string, list or map in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return max(len(value), max(map(longest_of, inner), default=0))
    return 0


def _constant(argument: tuple[Token, ...]) -> str | None:
    return string_value(argument[0].text) if len(argument) == 1 and argument[0].kind == "string" else None
