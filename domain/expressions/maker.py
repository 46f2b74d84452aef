"""What the compiler and the makers of its parts share: the closure that a part becomes, and what a maker may ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from domain.expressions.tree import Node

Frame: TypeAlias = list[Any]
"""The names, the meter, and a slot for each variable of a macro."""
Run: TypeAlias = Callable[[Frame], Any]
"""The closure that a part is compiled to."""


class Maker(Protocol):
    """What a part asks for whose own parts have to be compiled: of `Compiler`, which knows all parts."""

    def make(self, node: Node) -> Run:
        """The closure of a part."""

    def make_all(self, nodes: Sequence[Node]) -> list[Run]:
        """The closures of several parts."""

    def inside(self, variables: Sequence[str], *nodes: Node | None) -> tuple[list[int], list[Run | None]]:
        """The slots of new variables, and the closures of parts that see them."""

    def new_slot(self) -> int:
        """A place in the frame that nothing else uses."""

    def is_variable(self, name: str) -> bool:
        """Whether the name is a variable of a macro around."""
