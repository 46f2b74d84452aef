"""Rows as a chain: each carries the digest of the row before it, so that none can be taken away, doubled or exchanged.

      row n                                       row n + 1
    ┌────────┬──────────────────────┬──────┐    ┌────────┬──────────────────────┬──────┐
    │ LINKED │ digest of row n − 1  │ body │    │ LINKED │ digest of row n      │ body │
    └────────┴──────────────────────┴──────┘    └────────┴──────────────────────┴──────┘
     └──────────── digest of row n: over key, count and all these bytes ─────┘

A row of which records were removed keeps the digest that it had, and the link that it carried (`infra/log/removed.py`).

The first row of a partition carries zeros. Rows of a build before this one have no link; they may stand before the first
row that has one, and are within its digest, but not behind it.
"""

from __future__ import annotations

import hashlib
from struct import Struct
from typing import Any, Final

from infra.log.body import DamagedBody

LINKED: Final = b"\x03"
REMOVED: Final = b"\x04"
"""How a row begins of which records were removed."""
DIGEST_BYTES: Final = 16
BEGINNING: Final = bytes(DIGEST_BYTES)
"""What the first row of a partition follows on."""

_BODY_FROM: Final = 1 + DIGEST_BYTES
_head: Final = Struct("<qq")


def link(before: bytes, body: bytes) -> bytes:
    """The body of a row that follows on the one with this digest."""
    return b"".join((LINKED, before, body))


def digest_of(key: int, count: int, stored: bytes) -> bytes:
    """The digest of a row, which the next one carries."""
    if stored[:1] == REMOVED:
        return stored[_BODY_FROM : _BODY_FROM + DIGEST_BYTES]
    hasher = hashlib.sha256(_head.pack(key, count))
    hasher.update(stored)
    return hasher.digest()[:DIGEST_BYTES]


class Walk:
    """A walk from row to row: sees that each follows on the one before. `before` is the digest of that, where it is known."""

    def __init__(self, before: bytes = b"") -> None:
        self.digest = before
        self.is_linked = False

    def take(self, key: int, count: int, stored: Any) -> bytes:
        """The body of the next row; all of one of which records were removed. Raises DamagedBody where it follows on another."""
        if not isinstance(stored, bytes):
            raise DamagedBody(f"it is {type(stored).__name__}, not bytes")
        if stored[:1] == REMOVED:
            self._check_follows(stored)
            body = stored
        else:
            body = self._linked(stored) if stored[:1] == LINKED else self._plain(stored)
        self.digest = digest_of(key, count, stored)
        return body

    def _linked(self, stored: bytes) -> bytes:
        self._check_follows(stored)
        self.is_linked = True
        return stored[_BODY_FROM:]

    def _check_follows(self, stored: bytes) -> None:
        if len(stored) < _BODY_FROM:
            raise DamagedBody(f"it has {len(stored)} bytes, fewer than its link")
        if self.digest and stored[1:_BODY_FROM] != self.digest:
            raise DamagedBody("it does not follow on what stands before it")

    def _plain(self, stored: bytes) -> bytes:
        if self.is_linked:
            raise DamagedBody("it has no link to what stands before it, which has one")
        return stored
