"""What is kept of the beginning of a journal that was cut off: copies of records, at the offsets that they had."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Kept(Protocol):
    """A place for the copies of all partitions. One thread uses an instance at a time. All raise LogError."""

    def save(self, partition: int, journal: str, before: int, records: Iterable[tuple[int, bytes]]) -> int:
        """Keep these, which say all that is to be known of what stands before an offset: durable when the call returns, or not at all.

        Where the copy lies, by which it is found and trimmed.
        """

    def is_there(self, partition: int, journal: str, before: int, kept_at: int) -> bool:
        """Whether a copy lies there that was made for this offset."""

    def trim(self, partition: int, kept_at: int) -> None:
        """Copies that were made before this one are of no use any more."""
