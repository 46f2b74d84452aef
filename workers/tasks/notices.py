"""Notices: what happens again and again is said at once, and then once in a while with how often; so an outage is no wall of text."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

TELL_EVERY_S: Final = 10.0


class Notices:
    """Writes to a log; what is about the same is said once in `TELL_EVERY_S`."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._said: dict[str, tuple[float, int]] = {}

    def say(self, level: int, about: str, message: str) -> None:
        """Say it, unless something about the same was said a moment ago."""
        at, silent = self._said.get(about, (float("-inf"), 0))
        now = self._clock()
        if now < at + TELL_EVERY_S:
            self._said[about] = at, silent + 1
            return
        self._said[about] = now, 0
        self._log.log(level, "%s%s", message, f" (and {silent} more of the kind since)" if silent else "")
