"""Attempts that wait to be run: the most urgent first, among equals the first to come."""

from __future__ import annotations

from collections import deque
from typing import Final

from workers.running.attempt import Attempt

PRIORITY_MAX: Final = 9


class Waiting:
    """A queue with a level for each priority, 9 the most urgent. Adding and taking may happen in any thread, without a lock."""

    def __init__(self) -> None:
        self._levels: tuple[deque[Attempt], ...] = tuple(deque() for _ in range(PRIORITY_MAX + 1))
        self._urgent_first = self._levels[::-1]

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def add(self, attempt: Attempt) -> None:
        """Put it at the end of its level; a priority out of range counts as the nearest."""
        self._levels[min(PRIORITY_MAX, max(0, attempt.activity.priority))].append(attempt)

    def take(self) -> Attempt | None:
        """The next one, None if nothing waits."""
        for level in self._urgent_first:
            if level:
                try:
                    return level.popleft()
                except IndexError:  # another thread was faster
                    continue
        return None
