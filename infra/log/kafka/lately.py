"""What a process has appended of late, and so may lean on: by its own memory, and by clocks of which one counts a machine's sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LATELY_S: Final = 12 * 3600.0
"""So long a blob that was appended here is not appended again: a third of the time after which what nothing refers to is deleted."""
REMEMBERED_MAX: Final = 100_000


class Lately:
    """Names, each for a while. With clocks in seconds: where they disagree it counts as longer ago."""

    def __init__(
        self, clocks: tuple[Callable[[], float], ...] = (time.time, time.monotonic), most: int = REMEMBERED_MAX, lasts_s: float = LATELY_S
    ) -> None:
        self._clocks, self._most, self._lasts_s = clocks, most, lasts_s
        self._times: dict[bytes, list[float]] = {}

    def add(self, name: bytes, began: list[float]) -> None:
        """It was appended, which began then (see `now`); the oldest of too many is forgotten."""
        self._times.pop(name, None)
        self._times[name] = began
        if len(self._times) > self._most:
            del self._times[next(iter(self._times))]

    def has(self, name: bytes) -> bool:
        """Whether it was appended of late."""
        then = self._times.get(name)
        return then is not None and all(0 <= now - before < self._lasts_s for now, before in zip(self.now(), then, strict=True))

    def now(self) -> list[float]:
        """What the clocks say."""
        return [clock() for clock in self._clocks]
