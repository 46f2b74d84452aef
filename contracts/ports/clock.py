"""The clock: the only way time comes in. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells the time; the system's in production, a manual one in tests and simulation."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC. May jump; whoever needs order does not take it from here."""
