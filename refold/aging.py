"""Aging: the most urgent go first, and of ten turns one goes round all levels, so that nothing waits for ever behind the urgent."""

from __future__ import annotations

from typing import Final

ROUND_EVERY: Final = 10
"""One turn in so many does not go to the most urgent level that has something, but to each level in turn."""


class Aging:
    """Whose turn it is among the levels of what waits. Threads may ask at once: a turn that is counted once less harms nobody."""

    def __init__(self) -> None:
        self._turn = 0

    def first(self, levels: int) -> int:
        """With which level to begin, of so many, counted from the most urgent one."""
        if levels < 2:
            return 0
        self._turn += 1
        rounds, rest = divmod(self._turn, ROUND_EVERY)
        return 0 if rest else rounds % levels
