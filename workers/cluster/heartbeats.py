"""The heartbeats of one process: which were made, which have come back, and whether what was folded is fresh."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

UNREAD_MAX: Final = 100
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_s() -> float:
    """Seconds that have passed, those included in which the process or the machine was frozen."""
    return time.clock_gettime(_CLOCK)


class Beats:
    """Counts heartbeats, and knows when each was made that has not come back yet."""

    def __init__(self, clock: Callable[[], float] = now_s) -> None:
        self._clock = clock
        self.made = 0
        """The number of the last one that was made."""
        self.joined_at: float | None = None
        """When the first came back."""
        self._made_at: dict[int, float] = {}
        self._fresh_at = float("-inf")

    def make(self) -> int:
        """The number of the next one."""
        self.made += 1
        self._made_at[self.made] = self._clock()
        if len(self._made_at) > UNREAD_MAX:
            del self._made_at[min(self._made_at)]
        return self.made

    def come_back(self, beat: int) -> None:
        """One was read: so was all that was in the topic when it was made."""
        self._fresh_at = max(self._fresh_at, self._made_at.get(beat, float("-inf")))
        self._made_at = {one: at for one, at in self._made_at.items() if one > beat}
        if self.joined_at is None:
            self.joined_at = self._clock()

    def is_fresh(self, within_s: float) -> bool:
        """Whether one that was made so shortly ago has come back."""
        return self._clock() - self._fresh_at <= within_s
