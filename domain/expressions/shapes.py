"""Shapes: what is known of a value before there is one. What is not known is anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from domain.expressions.values import KINDS

Kinds: TypeAlias = frozenset[str] | None
"""The kinds that a value may have; None where any may be."""


class Shape:
    """The kinds of a value; of a map the fields that are known, and whether it has no others."""

    __slots__ = ("is_closed", "kinds", "names")

    def __init__(self, kinds: Kinds = None, names: tuple[str, ...] = (), is_closed: bool = False) -> None:
        self.kinds = kinds
        self.names = names
        self.is_closed = is_closed

    def field(self, name: str) -> Shape:
        """What is known of the value of a key."""
        return ANYTHING

    def item(self) -> Shape:
        """What is known of the items of a list."""
        return ANYTHING

    def lacks(self, name: str) -> bool:
        """Whether there can be no such key."""
        return self.is_closed and name not in self.names


ANYTHING: Final = Shape()
OF_KIND: Final = {kind: Shape(frozenset((kind,))) for kind in KINDS.values()}
"""The shape of each kind of which nothing more is known."""
Shapes: TypeAlias = Mapping[str, Shape]
"""What is known of the roots."""
EMPTY: Final[Shapes] = {}
