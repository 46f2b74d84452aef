"""Chance: random bits of the system, fetched in blocks, since an id for every request is asked for thousands of times a second."""

from __future__ import annotations

import os
from typing import Final

_BYTES: Final = 5
_BLOCK_BYTES: Final = 1_000 * _BYTES


class Chance:
    """Gives 40 random bits at a time, for the ids of `contracts.ids`. For one thread, and not over a fork."""

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def bits(self) -> int:
        """A number below 2 to the 40th."""
        at = self._at
        if at >= len(self._block):
            self._block, at = os.urandom(_BLOCK_BYTES), 0
        self._at = at + _BYTES
        return int.from_bytes(self._block[at : self._at], "big")
