"""What stands in the topic of blobs: pieces of blobs, and marks.

A mark says which topic this is, and how old what stands before it is at least. The topic is only ever cut off at a mark, so the first
record tells which topic it is, also when all that it began with is gone.
"""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Final, NamedTuple

HEAD: Final = struct.Struct(">4s32s8sIIq")
MAGIC: Final = b"RFB1"
SEALED_MAGIC: Final = b"RFB2"
SEALED_HEAD: Final = struct.Struct(">q32s")
"""Before a sealed content stand the number of its key, and its name."""
SAME_BATCH: Final = -1
_MARK: Final = struct.Struct(">4s32sqq")
_MARK_MAGIC: Final = b"RFBm"
_IDENTITY: Final = re.compile(r"[0-9a-f]{32}\Z")


class Piece(NamedTuple):
    """One record: a part of a blob, or all of it."""

    content_hash: bytes
    nonce: bytes
    number: int
    pieces: int
    first: int
    """The offset of the blob's first piece; -1 where all pieces are in one batch."""
    content: bytes
    is_sealed: bool = False

    def encode(self) -> bytes:
        """As it stands in the topic."""
        head = HEAD.pack(SEALED_MAGIC if self.is_sealed else MAGIC, self.content_hash, self.nonce, self.number, self.pieces, self.first)
        return head + self.content

    def first_offset(self, offset: int) -> int:
        """Where the first piece is, for a last one that stands at an offset."""
        return offset - self.number if self.first == SAME_BATCH else self.first


def decode(record: bytes) -> Piece | None:
    """The piece in a record, or None where it is something else."""
    if len(record) < HEAD.size:
        return None
    magic, content_hash, nonce, number, pieces, first = HEAD.unpack_from(record)
    if magic not in (MAGIC, SEALED_MAGIC):
        return None
    return Piece(content_hash, nonce, number, pieces, first, record[HEAD.size :], magic == SEALED_MAGIC)


class Mark(NamedTuple):
    """All that stands before an offset, at most that of the mark, was appended by a time (ms since 1970), to the topic of this identity."""

    identity: str
    before: int
    time: int

    def encode(self) -> bytes:
        """As it stands in the topic."""
        return _MARK.pack(_MARK_MAGIC, self.identity.encode(), self.before, self.time)


def mark_in(record: bytes) -> Mark | None:
    """The mark in a record, or None where it is something else."""
    if len(record) != _MARK.size or record[: len(_MARK_MAGIC)] != _MARK_MAGIC:
        return None
    _, identity, before, time = _MARK.unpack(record)
    name = identity.decode("ascii", "replace")
    return Mark(name, before, time) if _IDENTITY.match(name) else None


def identity_of(first: bytes) -> str:
    """Which topic it is whose first record that is now: 32 hex digits. The very first record of all has something of chance in it."""
    mark = mark_in(first)
    return hashlib.sha256(first).hexdigest()[:32] if mark is None else mark.identity
