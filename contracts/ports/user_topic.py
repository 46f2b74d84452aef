"""A topic of the users' own, elsewhere than in the log: what a group reads of it, and up to where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.errors import RefoldError


class TopicRecord(NamedTuple):
    """A record of a topic; `at` is its time (milliseconds since 1970), as whoever wrote it, or the broker, says; -1 where nobody does."""

    topic: str
    partition: int
    offset: int
    at: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    problem: str = ""
    """Why nothing can be read of it; empty for most."""


class TopicAway(RefoldError):
    """A topic cannot be read now: its brokers are away, or do not have it."""


class UserTopic(Protocol):
    """Lives in the event loop. All methods but `close` raise TopicAway."""

    async def begin(self) -> None:
        """Find its partitions, and where the group is in each."""

    async def next(self) -> Sequence[TopicRecord]:
        """The next records of any partition, in the order of each; none where nothing comes for a moment."""

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Let the group be at these offsets, by partition."""

    async def close(self) -> None:
        """Let go of it."""
