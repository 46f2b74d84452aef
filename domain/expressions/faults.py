"""What goes wrong in an expression, as values: words are made of them only where one leaves (`messages.py`)."""

from __future__ import annotations

from typing import Any, Final

from domain.expressions.tree import Node

UNITS_MAX: Final = 100_000
"""What one evaluation may cost. A macro costs its items times the parts of its body, and is charged before it begins."""
RESULT_BYTES_MAX: Final = 16 * 1024 * 1024
"""How long the JSON of a result may be; parts that stand in several places count as often as they stand."""
RESULT_DEPTH_MAX: Final = 200
"""How deep what an expression builds may be nested."""


class Unreadable(Exception):
    """The source is no expression: what is wrong, and at which character."""

    def __init__(self, said: str, at: int, kind: str = "syntax", *values: Any) -> None:
        super().__init__(said)
        self.said = said
        self.at = at
        self.kind = kind
        self.values = values


class Fault(Exception):
    """There is no value: which fault, and what was found. `&&`, `||`, `all` and `exists` may absorb it."""

    def __init__(self, kind: str, *values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values
        self.node: Node | None = None


class Limit(Exception):
    """An evaluation, or the decision around it, is over a bound. Nothing absorbs it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.node: Node | None = None


class Meter:
    """What is left of the bounds: units of work, and bytes of results."""

    __slots__ = ("left", "patterns", "room")

    def __init__(self, left: int = UNITS_MAX, room: int = RESULT_BYTES_MAX, patterns: frozenset[str] = frozenset()) -> None:
        self.left = left
        self.room = room
        self.patterns = patterns
        """The computed patterns of this evaluation that were paid for."""

    def charge(self, units: int) -> None:
        """Take units for what is about to be done. Raises Limit where there are not so many."""
        self.left -= units
        if self.left < 0:
            raise Limit("units")
