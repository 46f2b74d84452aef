"""Reading a log of many partitions: of one execution from its own, lists from all of them together.

of("order-7") ─► the reader of its partition
find(wanted)  ─► a page of each partition, merged: the latest created first, what is of the same millisecond by partition
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final, NamedTuple

from contracts.errors import Rejected
from contracts.ids import partition_of
from contracts.journal import Checkpoint, JournalOpened
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.ports.read_models import ExecutionRecord, IncidentRecord, ReadModels, Wanted
from workers.partition.catalog import Catalog
from workers.partition.standing import first_record
from workers.reading.backlog import Backlog
from workers.reading.execution import ExecutionReader

INCIDENTS_MAX: Final = 1_000
_AFTER_ALL: Final = 2**63 - 1


class Listed(NamedTuple):
    """A row of a list, and the partition that it is of."""

    partition: int
    record: ExecutionRecord


def began_with(log: Log) -> int | None:
    """The partition count that a log began with, as the first record of its first partition says; None while there is none."""
    record = first_record(log, 0)
    return record.partitions if isinstance(record, JournalOpened) else None


class PartitionedReader:
    """Reads the executions of all partitions. One thread uses an instance at a time, except for `partition_of`.

    `models_of` opens the read models of a partition.
    """

    def __init__(self, log: Log, catalog: Catalog, blobs: Blobs, models_of: Callable[[int], ReadModels]) -> None:
        self._log, self._catalog, self.blobs, self._models_of = log, catalog, blobs, models_of
        self._began_with = began_with(log)
        self._readers: list[ExecutionReader] = []
        self._open()

    def _open(self) -> None:
        for partition in range(len(self._readers), self._log.partitions):
            models = self._models_of(partition)
            self._readers.append(ExecutionReader(self._log, self._catalog, self.blobs, models, partition))

    @property
    def partitions(self) -> int:
        """How many partitions are known of."""
        return len(self._readers)

    def look_again(self) -> int:
        """Take in partitions that were added meanwhile; how many there are. Raises LogUnreachable where nobody answers."""
        if self._began_with is None:
            self._began_with = began_with(self._log)
        self._log.look_again()
        self._open()
        return self.partitions

    def partition_of(self, execution: str) -> int:
        """Where an execution lives. Until the first partition is opened there is none, and nothing that could be missed."""
        return partition_of(execution, self._began_with or self.partitions)

    @property
    def began_with(self) -> int:
        """The partition count that ids are made by."""
        return self._began_with or self.partitions

    def checkpoint_of(self, partition: int) -> Checkpoint:
        """Where the read models of a partition stand."""
        return self._readers[partition].models.checkpoint()

    def backlog(self) -> Backlog:
        """What reads in the journals for those who subscribe; in the thread that uses this reader."""
        return Backlog(self._log, lambda partition: self._readers[partition].models)

    def known(self, execution: str) -> int:
        """Where an execution lives. Raises Rejected for an id that names a partition which is not known of."""
        partition = self.partition_of(execution)
        if partition >= self.partitions:
            message = f"there is no execution {execution}: it would be in partition {partition}, and the log has {self.partitions}"
            raise Rejected("unknown_execution", message, execution=execution)
        return partition

    def of(self, execution: str) -> ExecutionReader:
        """What reads an execution. Raises Rejected for an id that names a partition which the log does not have."""
        partition = self.partition_of(execution)
        if self._began_with is None or partition >= self.partitions:
            self.look_again()
            partition = self.partition_of(execution)
        return self._readers[self.known(execution)]

    def find(self, wanted: Wanted) -> list[Listed]:
        """A page of all partitions together, the latest created first."""
        pages = [self._page(partition, _of_partition(wanted, partition)) for partition in range(self.partitions)]
        merged = heapq.merge(*pages, key=lambda one: (-one.record.created_at, one.partition))
        return list(islice(merged, wanted.limit))

    def _page(self, partition: int, wanted: Wanted) -> list[Listed]:
        return [Listed(partition, record) for record in self._readers[partition].models.select(wanted)]

    def incidents(self, only_open: bool) -> list[tuple[str, IncidentRecord]]:
        """Incidents of all partitions with the execution each is of, the oldest first."""
        found = [reader.models.incidents(None, only_open) for reader in self._readers]
        return list(islice(heapq.merge(*found, key=lambda one: one[1].raised_at), INCIDENTS_MAX))

    def counts(self) -> Mapping[str, int]:
        """How many executions there are of each status."""
        counted: Counter[str] = Counter()
        for reader in self._readers:
            counted.update(reader.models.counts())
        return counted

    def close(self) -> None:
        """Let go of all read models."""
        for reader in self._readers:
            reader.models.close()


def _of_partition(wanted: Wanted, partition: int) -> Wanted:
    """What a page asks of one partition. Of the same millisecond as the last row, the partitions before its own are through."""
    after = wanted.after
    if after is None or partition == after.partition:
        return wanted
    return wanted._replace(after=after._replace(number=0 if partition < after.partition else _AFTER_ALL))
