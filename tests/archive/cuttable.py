"""A log in memory whose journal can lose its beginning, as one on Kafka can: what is kept of it is the adapter's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from contracts.errors import LogCorrupt
from contracts.ports.log import Topic
from infra.log.kafka.kept import KafkaKept, KeptCopy, find_kept
from infra.log.memory import MemoryLog


class KeptInMemory:
    """See KeptTopic."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.first = 0

    def append(self, record: bytes) -> int:
        self.records.append(record)
        return len(self.records) - 1

    def read(self, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        if offset < self.first:
            raise LogCorrupt(f"offset {offset} is trimmed")
        return iter([(at, self.records[at]) for at in range(offset, min(end, len(self.records)))])

    def start(self) -> int:
        return self.first

    def end(self) -> int:
        return len(self.records)


class CuttableMemory(MemoryLog):
    """What was deleted is asked for of the copy."""

    def __init__(self, partitions: int = 1) -> None:
        super().__init__(partitions)
        self.starts: defaultdict[int, int] = defaultdict(int)
        self.topics: defaultdict[int, KeptInMemory] = defaultdict(KeptInMemory)
        self._copies: dict[int, KeptCopy] = {}

    def start(self, topic: Topic, partition: int) -> int:
        return self.starts[partition] if topic == "journal" else 0

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        self.starts[partition] = max(self.starts[partition], offset)
        records = self._records[topic, partition]
        records[: self.starts[partition]] = [b"deleted"] * self.starts[partition]

    def kept(self) -> KafkaKept:
        return KafkaKept(self.topics.__getitem__, self._trim, lambda: None)

    def _trim(self, partition: int, offset: int) -> None:
        self.topics[partition].first = max(self.topics[partition].first, offset)

    def kept_to(self, partition: int, asks: bool = False) -> int:
        return self.starts[partition]

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        if topic != "journal" or offset >= self.starts[partition]:
            return super().read(topic, partition, offset, end)
        return self._with_copy(partition, offset, self.end(topic, partition) if end is None else end)

    def _with_copy(self, partition: int, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        copy = find_kept(self.topics[partition], self.starts[partition])
        assert copy is not None, "what was deleted is in no copy"
        yield from copy.read(offset, min(end, copy.before))
        if copy.before < end:
            yield from super().read("journal", partition, copy.before, end)
