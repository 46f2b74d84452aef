"""Clocks: the system's, and one that stands still until a test moves it."""

from __future__ import annotations

import time


class SystemClock:
    """The time of this machine."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC. May jump when the machine's clock is set."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock for tests and simulation: time passes when told to, and may go back as a real one's may."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self._now

    def advance(self, ms: int) -> None:
        """Let so many milliseconds pass."""
        assert ms >= 0, f"time passes forwards; {ms} ms is backwards: use `set` for a clock that jumps"
        self._now += ms

    def set(self, ms: int) -> None:
        """Jump to a time, forwards or backwards."""
        self._now = ms
