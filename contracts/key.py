"""The number of a key, in whatever names one."""

from __future__ import annotations

from typing import Final

NO_KEY: Final = -1
"""Of what is not sealed."""
KEYS_MAX: Final = 2**36
"""So many numbers each partition has, from `first_key` on: whatever names another one, such as a damaged record, names no key."""


def first_key(partition: int) -> int:
    """The lowest number of a key of a partition: no two partitions have a number in common, so no two owners give one away."""
    return partition * KEYS_MAX


def partition_of(key: int) -> int:
    """The partition that a key's number is of."""
    return key // KEYS_MAX
