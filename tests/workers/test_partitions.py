"""Reading many partitions: an execution is read in its own, lists are read in all of them, and no page misses or repeats a row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import Rejected
from contracts.ids import make_execution_id, partition_of
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Cursor, Query
from infra.files.blobs import MemoryBlobs
from infra.store.sqlite import SqliteReadModels
from projections.executions import EXECUTIONS, ExecutionRecord, executions_where
from projections.incidents import INCIDENTS, IncidentRecord, incidents_where
from projections.registry import READ_MODELS
from tests.workers.partitioned import GrowingLog, Partitioned, statuses
from workers.reading.partitioned_reader import PartitionedReader, began_with
from workers.reading.projector_pool import ProjectorPool


def own_id(partition: int, partitions: int) -> str:
    """A caller's own id that lives in a partition."""
    return next(name for name in map("order-{}".format, range(1_000)) if partition_of(name, partitions) == partition)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[Partitioned, ProjectorPool, PartitionedReader]]:
    made = Partitioned(3, tmp_path)
    for partition in range(3):
        made.start(partition, "chain", own_id(partition, 3))
        made.start(partition, "stuck", make_execution_id(1_000, partition, partition, 3))
    projectors = ProjectorPool(made.log, made.catalog, made.models_of, lambda *_: None)
    projectors.look_at_all()
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), made.readers_of)
    yield made, projectors, reader
    projectors.close()
    reader.close()


def test_an_execution_is_read_in_its_own_partition(three: tuple[Partitioned, ProjectorPool, PartitionedReader]) -> None:
    _, _, reader = three
    for partition in range(3):
        for name, status in ((own_id(partition, 3), "completed"), (make_execution_id(1_000, partition, partition, 3), "incident")):
            assert reader.partition_of(name) == partition
            assert reader.of(name).record(name).status == status
            assert reader.of(name).folded(name).state.status == status
            assert reader.of(name).history(name, 1, 100)[0]


def test_lists_counts_and_incidents_are_of_all_partitions(three: tuple[Partitioned, ProjectorPool, PartitionedReader]) -> None:
    _, _, reader = three
    rows = reader.find(executions_where())
    assert [row.record.created_at for row in rows] == sorted((row.record.created_at for row in rows), reverse=True)
    assert len(statuses(rows)) == 6
    assert {row.partition for row in rows} == {0, 1, 2}
    assert reader.counts(EXECUTIONS) == {"completed": 3, "incident": 3}
    assert [one.record.execution for one in reader.find(incidents_where(is_open=True))] == [
        make_execution_id(1_000, partition, partition, 3) for partition in range(3)
    ]
    assert {row.record.workflow for row in reader.find(executions_where(workflow="stuck", statuses=("incident",)))} == {"stuck"}


def test_a_partition_that_was_added_is_read_and_what_was_there_stays_where_it_is(
    three: tuple[Partitioned, ProjectorPool, PartitionedReader],
) -> None:
    made, projectors, reader = three
    before = {name: reader.partition_of(name) for name in statuses(reader.find(executions_where()))}
    made.log.there = 5
    added = make_execution_id(2_000, 4, 9, 3)
    with pytest.raises(Rejected, match="there is no execution"):
        reader.of(added).record(added)
    assert reader.partitions == 5
    made.start(4, "chain", "bench-only")  # makes the journal; ids with a mark are not for callers
    made.log.append("journal", {3: [content for _, content in made.log.read("journal", 4)]})
    projectors.look_at_all()
    assert began_with(made.log) == 3
    assert {name: reader.partition_of(name) for name in before} == before
    assert len(reader.find(executions_where())) == 8
    assert all(reader.of(name).record(name).execution == name for name in before)


def test_an_id_of_a_partition_that_does_not_exist_is_of_no_execution(three: tuple[Partitioned, ProjectorPool, PartitionedReader]) -> None:
    _, _, reader = three
    with pytest.raises(Rejected, match="it would be in partition 700, and the log has 3") as refused:
        reader.of(make_execution_id(1, 700, 1, 3))
    assert refused.value.reason == "unknown_execution"


def test_a_log_that_nobody_has_opened_yet_shows_nothing(tmp_path: Path) -> None:
    made = Partitioned(2, tmp_path)
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), made.readers_of)
    assert began_with(made.log) is None
    assert (reader.find(executions_where()), reader.find(incidents_where(is_open=True)), dict(reader.counts(EXECUTIONS))) == ([], [], {})
    with pytest.raises(Rejected, match="there is no execution x"):
        reader.of("x").record("x")
    name = own_id(1, 2)
    made.start(0, "chain", own_id(0, 2))
    made.start(1, "chain", name)
    projectors = ProjectorPool(made.log, made.catalog, made.models_of, lambda *_: None)
    projectors.look_at_all()
    assert reader.of(name).record(name).status == "completed"
    projectors.close()
    reader.close()


ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6)), max_size=25)
"""Rows as partition and time; clocks go back as they like."""


def stored(rows: list[tuple[int, int]], folder: Path) -> tuple[PartitionedReader, list[tuple[int, int, int]]]:
    """A reader of such rows, and the order in which they are to be shown."""
    made = Partitioned(3, folder)
    stores = [made.models_of(partition) for partition in range(3)]
    for number, (partition, at) in enumerate(rows):
        record = ExecutionRecord(number, f"x{number}", "w", 1, "incident", None, None, at, 0, 0, 1, number + 1, None, None, "[]", None)
        changes = Changes()
        changes.put(EXECUTIONS, record)
        changes.put(INCIDENTS, IncidentRecord(number, "i", record.execution, "p", "{}", at))
        after = stores[partition].checkpoint("executions").offset
        stores[partition].save([one.name for one in READ_MODELS], changes, Checkpoint(offset=number + 1), after, is_whole=True)
    for store in stores:
        store.close()
    shown = sorted((-at, partition, -number) for number, (partition, at) in enumerate(rows))
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), made.readers_of)
    return reader, [(-at, partition, -number) for at, partition, number in shown]


@settings(deadline=None)
@given(ROWS, st.integers(1, 4), st.booleans())
def test_pages_of_all_partitions_show_each_row_once_and_in_order(rows: list[tuple[int, int]], limit: int, is_oldest_first: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reader, expected = stored(rows, Path(folder))
        if is_oldest_first:
            expected = sorted(expected, key=lambda one: (one[0], one[1], one[2]))
        shown: list[tuple[int, int, int]] = []
        after: Cursor | None = None
        for _ in range(len(rows) + 1):
            page = [
                (one.record.created_at, one.partition, one.record.number)
                for one in reader.find(executions_where(after=after, limit=limit, is_oldest_first=is_oldest_first))
            ]
            shown += page
            if len(page) < limit:
                break
            at, partition, number = page[-1]
            after = Cursor(number, at, partition)
        assert shown == expected
        assert [one.record.raised_at for one in reader.find(incidents_where(is_open=True))] == sorted(at for _, at in rows)
        reader.close()


def test_rows_of_one_partition_among_others_are_found_by_indexes_alone(tmp_path: Path) -> None:
    made = Partitioned(1, tmp_path)
    models = made.models_of(0)
    for wanted in (
        executions_where(),
        executions_where(workflow="w"),
        executions_where(parent="p"),
        executions_where(statuses=("running",)),
    ):
        assert "SORT" not in plan(models, wanted._replace(after=Cursor(5, 7, 0))).upper().replace("SORTED", "")
    models.close()


def plan(models: SqliteReadModels, query: Query[Any]) -> str:
    seen: list[str] = []
    models._connection.set_trace_callback(seen.append)
    models.select(query)
    models._connection.set_trace_callback(None)
    return " ".join(row[3] for row in models._connection.execute(f"EXPLAIN QUERY PLAN {seen[-1]}"))


def test_a_log_tells_what_it_began_with_however_large_it_is_now(tmp_path: Path) -> None:
    made = Partitioned(2, tmp_path)
    assert isinstance(made.log, GrowingLog)
    made.start(0, "chain", "a")
    made.log.there = 9
    assert made.log.look_again() == 9
    assert began_with(made.log) == 2
