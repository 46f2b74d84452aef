"""An expression told with its values: the tree of its parts as it was written, and what each was worth when it was asked.

program("input.amount > 10 && input.vip")        with {"input": {"amount": 7}}

input.amount > 10 && input.vip      false
├─ input.amount > 10                false
│  └─ input.amount                  7
└─ input.vip                        not asked
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.errors import ExpressionError
from domain.expressions.program import Program
from domain.expressions.trace import Traced
from domain.expressions.tree import Has, Literal, Name, Node, Select, children

PARTS_MAX: Final = 300
"""So many parts of an expression are told; an expression may have thousands."""


class Part(NamedTuple):
    """A part of an expression: its text, its values (one; inside of a macro the first ones of its items; none: it was not asked)."""

    text: str
    values: tuple[Any, ...]
    fault: str
    """What went wrong in it, else empty."""
    parts: tuple[Part, ...]


def told(asked: Program, names: Mapping[str, Any]) -> Part:
    """The expression with the values of its parts. Names are those that it was asked with. Raises ExpressionError for one that is none."""
    tree = asked.tree
    found = {(one.start, one.end): one for one in asked.explain(names)}
    return _part(asked.source, tree, found, [PARTS_MAX])


def told_or_none(asked: Program, names: Mapping[str, Any]) -> Part | None:
    """The same; None for what cannot be read."""
    try:
        return told(asked, names)
    except ExpressionError:
        return None


def _part(source: str, node: Node, found: Mapping[tuple[int, int], Traced], left: list[int]) -> Part:
    left[0] -= 1
    traced = found.get((node.start, node.end))
    values = () if traced is None else tuple(traced.values)
    fault = traced.faults[0] if traced is not None and traced.faults else ""
    below = [_part(source, one, found, left) for one in _shown(node) if left[0] > 0]
    return Part(source[node.start : node.end], values, fault, tuple(below))


def _shown(node: Node) -> Iterator[Node]:
    """The parts below that say something: no literals, which are what they say, and of `a.b.c` no `a.b` and no `a`."""
    for one in children(node):
        if isinstance(one, Literal):
            continue
        if isinstance(node, _STEPS) and isinstance(one, _STEPS):
            yield from _shown(one)
        else:
            yield one


_STEPS: Final = (Select, Name, Has)
"""The steps of a path."""
