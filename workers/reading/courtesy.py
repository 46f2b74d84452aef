"""Courtesy: who folds a long history lets those go first who only read a list.

Two threads of one interpreter take turns, and one that folds takes long ones: a list that asks for fifty rows would wait for fifty of them.
"""

from __future__ import annotations

import threading
import time
from typing import Final

WAIT_MAX_S: Final = 0.02
"""So long folding waits for lists at most, at a time."""
FOLD_S: Final = 0.005
"""For so long it goes on then, however many lists there are: somebody waits for it, too."""


class Courtesy:
    """Lists `come` and `go`, from any thread; whoever folds asks between two decisions."""

    def __init__(self, wait_max_s: float = WAIT_MAX_S, fold_s: float = FOLD_S) -> None:
        self._wait_max_s, self._fold_s = wait_max_s, fold_s
        self._lock = threading.Lock()
        self._lists = 0
        self._is_free = threading.Event()
        self._is_free.set()
        self._again_at = 0.0

    def come(self) -> None:
        """Somebody wants a list."""
        with self._lock:
            self._lists += 1
            self._is_free.clear()

    def go(self) -> None:
        """It has been read."""
        with self._lock:
            self._lists -= 1
            if not self._lists:
                self._is_free.set()

    def give_way(self) -> None:
        """Wait until nobody wants a list, within bounds."""
        if not self._is_free.is_set() and time.monotonic() >= self._again_at:
            self._is_free.wait(self._wait_max_s)
            self._again_at = time.monotonic() + self._fold_s
