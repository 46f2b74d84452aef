"""What a log has lost: records that were acknowledged, and are not there any more."""

from __future__ import annotations

import msgspec


class Lost(msgspec.Struct, frozen=True, array_like=True):
    """Of a partition of a topic the records from `first` up to `end` (exclusive), which is where it ended.

    Where a log is there that long, but is another one, nobody knows from where on: then `first` is 0 and `is_other` true.
    """

    topic: str
    partition: int
    first: int
    end: int
    is_other: bool = False

    def __str__(self) -> str:
        where = f"{self.topic}, partition {self.partition}"
        if self.is_other:
            return f"{where} is another before offset {self.end:,} than what was acknowledged (an old copy that has gone on?)"
        return f"{where} ends at {self.first:,} and ended at {self.end:,}: offsets {self.first:,} to {self.end - 1:,} are gone"
