"""Where the decisions of an execution lie: the offsets of the journal that its rows name, packed, and in pieces.

offsets  4 7 9 … ─► pieces of 64 each, stored once ─► the piece that grows, in the execution's own row
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from contracts.commands import RollHistory
from domain.execution.history import Entry

PIECE: Final = 64
"""So many offsets make a piece: an execution's row holds the piece that grows, and no batch writes an older one again."""


class Piece(NamedTuple):
    """The offsets of so many decisions of an execution. `first` is the version of the first event in them.

    `rolled` is the version and `rolled_at` the offset of the last of them that sums up what was before; 0 without any.
    """

    number: int
    offsets: Sequence[int]
    first: int
    rolled: int
    rolled_at: int


class Trail:
    """Where the decisions of an execution lie: its number, and the offsets of the piece that is not whole yet."""

    __slots__ = ("_count", "_first", "_rolled", "_rolled_at", "number", "offsets")

    def __init__(self, number: int) -> None:
        self.number = number
        self._count = -1
        self._begin()

    def _begin(self) -> None:
        self._count += 1
        self.offsets = array("q")
        self._first = self._rolled = self._rolled_at = 0

    def add(self, entry: Entry) -> Piece | None:
        """One decision more; the piece that it makes whole, if it does."""
        decision = entry.decision
        self._first = self._first or decision.first
        if type(decision.command) is RollHistory and decision.events:
            self._rolled, self._rolled_at = decision.first, entry.offset
        self.offsets.append(entry.offset)
        if len(self.offsets) < PIECE:
            return None
        piece = Piece(self._count, self.offsets, self._first, self._rolled, self._rolled_at)
        self._begin()
        return piece

    def along(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same decisions, each noted as it passes."""
        for entry in entries:
            self.add(entry)
            yield entry


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
