"""Sketches: how a measure is spread, as counts of buckets that add up exactly, whatever is added to what and in which order.

    0 … 127 ms    a bucket each
    128 … 255     one for every 2 ms        64 buckets for each doubling, so that a bucket is at most 1/64 of what is in it
    256 … 511     one for every 4 ms

Buckets are found by whole numbers alone, so that every machine finds the same. A percentile is the middle of its bucket: at most
1/128 off. This is the mapping of DDSketch (Masson, Rim, Lee 2019) that is linear within a doubling. The sum of all is kept exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

BITS: Final = 6
"""2 to the power of it are the buckets for each doubling."""
_ALONE: Final = 2 << BITS
"""Values below have a bucket each."""
VALUE_MAX: Final = 2**42
"""Milliseconds, 139 years: what is longer counts as so long."""


def bucket_of(value: int) -> int:
    """The bucket of a whole number; of one below 0 that of 0."""
    if value < 0:
        return 0
    if value > VALUE_MAX:
        value = VALUE_MAX
    shift = value.bit_length() - BITS - 1
    return value if shift <= 0 else (shift << BITS) + (value >> shift)


def middle_of(bucket: int) -> float:
    """What stands for all that is in a bucket."""
    if bucket < 2 << BITS:
        return float(bucket)
    shift = (bucket >> BITS) - 1
    low = (bucket - (shift << BITS)) << shift
    return low + ((1 << shift) - 1) / 2


class Sketch:
    """Counts of buckets, and the sum of all that was added."""

    __slots__ = ("counts", "total")

    def __init__(self, packed: bytes = b"") -> None:
        self.counts: dict[int, int] = {}
        self.total = 0
        self.add_packed(packed)

    def add(self, value: int) -> None:
        """One more."""
        bucket = value
        if not 0 <= value < _ALONE:
            value = 0 if value < 0 else min(value, VALUE_MAX)
            bucket = bucket_of(value)
        counts = self.counts
        counts[bucket] = counts.get(bucket, 0) + 1
        self.total += value

    def add_packed(self, packed: bytes) -> None:
        """All of another one."""
        if not packed:
            return
        numbers = _unpacked(packed)
        self.total += next(numbers)
        bucket = 0
        for step in numbers:
            bucket += step
            self.counts[bucket] = self.counts.get(bucket, 0) + next(numbers)

    def packed(self) -> bytes:
        """As bytes, the same for the same counts: the sum, then each bucket as its distance from the one before, with its count."""
        if not self.counts:
            return b""
        content = bytearray()
        _pack(content, self.total)
        before = 0
        for bucket in sorted(self.counts):
            _pack(content, bucket - before)
            _pack(content, self.counts[bucket])
            before = bucket
        return bytes(content)

    @property
    def count(self) -> int:
        """How many were added."""
        return sum(self.counts.values())

    def percentile(self, share: float) -> float | None:
        """What so great a share is at most; None of nothing."""
        left = max(1, -int(-share * self.count // 1))
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return middle_of(bucket)
        return None


def _pack(content: bytearray, number: int) -> None:
    """Seven bits a byte, the low ones first."""
    while number > 127:
        content.append(number & 127 | 128)
        number >>= 7
    content.append(number)


def _unpacked(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0
