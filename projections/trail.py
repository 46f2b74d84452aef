"""Where the decisions of an execution lie: the offsets of the journal that its rows name, packed, and in pieces.

offsets  4 7 9 … ─► pieces of 64 each, stored once ─► the piece that grows, in the execution's own row
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

PIECE: Final = 64
"""So many offsets make a piece: an execution's row holds the piece that grows, and no batch writes an older one again."""


class Trail:
    """Where the decisions of an execution lie: its number, and the offsets of the piece that is not whole yet."""

    __slots__ = ("_count", "number", "offsets")

    def __init__(self, number: int, offsets: Iterable[int] = ()) -> None:
        self.number = number
        found = array("q", offsets)
        self._count = len(found) // PIECE
        self.offsets = found[self._count * PIECE :]

    def add(self, offset: int) -> tuple[int, array[int]] | None:
        """One decision more; the number and the offsets of the piece that it makes whole, if it does."""
        self.offsets.append(offset)
        if len(self.offsets) < PIECE:
            return None
        piece = self._count, self.offsets
        self._count, self.offsets = self._count + 1, array("q")
        return piece


def pack_offsets(number: int, offsets: Iterable[int]) -> bytes:
    """Offsets from `number` on, as differences: seven bits a byte, the low ones first."""
    packed = bytearray()
    before = number
    for offset in offsets:
        left = offset - before
        before = offset
        while left > 127:
            packed.append(left & 127 | 128)
            left >>= 7
        packed.append(left)
    return bytes(packed)


def unpack_offsets(number: int, packed: bytes) -> Iterator[int]:
    """The offsets that were packed."""
    offset, difference, shift = number, 0, 0
    for byte in packed:
        difference |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            offset += difference
            yield offset
            difference = shift = 0
