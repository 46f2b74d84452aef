"""What the feed of a process of a cluster stands on: the journals as they are followed, of partitions owned here and elsewhere alike."""

from __future__ import annotations

from workers.cluster.follower import Follower
from workers.reading.journal_feed import Note, Wants
from workers.reading.owner_feed import Beside
from workers.reading.partitioned_reader import PartitionedReader


class FollowerGround:
    """See `workers.reading.journal_feed.Ground`. While nobody subscribes, nothing is followed for it."""

    def __init__(self, follower: Follower, reader: PartitionedReader, beside: Beside) -> None:
        self._follower, self._reader = follower, reader
        self.read, self.soon, self.later = beside.read, beside.soon, beside.later

    @property
    def partitions(self) -> int:
        """How many partitions are known of."""
        return self._reader.partitions

    def partition_of(self, execution: str) -> int:
        """Where an execution lives."""
        return self._reader.known(execution)

    def join(self, partition: int, note: Note, wants: Wants) -> None:
        """Follow its journal, all of it: whose execution a decision is, not every one of them says."""
        self._follower.hear(partition, note)

    def leave(self, partition: int) -> None:
        """Hear of it no more; the follower lets go of it by itself."""
        self._follower.stop_hearing(partition)
