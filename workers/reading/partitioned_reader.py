"""Reading a log of many partitions: of one execution from its own, lists from all of them together.

of("order-7") ─► the reader of its partition
find(query)   ─► a page of each partition, merged: by the time that the list goes by, what is of the same millisecond by partition
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from contracts.errors import Rejected, RowsGone
from contracts.ids import partition_of
from contracts.journal import Checkpoint, JournalOpened
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.ports.read_models import Group, Query, ReadModels, StandIn, Table
from domain.bulk.action import Row
from projections.executions import EXECUTIONS, READ_MODEL, ExecutionRecord
from projections.incidents import INCIDENTS, IncidentRecord
from projections.registry import READ_MODELS
from workers.partition.catalog import Catalog
from workers.partition.standing import first_record
from workers.reading.backlog import Backlog
from workers.reading.courtesy import Courtesy
from workers.reading.execution_reader import ExecutionReader
from workers.reading.picking import incidents_of, picked

R = TypeVar("R", bound=tuple[Any, ...])
GROUPS_MAX: Final = 10_000
"""So many groups a partition tells of."""
_BEFORE_ALL: Final = -1
_AFTER_ALL: Final = 2**63 - 1


class Listed(NamedTuple, Generic[R]):
    """A row of a list, and the partition that it is of."""

    partition: int
    record: R


class Grouped(NamedTuple, Generic[R]):
    """Rows that were put together, and one of them; none where it is gone just now."""

    group: Group
    example: R | None


def began_with(log: Log) -> int | None:
    """The partition count that a log began with, as the first record of its first partition says; None while there is none."""
    record = first_record(log, 0)
    return record.partitions if isinstance(record, JournalOpened) else None


class PartitionedReader:
    """Reads the executions of all partitions. One thread at a time uses an instance, except for `partition_of`, and another one
    what reads nothing but rows: `find`, `counts` and `checkpoint_of`.

    `models_of` opens the read models of a partition, `lists_of` once more those that lists are read from.
    """

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        blobs: Blobs,
        models_of: Callable[[int], ReadModels],
        lists_of: Callable[[int], ReadModels] | None = None,
    ) -> None:
        self._log, self._catalog, self.blobs = log, catalog, blobs
        self._models_of, self._lists_of = models_of, lists_of or models_of
        self.courtesy = Courtesy()
        self._began_with = began_with(log)
        self._readers: list[ExecutionReader] = []
        self._lists: list[ReadModels] = []
        self._open()

    def _open(self) -> None:
        for partition in range(len(self._readers), self._log.partitions):
            self._lists.append(self._lists_of(partition))
            models = self._models_of(partition)
            self._readers.append(ExecutionReader(self._log, self._catalog, self.blobs, models, partition, self.courtesy.give_way))

    @property
    def log(self) -> Log:
        """The log, to be read in the thread that uses this reader."""
        return self._log

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

    def checkpoint_of(self, partition: int, model: str = READ_MODEL.name) -> Checkpoint:
        """Up to where the rows of a read model go, in a partition."""
        return self._lists[partition].checkpoint(model)

    def reached(self, partition: int) -> int:
        """The lowest offset that the rows of any read model go up to, in a partition, those that are being made included."""
        models = self._lists[partition]
        found = [checkpoint.offset for checkpoint in models.rebuilding().values()]
        for model in READ_MODELS:
            found += [models.checkpoint(model.name).offset, models.standing(model.name).checkpoint.offset]
        return min(found)

    def check_rows(self, projected: Mapping[int, int]) -> None:
        """Raise RowsGone where the rows of a partition go less far than is known of them: they are made again."""
        for partition, offset in projected.items():
            if offset and partition < self.partitions and (found := self.checkpoint_of(partition).offset) < offset:
                raise RowsGone(f"the read models of partition {partition} were at offset {offset}, found {found}: they are made again")

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

    def find(self, query: Query[R]) -> list[Listed[R]]:
        """A page of all partitions together, in the order of the list."""
        pages = [self._page(partition, _of_partition(query, partition)) for partition in range(self.partitions)]
        time, sign = attrgetter(query.table.time), -1 if query.is_latest_first else 1
        merged = heapq.merge(*pages, key=lambda one: (sign * time(one.record), one.partition))
        return list(islice(merged, query.limit))

    def picked(self, query: Query[ExecutionRecord], incidents: Query[IncidentRecord] | None = None, is_narrowed: bool = True) -> list[Row]:
        """The executions of a list, as many as it asks for: the first created first, partition by partition; see `picked`."""
        found: list[Row] = []
        for models in self._lists[: self.partitions]:
            found += picked(models, query._replace(limit=query.limit - len(found)), incidents, is_narrowed)
        return found

    def with_incidents(self, rows: Sequence[Row], incidents: Query[IncidentRecord]) -> list[Row]:
        """The same rows, each with those of its open incidents alone that are in a list."""
        known = {row.execution: incidents_of(self._lists[self.partition_of(row.execution)], row.execution, incidents) for row in rows}
        return [row._replace(incidents=known[row.execution]) for row in rows]

    def row(self, execution: str) -> Row | None:
        """An execution as bulk operations see it; None where there is no row of it."""
        models = self._lists[self.partition_of(execution)]
        record = models.find(EXECUTIONS, "execution", execution)
        if record is None:
            return None
        incidents = [] if record.ended_at else models.belonging(INCIDENTS, record.number)
        return Row(execution, record.status, [one.incident for one in incidents if not one.resolved_at])

    def _page(self, partition: int, query: Query[R]) -> list[Listed[R]]:
        return [Listed(partition, record) for record in self._lists[partition].select(query)]

    def groups(self, query: Query[R], columns: Sequence[str], example_of: Callable[[Group, Query[R]], Query[R]]) -> list[Grouped[R]]:
        """The rows of a list put together by some columns, of all partitions, each with a row of it."""
        found: dict[tuple[Any, ...], Group] = {}
        for models in self._lists[: self.partitions]:
            for group in models.groups(query._replace(limit=GROUPS_MAX), columns):
                known = found.get(group.values, group._replace(size=0))
                first, last = min(known.first, group.first), max(known.last, group.last)
                found[group.values] = Group(group.values, known.size + group.size, first, last)
        most = sorted(found.values(), key=lambda group: (-group.size, group.values))[: query.limit]
        return [Grouped(group, next((one.record for one in self.find(example_of(group, query))), None)) for group in most]

    def counts(self, table: Table[Any]) -> Mapping[str, int]:
        """How many rows there are of each value of the column that the table counts."""
        counted: Counter[str] = Counter()
        for models in self._lists[: self.partitions]:
            counted.update(models.counts(table))
        return counted

    def stands(self) -> list[StandIn]:
        """How the rows of each read model stand in each partition, and where its journal ends. All rows are counted for it."""
        ends = [self._log.end("journal", partition) for partition in range(self.partitions)]
        return [StandIn(partition, end, stand) for partition, end in enumerate(ends) for stand in self._readers[partition].models.stands()]

    def close(self) -> None:
        """Let go of all read models."""
        for models in (*self._lists, *(reader.models for reader in self._readers)):
            models.close()


def _of_partition(query: Query[R], partition: int) -> Query[R]:
    """What a page asks of one partition. Of the same time as the last row, the partitions before its own are through."""
    after = query.after
    if after is None or partition == after.partition:
        return query
    is_through = partition < after.partition
    return query._replace(after=after._replace(number=_BEFORE_ALL if is_through == query.is_latest_first else _AFTER_ALL, rest=()))
