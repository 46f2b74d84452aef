"""Order: the library keeps maps in an order of its own that differs from process to process. Nothing may depend on it.

Maps that leave the library get their keys sorted (`cel.py`). A macro that makes a list of a map's keys would be another
list each time, so it is refused where it meets one: its receiver is bound to a name and asked for its type first.
`exists` and `all` say the same in any order, and are left alone.
"""

from __future__ import annotations

from typing import Final

from domain.expressions.tokens import CLOSING, OPENING, Token, tokens_of

MAKES_A_LIST: Final = frozenset(("map", "filter"))
"""The macros whose result has the order of what they walk."""
NO_ORDER: Final = "a map has no order"
"""The key that is asked of an empty map, so that the engine's own words name what is wrong."""


def guarded(source: str) -> str:
    """The source with a question before each `map` and `filter`: is this a map?"""
    if "map" not in source and "filter" not in source:
        return source
    tokens = tokens_of(source)
    insertions: list[tuple[int, int, str]] = []
    for i, token in enumerate(tokens):
        if token.text != "." or i + 2 >= len(tokens) or tokens[i + 1].text not in MAKES_A_LIST or tokens[i + 2].text != "(":
            continue
        start = tokens[receiver_of(tokens, i)].start
        name = f"walked{i}"
        insertions.append((start, -i, f"cel.bind({name}, "))
        insertions.append((token.start, i, f", type({name}) == map ? dyn({{}})['{NO_ORDER}'] : dyn({name}))"))
    for at, _, text in sorted(insertions, reverse=True):
        source = source[:at] + text + source[at:]
    return source


def receiver_of(tokens: tuple[Token, ...], dot: int) -> int:
    """Where the value before a dot begins: names, calls, indexes and selections that hang together."""
    at = dot - 1
    while at > 0:
        if tokens[at].text in CLOSING:
            closed = tokens[at].text
            at = _opening(tokens, at)
            before = tokens[at - 1] if at > 0 else None
            if before is not None and ((closed == ")" and before.kind == "name") or (closed == "]" and _ends_a_value(before))):
                at -= 1
                continue
        if at > 0 and tokens[at - 1].text == ".":
            if at > 1 and _ends_a_value(tokens[at - 2]):
                at -= 2
                continue
            at -= 1
        break
    return at


def _opening(tokens: tuple[Token, ...], closing: int) -> int:
    depth = 0
    for i in range(closing, -1, -1):
        if tokens[i].text in CLOSING:
            depth += 1
        elif tokens[i].text in OPENING:
            depth -= 1
            if depth == 0:
                return i
    return 0


def _ends_a_value(token: Token) -> bool:
    return token.kind in ("name", "string", "quoted", "number") or token.text in CLOSING
