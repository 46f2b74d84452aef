"""Hearers: who is told of each round of an owner once it is durable, after everybody was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from workers.partition.round import Made

Heard: TypeAlias = Callable[[int, Sequence[Made]], None]
"""Gets the offset at which a round begins, and its decisions, which stand there one after the other; after a takeover there are none."""


class Hearers:
    """Whom to call back. What one of them raises is a bug in the engine, and not caught here."""

    def __init__(self) -> None:
        self._all: tuple[Heard, ...] = ()

    def add(self, heard: Heard) -> Callable[[], None]:
        """Call back from the next round on; what is given back ends that."""
        self._all += (heard,)

        def remove() -> None:
            self._all = tuple(one for one in self._all if one is not heard)

        return remove

    def tell(self, base: int, made: Sequence[Made]) -> None:
        """This round is durable."""
        for heard in self._all:
            heard(base, made)
