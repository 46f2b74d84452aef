"""Late starts: what has to be waited for before they can begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from api.service import Started
from contracts.errors import RefoldError

Forget: TypeAlias = Callable[[], None]
Then: TypeAlias = Callable[[Started | Exception], None]
Begin: TypeAlias = Callable[[str], Forget]
"""Starts it under an id."""


class LateStart:
    """A start that has to wait for something before it begins."""

    def __init__(self, begin: Begin, then: Then) -> None:
        self._begin, self._then = begin, then
        self._forget: Forget = _nothing
        self._is_forgotten = False

    def begin(self, name: str = "") -> None:
        """What was waited for is there: start it, unless the caller has gone."""
        if self._is_forgotten:
            return
        try:
            self._forget = self._begin(name)
        except RefoldError as refused:
            self._then(refused)

    def refuse(self, error: Exception) -> None:
        """It cannot be started."""
        if not self._is_forgotten:
            self._then(error)

    def forget(self) -> None:
        """Nobody waits any more."""
        self._is_forgotten = True
        self._forget()


def _nothing() -> None:
    """Nothing was started yet."""
