"""Removal: taking records out of a log for ever, where what stands in their place says so.

      offset  0    1    2    3    4    5    6                 0    1    2                   6
            ┌────┬────┬────┬────┬────┬────┬────┐            ┌────┬────┬───────────────────┬────┐
    journal │    │    │ x  │ x  │ x  │ x  │    │  ────────► │    │    │ Removed(end=6)    │    │
            └────┴────┴────┴────┴────┴────┴────┘            └────┴────┴───────────────────┴────┘

What every adapter promises: offsets stay as they are; a run of removed records is read as one record at its first offset (at
the offset that reading begins with, within it); all of one `remove` is gone, or nothing of it; and that nothing else is
missing can be proved as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

Stub: TypeAlias = Callable[[Iterable[bytes], int], bytes]
"""Makes what stands in the place of records, up to an offset. The records may themselves stand in the place of others."""


class RemovalLog(Protocol):
    """A log that records can be removed from."""

    def removable_end(self, partition: int) -> int:
        """From this offset of the journal on nothing can be removed: it is what others compare with who go on behind it."""

    def plan_removal(self, partition: int, offsets: Sequence[int], stub: Stub) -> object:
        """Work out what becomes of the journal without the records at these offsets, which rise; those that are removed already stay so.

        Changes nothing, so another view of the same log may do it. Raises LogError.
        """

    def remove(self, plan: object) -> None:
        """Remove them, durable when the call returns. Raises LogError: then nothing was removed."""

    def shrink(self, pages: int) -> bool:
        """Give a piece of the room that is free back to the machine; True where there is more of it."""
