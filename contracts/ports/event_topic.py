"""Where public events are written for other systems, and how far that is: a topic whose partitions are those of the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol


class EventRecord(NamedTuple):
    """An event as it is written: the execution, and the CloudEvent in structured JSON."""

    key: bytes
    value: bytes


class EventTopic(Protocol):
    """Lives in an event loop. All methods raise LogError, LogUnreachable where nobody answers."""

    async def ensure(self, partitions: int) -> None:
        """See to it that the topic is there, with so many partitions at least and the retention that is set."""

    async def append(self, partition: int, records: Sequence[EventRecord]) -> None:
        """Write, in this order; after an error some of them may be there, or come to be."""

    async def committed(self, partitions: Collection[int]) -> Mapping[int, int]:
        """By partition what was saved; what never was is left out."""

    async def load(self, partitions: Collection[int]) -> Mapping[int, int]:
        """By partition the offset of the journal up to which all was written; 0 where nothing is known to be."""

    async def save(self, offsets: Mapping[int, int]) -> None:
        """All below these offsets of the journal is written."""

    async def close(self) -> None:
        """Let go of everything."""
