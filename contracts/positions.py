"""Positions: where a write landed, as one integer that callers give back to read what they wrote.

    log of one partition     position = offset
    log of many partitions   position = offset * 1024 + partition

To a caller it is a number that grows with each write about an execution; only we take it apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.ids import PARTITIONS_MAX

OFFSET_MAX: Final = 2**52
"""No journal comes that far; a position stays below 2^62, and so do its neighbours."""


def position_of(partition: int, offset: int) -> int:
    """The position of an offset in a log of many partitions."""
    assert 0 <= partition < PARTITIONS_MAX, f"partition {partition} is not below {PARTITIONS_MAX}"
    assert 0 <= offset <= OFFSET_MAX, f"offset {offset} is none"
    return offset * PARTITIONS_MAX + partition


def partition_and_offset(position: int) -> tuple[int, int]:
    """The partition and the offset that a position of such a log stands for."""
    offset, partition = divmod(position, PARTITIONS_MAX)
    return partition, offset


@dataclass(frozen=True)
class Positions:
    """How the positions of a log are made: a log is divided, or has one partition for ever, as an embedded one has."""

    is_divided: bool

    def of(self, partition: int, offset: int) -> int:
        """The position of an offset."""
        if self.is_divided:
            return position_of(partition, offset)
        assert partition == 0, f"a log that is not divided has no partition {partition}"
        return offset

    def partition_and_offset(self, position: int) -> tuple[int, int]:
        """The partition and the offset that a position stands for."""
        return partition_and_offset(position) if self.is_divided else (0, position)
