"""Waiting for a condition, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 60.0
LOOK_EVERY_S = 0.005


def until(what: str, holds: Callable[[], bool], check: Callable[[], None] = lambda: None, limit_s: float = LIMIT_S) -> None:
    """Wait until something holds. Raises TimeoutError, and what `check` raises while it does not."""
    deadline = time.monotonic() + limit_s
    while not holds():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit_s:g} s in vain until {what}")
        time.sleep(LOOK_EVERY_S)
