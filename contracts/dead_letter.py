"""Dead letters: what could not be read or handled, why, and where it came from; and what became of them. This is a storage format."""

from __future__ import annotations

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, array_like=True):
    """A message nobody could read or handle: its bytes, the reason, its origin and when it was given up (ms since 1970)."""

    content: bytes
    reason: str
    origin: str
    recorded_at: int


class LetterAct(msgspec.Struct, frozen=True, array_like=True, tag="act"):
    """What somebody has done about the letter at an offset of the same topic: `sending`, then `sent` or `failed`; or `dropped`.

    `revision` counts the acts about a letter from 1. Of several with the same one, the first that stands there counts.
    """

    letter: int
    act: str
    revision: int
    actor: str
    correlation: str
    reason: str
    recorded_at: int
