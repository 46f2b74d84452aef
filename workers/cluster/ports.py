"""What a process of a cluster needs of its log besides the synchronous port. Topics are named without the log's prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from contracts.errors import LogError
from contracts.ports.log import Log


class Found(NamedTuple):
    """A record that was read: its offset, the broker's time of it (milliseconds since 1970), its content."""

    offset: int
    timestamp: int
    content: bytes


OnRecords: TypeAlias = Callable[[str, int, Sequence[tuple[int, int, bytes]], int], None]
"""Topic, partition, records as (offset, timestamp, content), and the end of the partition."""


class ClusterLog(Protocol):
    """A log that is used from an event loop."""

    @property
    def log(self) -> Log:
        """The same log for whoever may wait: recovery, reading, publishing. For one thread at a time."""

    async def append_round(self, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append to the journal, as `Log.append` does; by a producer of its own."""

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append to any other topic."""

    async def ensure(self, topics: Iterable[str]) -> None:
        """Make the topics of activities that are missing. Raises LogError."""

    async def end(self, topic: str, partition: int, at_least: int = 0) -> int:
        """The offset that the next record would get; one below `at_least` is asked for again for a while. Raises LogError."""

    async def start(self, topic: str, partition: int) -> int:
        """The offset of the first record that is still there. Raises LogError."""

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records before an offset. Raises LogError, and then nobody knows whether they are."""

    async def partition_count(self) -> int:
        """How many partitions the journal has now. Raises LogError."""

    def follow(self, topic: str, partition: int, offset: int, then: OnRecords) -> None:
        """Call back with every record from an offset on, in order, none twice; again: from that offset."""

    def unfollow(self, topic: str, partition: int) -> None:
        """Call back no more."""

    async def close(self) -> None:
        """Let go of everything."""
