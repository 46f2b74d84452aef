"""Which tasks of a partition are done: the lowest that is not, and a bitmap of the done ones above it.

    offset   0 1 2 3 4 5 6 7 8 9
    done     x x x . x x . . x        lowest = 3, bitmap (from 4 on) 1 1 0 0 1        next = 9

Both go into one commit, the bitmap as its metadata: `1:` and, in base 85, the zlib-compressed bits, the lowest offset first
and each byte's lowest bit first. So whoever takes the partition over runs again only what was not done.
"""

from __future__ import annotations

import base64
import zlib
from typing import Final

METADATA_MAX: Final = 4096
"""A broker takes no more (`offset.metadata.max.bytes`)."""
SPAN_MAX: Final = 1_000_000
"""So far beyond the lowest that is not done is read at most."""
_VERSION: Final = "1:"


class Offsets:
    """What has been read of a partition, and what of it is done."""

    __slots__ = ("_done", "changes", "lowest", "next")

    def __init__(self, lowest: int = 0, metadata: str = "") -> None:
        self.lowest = self.next = lowest
        self._done = read_bitmap(metadata) << 1
        """Bit i stands for the offset `lowest + i`; so bit 0 is never set."""
        self.changes = 0
        """Rises with everything that makes a commit say something else."""

    @property
    def is_full(self) -> bool:
        """Whether no more should be read before the lowest is done."""
        return self.next - self.lowest >= SPAN_MAX

    def take(self, offset: int) -> bool:
        """A record was read; whether it is still to be done. What was leapt over is not there any more, and counts as done."""
        if self.next == self.lowest and not self._done:
            self.lowest = self.next = max(self.next, offset)
        elif offset > self.next:
            self._set((1 << (offset - self.next)) - 1, self.next)
        self.next = max(self.next, offset + 1)
        return not self.is_done(offset)

    def is_done(self, offset: int) -> bool:
        """Whether it needs not run any more."""
        return offset < self.lowest or bool(self._done >> (offset - self.lowest) & 1)

    def finish(self, offset: int) -> None:
        """It is done."""
        if not self.is_done(offset):
            self._set(1, offset)

    def merge(self, lowest: int, metadata: str) -> None:
        """Somebody has committed this: what is done there or here is done."""
        other = Offsets(lowest, metadata)
        first, second = (self, other) if self.lowest < other.lowest else (other, self)
        below = second.lowest - first.lowest
        self._done = first._done >> below | second._done
        self.lowest = second.lowest
        self._set(0, self.lowest)
        self.next = max(self.next, self.lowest)

    def _set(self, bits: int, first: int) -> None:
        self._done |= bits << (first - self.lowest)
        self.changes += 1
        if not self._done & 1:
            return
        together = ((self._done + 1) & ~self._done).bit_length() - 1
        self._done >>= together
        self.lowest += together
        self.next = max(self.next, self.lowest)

    def metadata(self) -> str:
        """The bitmap as text; of one that is too long what fits."""
        bits = self._done >> 1
        text = write_bitmap(bits)
        while len(text) > METADATA_MAX:
            bits &= (1 << bits.bit_length() * 3 // 4) - 1
            text = write_bitmap(bits)
        return text


def write_bitmap(bits: int) -> str:
    """Nothing for nothing."""
    if not bits:
        return ""
    content = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return _VERSION + base64.b85encode(zlib.compress(content, 6)).decode()


def read_bitmap(metadata: str) -> int:
    """The bits; none where the text is of another kind: then more is run again, and nothing lost."""
    if not metadata.startswith(_VERSION):
        return 0
    try:
        content = zlib.decompressobj().decompress(base64.b85decode(metadata.removeprefix(_VERSION)), SPAN_MAX // 8 + 1)
    except (ValueError, zlib.error):
        return 0
    return int.from_bytes(content, "little")
