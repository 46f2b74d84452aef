"""The log: topics of partitions of records, append-only. What Refold knows about the world, it knows from here.

                       read(offset=2)
                            │
      offset  0    1    2   ▼3    4    5   ┆ 6
            ┌────┬────┬────┬────┬────┬────┐┆
    journal │    │    │    │    │    │    │◄── append({partition: [a, b]})
            └────┴────┴────┴────┴────┴────┘┆
                      └── one batch ──┘    end(partition) = 6: the next offset

What every adapter promises, and no more than Apache Kafka can give:

- *A batch is atomic.* The records of one `append` for one partition stand together, in order, or not at all.
- *An offset comes back.* `append` answers with the offset of the first record of each batch. It is **not** promised to
  be the one the caller expected: somebody else may have appended before. The caller looks (see `contracts/journal.py`).
- *Durable before the answer.* When `append` has returned, the records survive a killed process and a lost power supply.
- *An error is not a no.* `AppendUnknown` says that nobody knows: the batch is there, or not, or comes later.
  `LogFull`, `LogUnreachable` and `RecordTooLarge` do say no: nothing of that partition's batch was stored.
- *Nothing is ever changed.* Records keep their offset; offsets are contiguous from 0 within a partition.
- *Reading shows what is durable*, from any offset, in order, and may be done by any number of processes beside the writer.

Records are bytes here; what they mean is `contracts/codec.py`'s knowledge. Offsets count from 0 within topic and partition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias

from contracts.errors import LogError

Topic: TypeAlias = Literal[
    "journal", "commands", "definitions", "dead-letters", "resources", "members", "cancellations", "blobs", "snapshots", "passing"
]
TOPICS: Final[tuple[Topic, ...]] = ("journal", "commands", "definitions", "dead-letters", "resources")
"""What every log has, in the order in which they came to be: a log may be older than the last ones."""
LATER_TOPICS: Final[tuple[Topic, ...]] = ("resources",)
"""Those that a log may lack which was made before there were any: it is read as one in which they are empty."""
CLUSTER_TOPICS: Final[tuple[Topic, ...]] = ("members", "cancellations", "blobs", "snapshots", "passing")
"""What a log has besides that several machines share; on one machine files and memory do for it."""
RECORD_BYTES_MAX_DEFAULT: Final = 8 * 1024 * 1024
"""A record longer than this is refused with `RecordTooLarge` before anything is written."""
BATCH_BYTES_MAX_DEFAULT: Final = 256 * 1024 * 1024
"""A batch larger than this is refused in the same way."""
RECORD_FRAME_BYTES: Final = 32
"""What a record counts beside its own length towards a batch; no adapter needs more to frame it."""


def batch_bytes(records: Sequence[bytes]) -> int:
    """How much a batch counts towards `batch_bytes_max`."""
    return sum(map(len, records)) + RECORD_FRAME_BYTES * len(records)


class Log(Protocol):
    """A place for topics. All calls block until done; one thread uses an instance at a time."""

    @property
    def partitions(self) -> int:
        """How many partitions `journal` and `commands` have (and `snapshots`, where it is a topic); the others have one."""

    def look_again(self) -> int:
        """Take notice of partitions that were added meanwhile; how many there are now. Raises LogUnreachable where nobody answers."""

    @property
    def record_bytes_max(self) -> int:
        """The longest record that `append` takes."""

    @property
    def batch_bytes_max(self) -> int:
        """The largest batch that `append` takes for one partition, as `batch_bytes` counts; two of the longest records fit."""

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each named partition; answer the first offset of each, or why it failed.

        A partition's failure says nothing about the others. Empty batches are not allowed.
        """

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The records from `offset` up to `end` (exclusive; by default what is there when the call begins), with their offsets.

        An offset beyond the end gives nothing. Raises LogCorrupt where a record is missing or cannot be read, and like
        `end` LogUnreachable where nobody answers in time.
        """

    def end(self, topic: Topic, partition: int) -> int:
        """The offset that the next record of the partition would get, as far as it is durable."""

    def kept_to(self, partition: int, asks: bool = False) -> int:
        """Below this offset of the journal stands what was kept when the rest was removed; 0 where nothing is removed in this way.

        Who has read up to a lower one does not know what was removed since, and has to begin again. Unless one `asks`, it is what was
        found while reading. Raises LogError where nobody answers.
        """

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
