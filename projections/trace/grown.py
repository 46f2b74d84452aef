"""What only grows: things by their numbers, and how many of them there were with each version."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")


class Moment:
    """The version that is folded just now."""

    def __init__(self) -> None:
        self.version = 0


class Grown(Generic[T]):
    """Things in the order in which they were come upon."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.items: list[T] = []
        self._versions = array("i")

    def add(self, item: T) -> int:
        """One more; its number."""
        self.items.append(item)
        self._versions.append(self._moment.version)
        return len(self.items) - 1

    def known_at(self, version: int) -> int:
        """How many there were with the events up to this version."""
        return bisect_right(self._versions, version)
