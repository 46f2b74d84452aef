"""A log of many partitions, each with a journal that a real engine has written, and partitions that can be added."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.codec import decode_record, encode_record
from contracts.journal import JournalOpened
from contracts.ports.log import Log
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from workers.partition.catalog import Catalog

CHAIN = {"name": "chain", "nodes": [{"id": f"n{i}", "type": "noop"} for i in range(3)],
         "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(2)]}  # fmt: skip
STUCK = {"name": "stuck", "variables": {"n": 0},
         "nodes": [{"id": "d", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / vars.n }}"}}]}  # fmt: skip
WAITS = {"name": "waits", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}


class GrowingLog(MemoryLog):
    """A memory log to which partitions are added, as on Kafka: whoever holds it notices when it looks again."""

    def __init__(self, partitions: int) -> None:
        super().__init__(partitions)
        self.there = partitions

    def look_again(self) -> int:
        self._partitions = self.there
        return self._partitions


class Partitioned:
    """Many partitions; an engine writes each into a log of its own first."""

    def __init__(self, partitions: int, folder: Path, log: Log | None = None) -> None:
        self.log: Any = log or GrowingLog(partitions)
        self.folder = folder
        self.benches: dict[int, Bench] = {}
        self._copied: dict[int, int] = {}

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.log, ManualClock(0))

    def bench(self, partition: int) -> Bench:
        if partition not in self.benches:
            self.benches[partition] = Bench()
            self.benches[partition].publish(CHAIN, STUCK, WAITS)
            self.benches[partition].clock.advance(partition)
        return self.benches[partition]

    def start(self, partition: int, workflow: str, execution: str) -> None:
        bench = self.bench(partition)
        bench.start(workflow, {"of": execution}, execution=execution)
        bench.clock.advance(10)
        bench.move(time=False)
        self.copy(partition)

    def copy(self, partition: int) -> None:
        """What the engine has written, to where it belongs."""
        source = self.benches[partition].log
        if not self.log.end("definitions", 0):
            self.log.append("definitions", {0: [content for _, content in source.read("definitions", 0)]})
        found = [content for _, content in source.read("journal", 0, self._copied.get(partition, 0))]
        if not self._copied.get(partition):
            opened = decode_record(found[0])
            assert isinstance(opened, JournalOpened)
            found[0] = encode_record(JournalOpened(opened.journal, partition, self.log.partitions))
        if found:
            self.log.append("journal", {partition: found})
        self._copied[partition] = source.end("journal", 0)

    def models_of(self, partition: int) -> SqliteReadModels:
        return SqliteReadModels(self.folder / f"projection-{partition}.db", READ_MODELS, is_divided=True)

    def readers_of(self, partition: int) -> SqliteReadModels:
        return SqliteReadModels(self.folder / f"projection-{partition}.db", READ_MODELS, read_only=True, is_divided=True)


def statuses(rows: Sequence[Any]) -> dict[str, str]:
    return {row.record.execution: row.record.status for row in rows}
