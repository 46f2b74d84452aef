"""What is put off as the machine is short of something: commands not decided, decisions not acted on. Tried again after a pause."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

_log = logging.getLogger("refold.owner")
T = TypeVar("T")

PAUSE_MS: Final = 1_000
"""How long what was put off waits, also an owner where there is no room or a claim could not be made."""


class PutOff(Generic[T]):
    """Things for later, and the reason as long as there are any."""

    def __init__(self) -> None:
        self._waiting: list[T] = []
        self._due = 0
        self.why = ""
        """What is short; empty where nothing is."""

    def add(self, things: Iterable[T], why: str, now: int) -> None:
        """Keep these for later, where something is short. The first time it is told."""
        if not why:
            return
        if not self.why:
            _log.error("the server is short of something and tries again: %s", why)
        self._waiting.extend(things)
        self._due = now + PAUSE_MS
        self.why = why

    def take_due(self, now: int) -> list[T]:
        """What is to be tried again now."""
        if not self.why or self._due - PAUSE_MS <= now < self._due:  # else it is due, or the clock went back
            return []
        due, self._waiting, self.why = self._waiting, [], ""
        return due

    def clear(self) -> None:
        """It is all found again otherwise."""
        self._waiting, self.why = [], ""

    @property
    def due(self) -> int | None:
        """When something is to be tried again (milliseconds since 1970)."""
        return self._due if self.why else None
