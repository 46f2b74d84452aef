"""The smallest possible log: lists in memory. The test double of every other, and the one to read first.

It keeps what the port promises except durability: "durable" here is "as long as the process lives".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from contracts.errors import LogError
from contracts.ports.log import BATCH_BYTES_MAX_DEFAULT, RECORD_BYTES_MAX_DEFAULT, Topic
from contracts.ports.removal import Stub
from infra.log.arguments import batch_too_large, check_batches, check_partition, check_partitions, too_large


class MemoryLog:
    """A `Log` that forgets. Several owners may share one instance: that is how a test makes them meet."""

    def __init__(
        self,
        partitions: int = 1,
        record_bytes_max: int = RECORD_BYTES_MAX_DEFAULT,
        batch_bytes_max: int = BATCH_BYTES_MAX_DEFAULT,
    ) -> None:
        check_partitions(partitions)
        self._partitions = partitions
        self._record_bytes_max = record_bytes_max
        self._batch_bytes_max = batch_bytes_max
        self._removed: defaultdict[int, dict[int, tuple[int, bytes]]] = defaultdict(dict)
        """Of a partition's journal: where runs of removed records begin, the offset after each, and what stands in its place."""
        self._records: defaultdict[tuple[Topic, int], list[bytes]] = defaultdict(list)

    @property
    def partitions(self) -> int:
        """How many partitions `journal` and `commands` have."""
        return self._partitions

    def look_again(self) -> int:
        """How many partitions there are: always as many as at first."""
        return self._partitions

    @property
    def record_bytes_max(self) -> int:
        """The longest record that `append` takes."""
        return self._record_bytes_max

    @property
    def batch_bytes_max(self) -> int:
        """The largest batch that `append` takes for one partition."""
        return self._batch_bytes_max

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each named partition; answer the first offset of each, or why it failed."""
        check_batches(topic, batches, self._partitions)
        return {partition: self._append(topic, partition, records) for partition, records in batches.items()}

    def _append(self, topic: Topic, partition: int, records: Sequence[bytes]) -> int | LogError:
        if refusal := too_large(records, self._record_bytes_max) or batch_too_large(records, self._batch_bytes_max):
            return refusal
        first = self.end(topic, partition)
        self._records[topic, partition].extend(records)
        return first

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The records from `offset` up to `end` (exclusive; by default what is there when the call begins)."""
        check_partition(topic, partition, self._partitions, offset)
        records = self._records[topic, partition]
        if topic == "journal" and self._removed[partition]:
            return iter(list(self._left(partition, records, offset, len(records) if end is None else min(end, len(records)))))
        return iter(list(enumerate(records[offset:end], start=offset)))

    def _left(self, partition: int, records: Sequence[bytes], offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The same where some were removed."""
        for first, (after, stub) in sorted(self._removed[partition].items()):
            yield from ((at, records[at]) for at in range(offset, min(first, end)))
            if after > offset and first < end:
                yield max(first, offset), stub
            offset = max(offset, after)
        yield from ((at, records[at]) for at in range(offset, end))

    def removable_end(self, partition: int) -> int:
        """See `contracts.ports.removal`: the last record stays."""
        return max(0, self.end("journal", partition) - 1)

    def plan_removal(self, partition: int, offsets: Sequence[int], stub: Stub) -> object:
        """See `contracts.ports.removal`."""
        removed = dict(self._removed[partition])
        for offset in offsets:
            if any(first <= offset < after for first, (after, _) in removed.items()):
                continue
            first, after, gone = offset, offset + 1, [self._records["journal", partition][offset]]
            for begins, (ends, content) in list(removed.items()):
                if ends == first or begins == after:
                    first, after = min(first, begins), max(after, ends)
                    gone.append(content)
                    del removed[begins]
            removed[first] = (after, stub(gone, after))
        return partition, removed

    def remove(self, plan: object) -> None:
        """See `contracts.ports.removal`."""
        partition, removed = cast(tuple[int, dict[int, tuple[int, bytes]]], plan)
        for first, (after, _) in removed.items():
            self._records["journal", partition][first:after] = [b""] * (after - first)
        self._removed[partition] = removed

    def shrink(self, pages: int) -> bool:
        """See `contracts.ports.removal`: nothing is free."""
        return False

    def end(self, topic: Topic, partition: int) -> int:
        """The offset that the next record of the partition would get."""
        check_partition(topic, partition, self._partitions)
        return len(self._records[topic, partition])

    def kept_to(self, partition: int, asks: bool = False) -> int:
        """See Log: what is removed leaves its place, and whoever reads has been told."""
        return 0

    def close(self) -> None:
        """Nothing to let go of: another owner may still hold the same instance."""
