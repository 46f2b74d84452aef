"""Lists across executions on every store: a filter takes the rows for which it is true, and pages skip and double nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import InvalidInput
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Cursor, Query, ReadModels, Table
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections import incidents, node_runs, tasks, waits
from projections.execution_columns import COLUMNS, execution_filter, names_of
from projections.executions import EXECUTIONS, ExecutionRecord, executions_where
from projections.filter import Filter
from projections.filter.column import Column, Columns, Fields
from projections.incidents import INCIDENTS, IncidentRecord, incidents_where
from projections.node_runs import NODE_RUNS, RUN_STATUSES, NodeRunRecord, node_runs_where
from projections.registry import READ_MODELS
from projections.tasks import TASK_STATUSES, TASKS, TaskRecord, Wanted, tasks_where
from projections.waits import SORTS, WAITING, WaitRecord, waits_where
from tests.workers.partitioned import GrowingLog
from workers.partition.catalog import Catalog
from workers.reading.partitioned_reader import PartitionedReader

NOW: Final = 1_700_000_000_000
PARTITIONS: Final = 3
texts = st.sampled_from(["", "a", "b", "ab", "é", "%", "_", "'", "a\ufffd"])
times = st.sampled_from([0, 1, NOW - 60_000, NOW])
wholes = st.integers(0, 4)
errors = st.none() | texts


class Listed(NamedTuple):
    """A list: its table, its query, its filter, its columns, the values of a row, and any row."""

    table: Table[Any]
    where: Callable[..., Query[Any]]
    filter: Callable[[str, int], Filter]
    columns: Columns
    names: Callable[[Any], dict[str, Any]]
    rows: st.SearchStrategy[Any]


LISTS: Final = {
    "node runs": Listed(
        NODE_RUNS, node_runs_where, node_runs.node_run_filter, node_runs.COLUMNS, node_runs.node_run_names,
        st.builds(NodeRunRecord, wholes, texts, wholes, st.sampled_from((0, 1)), st.just(0), texts, texts, wholes, texts, texts,
                  st.sampled_from(RUN_STATUSES),
                  times, errors, errors, st.sampled_from((0, 1))),
    ),
    "waits": Listed(
        WAITING, waits_where, waits.wait_filter, waits.COLUMNS, waits.wait_names,
        st.builds(WaitRecord, wholes, texts, st.sampled_from(SORTS), texts, st.just(0), texts, texts, wholes, times, times,
                  st.sampled_from((0, 1))),
    ),
    "tasks": Listed(
        TASKS, lambda **more: tasks_where(Wanted(is_open=False), **more), tasks.task_filter, tasks.COLUMNS, tasks.task_names,
        st.builds(TaskRecord, wholes, texts, wholes, st.just(0), texts, texts, texts, wholes, texts, texts, texts,
                  st.sampled_from(TASK_STATUSES), texts, texts, errors, wholes, times, times, errors, errors, st.sampled_from((0, 1))),
    ),
    "incidents": Listed(
        INCIDENTS, lambda **more: incidents_where(is_open=False, **more), incidents.incident_filter, incidents.COLUMNS,
        incidents.incident_names,
        st.builds(IncidentRecord, wholes, texts, texts, texts, st.just("{}"), st.just(0), times, errors, texts, texts, texts, texts, texts,
                  st.sampled_from((0, 1))),
    ),
}  # fmt: skip


def any_execution(number: int, status: str) -> ExecutionRecord:
    """An execution of which only its number and status matter."""
    return ExecutionRecord(number, f"x{number}", "w", 1, status, None, None, 0, 0, 0, 1, 1, None, None, "[]", None)


EXECUTION_LIST: Final = Listed(
    EXECUTIONS,
    executions_where,
    execution_filter,
    COLUMNS,
    names_of,
    st.builds(any_execution, wholes, st.sampled_from(["running", "failed"])),
)


@st.composite
def conditions(draw: st.DrawFn, columns: Columns) -> str:
    """A condition over the columns of a list."""
    if draw(st.integers(0, 2)) == 0:
        one, other = draw(conditions(columns)), draw(conditions(columns))
        return draw(st.sampled_from([f"({one} && {other})", f"({one} || {other})", f"!({one})"]))
    name, column = draw(st.sampled_from(list(_named(columns))))
    operator = draw(st.sampled_from(["==", "!=", "<", ">="]))
    if column.is_nullable and draw(st.booleans()):
        return f"{name} {'==' if operator in ('==', '<') else '!='} null"
    if column.kind == "timestamp":
        return f"{name} {operator} now - duration('{draw(st.sampled_from(['0s', '1m', '1h']))}')"
    if column.kind == "bool":
        return draw(st.sampled_from([name, f"!{name}", f"{name} {'==' if operator in ('==', '<') else '!='} true"]))
    if column.kind == "int":
        return f"{name} {operator} {draw(wholes)}"
    given_ = [repr(draw(st.sampled_from(column.choices) if column.choices else texts)).replace("\\", "\\\\") for _ in range(2)]
    shape = draw(st.sampled_from(["compared", "in", "startsWith", "contains"]))
    if shape == "compared":
        return f"{name} {operator} {given_[0]}"
    return f"{name} in [{', '.join(given_)}]" if shape == "in" else f"{name}.{shape}({given_[0]})"


def _named(columns: Columns) -> Iterator[tuple[str, Column]]:
    for name, column in columns.items():
        if isinstance(column, Column):
            yield name, column
        elif isinstance(column, Fields):
            yield from ((f"{name}.{field}", one) for field, one in column.fields.items())


Stores = list[ReadModels]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """The stores of some partitions."""
    made: Stores
    if request.param == "postgres":
        open_ = models_in(request.getfixturevalue("postgres_url"), f"test-{secrets.token_hex(6)}", READ_MODELS, False)
        made = [open_(partition) for partition in range(PARTITIONS)]
    else:
        folder: Path = tmp_path_factory.mktemp("rows")
        made = [SqliteReadModels(folder / f"rows-{partition}.db", READ_MODELS, is_divided=True) for partition in range(PARTITIONS)]
    yield made
    for store in made:
        store.close()


def begin(stores: Stores, table: Table[Any]) -> None:
    """Nothing is there of what other examples have stored."""
    for store in stores:
        save(store, table, [], [(number,) for number in range(5)])


def save(store: ReadModels, table: Table[Any], rows: list[Any], gone: list[Any] = []) -> None:  # noqa: B006 - it is not changed
    """Store these rows, and let others go."""
    changes = Changes()
    for key in gone:
        changes.remove(table, key)
    for row in rows:
        changes.put(table, row)
    after = store.standing("executions").checkpoint.offset
    store.save([one.name for one in READ_MODELS], changes, Checkpoint("j", after + 1), after, is_whole=True)


def placed(table: Table[Any], row: Any, at: int) -> Any:
    """The row with the time that its list is sorted by: the same for all of an execution."""
    return row._replace(**{table.time: at})


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_filter_takes_the_rows_for_which_it_is_true(stores: Stores, name: str, data: st.DataObject) -> None:
    listed = LISTS[name]
    begin(stores, listed.table)
    drawn = data.draw(st.lists(listed.rows, min_size=1, max_size=8))
    rows = {row[: len(listed.table.key)]: placed(listed.table, row, NOW + row.number) for row in drawn}
    save(stores[0], listed.table, list(rows.values()))
    for source in data.draw(st.lists(conditions(listed.columns), min_size=1, max_size=6)):
        try:
            filter_ = listed.filter(source, NOW)
        except InvalidInput:
            continue
        found = stores[0].select(listed.where(limit=100, filter_=filter_))
        expected = {key for key, row in rows.items() if filter_.takes(listed.names(row))}
        assert (source, {row[: len(listed.table.key)] for row in found}) == (source, expected)


@pytest.mark.parametrize("name", ["executions", *LISTS])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_pages_skip_and_double_nothing_while_rows_come_change_and_go(stores: Stores, name: str, data: st.DataObject) -> None:
    listed = EXECUTION_LIST if name == "executions" else LISTS[name]
    table, count = listed.table, data.draw(st.sampled_from([1, PARTITIONS]))
    begin(stores, listed.table)
    there: dict[tuple[Any, ...], Any] = {}

    def come(rows: list[Any]) -> None:
        for row in rows:
            partition = data.draw(st.integers(0, count - 1))
            at = next((one[0] for key, one in there.items() if key[:2] == (partition, row.number)), data.draw(st.integers(1, 5)))
            there[(partition, *row[: len(table.key)])] = (at, row)
            save(stores[partition], table, [placed(table, row, at)])

    come(data.draw(st.lists(listed.rows, max_size=8)))
    stayed, shown = set(there), list[tuple[Any, ...]]()
    after: Cursor | None = None
    limit = data.draw(st.integers(1, 3))
    log = GrowingLog(count)
    reader = PartitionedReader(log, Catalog(log, ManualClock(0)), MemoryBlobs(), lambda partition: stores[partition])
    while True:
        page = reader.find(listed.where(after=after, limit=limit))
        shown += [(one.partition, *one.record[: len(table.key)]) for one in page]
        if len(page) < limit:
            break
        after = table.cursor(page[-1].record, page[-1].partition)
        come(data.draw(st.lists(listed.rows, max_size=2)))
        if there and name != "executions":
            gone = data.draw(st.sampled_from(sorted(there)))
            save(stores[gone[0]], table, [], [gone[1:]])
            del there[gone]
            stayed.discard(gone)
    assert len(shown) == len(set(shown)), "a row is shown twice"
    assert stayed <= set(shown), "a row is left out that was there all the time"
