"""Dead letters: what could not be read or handled, why, and where it came from. This is a storage format."""

from __future__ import annotations

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, array_like=True):
    """A message nobody could read or handle: its bytes, the reason, its origin and when it was given up (ms since 1970)."""

    content: bytes
    reason: str
    origin: str
    recorded_at: int
