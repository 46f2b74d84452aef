"""Every store answers a filter: the rows for which it is true, page after page, and by an index where there is one."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, Cursor, ReadModels
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.execution_columns import INSIDE, execution_filter, names_of, tags_of
from projections.executions import EXECUTIONS, TAGS, ExecutionRecord, TagRecord, executions_where
from projections.registry import READ_MODELS
from projections.search import SEARCH_VALUES, search_records
from projections.waits import WAITING, WaitRecord

NOW: Final = 1_700_000_000_000
FILTERS: Final = [
    "workflow == 'order' && search.customer == 'A-1' && duration > duration('5m') && status in ['failed', 'incident']",
    "search.customer == 'A-1'",
    "search.amount > 3 || outcome == 'ok'",
    "search.?customer.orValue('nobody') != 'A-1'",
    "!has(search.customer)",
    "error.message.contains('time') || error == null && parent == null",
    "created_at > now - duration('1h') && started_at != null",
    "status == 'failed'",
    "status in ['running', 'incident']",
    "events + 1 > 3 && version <= 2.5",
    "'billing' in tags",
    "'billing' in tags && !('urgent' in tags) || status == 'failed'",
    "'signal' in waits_for",
    "'task' in waits_for || !('signal' in waits_for) && status == 'running'",
    "status != 'completed'",
    "!(status in ['completed', 'failed'])",
    "root == 'x1' && status in ['running', 'failed']",
    "trigger.kind == 'schedule' && trigger.id != 'nightly'",
    "trigger == null && duration >= duration('5m')",
    "ended_at > now - duration('1h')",
    "search.vip == true || search.vip == null",
    "search.amount >= 3 && search.customer == 'A-1' && workflow == 'order'",
]


@pytest.fixture(params=["sqlite", "sqlite of many partitions", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadModels]:
    """A new store."""
    made: ReadModels
    if request.param == "postgres":
        made = models_in(request.getfixturevalue("postgres_url"), f"test-{secrets.token_hex(6)}", READ_MODELS, False)(1)
    else:
        made = SqliteReadModels(tmp_path / "rows.db", READ_MODELS, is_divided=request.param != "sqlite")
    yield made
    made.close()


def record(chance: random.Random, number: int) -> ExecutionRecord:
    """Any row."""
    status = chance.choice(["running", "incident", "completed", "failed"])
    ended = status in ("completed", "failed")
    start = NOW - 7_200_000 + number * 20_000
    error = "timeout" if status == "failed" else None
    search = {
        "customer": chance.choice(["A-1", "B-2", 7, None]),
        "amount": chance.choice([1, 3.5, 2**70]),
        "vip": chance.choice([True, None, 1]),
    }
    outcome, end = (chance.choice([None, "ok"]), start + chance.choice([1, 300_000, 300_001])) if ended else (None, 0)
    duration = end - start if end else None
    tags = chance.choice([None, '["billing"]', '["billing","urgent"]', '["urgent"]'])
    trigger = chance.choice([(None, None), ("schedule", "nightly"), ("schedule", "hourly"), ("webhook", None)])
    waits = [] if ended else chance.choice([[], ["signal"], ["signal", "signal", "signal"], ["task", "signal"], ["activity"]])
    waiting = json.dumps([{"for": sort, "path": f"n{place}"} for place, sort in enumerate(waits)])
    return ExecutionRecord(
        number, f"x{number}", chance.choice(["order", "other"]), chance.randint(1, 3), status, outcome, chance.choice([None, "x1"]),
        start, start if number % 5 else 0, end, chance.randint(1, 4), number + 1, error, "no answer in time" if error else None, waiting,
        json.dumps(search) if number % 3 else None, b"", chance.choice([None, "x1"]), *trigger, tags, duration,
    )  # fmt: skip


def save(models: ReadModels, records: list[ExecutionRecord]) -> None:
    """Store the rows with their search values and tags."""
    models.save([one.name for one in READ_MODELS], changes_of(records), Checkpoint("j", 1), 0, is_whole=True)


def changes_of(records: list[ExecutionRecord]) -> Changes:
    """What a projection makes of them."""
    changes = Changes()
    for one in records:
        changes.put(EXECUTIONS, one)
        for value in search_records(one.number, None if one.search is None else one.search.encode(), one.created_at):
            changes.put(SEARCH_VALUES, value)
        for tag in tags_of(one.tags):
            changes.put(TAGS, TagRecord(one.number, tag, one.created_at))
        for wait in json.loads(one.waiting_for):
            if wait["for"] not in INSIDE:
                place = (one.number, wait["path"], wait["for"], "")
                changes.put(WAITING, WaitRecord(*place, one.created_at, one.execution, one.workflow, one.version, 0, 0))
    return changes


@pytest.mark.parametrize("is_oldest_first", [False, True])
@pytest.mark.parametrize("source", FILTERS)
def test_pages_show_each_row_for_which_the_filter_is_true_once_and_in_order(
    models: ReadModels, source: str, is_oldest_first: bool
) -> None:  # fmt: skip
    chance = random.Random(source)
    records = [record(chance, number) for number in range(600)]
    save(models, records)
    filter_ = execution_filter(source, NOW)
    shown: list[int] = []
    sizes: list[int] = []
    after: Cursor | None = None
    while page := models.select(executions_where(after=after, limit=7, filter_=filter_, is_oldest_first=is_oldest_first)):
        shown += [one.number for one in page]
        sizes.append(len(page))
        after = Cursor(page[-1].number, page[-1].created_at)
    assert set(sizes[:-1]) <= {7}, "a page that is not full is the last one"
    expected = [one.number for one in (records if is_oldest_first else reversed(records)) if filter_.takes(names_of(one))]
    assert expected, "the test says nothing"
    assert shown == expected


def test_a_number_is_what_it_is_also_where_no_double_or_no_whole_number_is(models: ReadModels) -> None:
    kept = ["9007199254740993", "-9007199254740993", "9007199254740992", "9007199254740992.0", "1.5", "2", "2.0", '"1.5"', "null",
            "9223372036854775807", "18446744073709551616", "1e300"]  # fmt: skip
    asked = ["search.a != {}", "!(search.a == {})", "!(search.a in [{}, 7])", "search.a == {}", "search.a < {}", "search.a >= {}"]
    rows = [record(random.Random(1), number)._replace(search=f'{{"a":{value}}}') for number, value in enumerate(kept)]
    save(models, rows)
    for source in (one.format(value) for one in asked for value in ("9007199254740993", "9007199254740993.0", "1.5", "2", "2.5")):
        filter_ = execution_filter(source, NOW)
        found = {one.number for one in models.select(executions_where(filter_=filter_))}
        assert (source, found) == (source, {one.number for one in rows if filter_.takes(names_of(one))})


def test_a_filter_stands_beside_other_conditions(models: ReadModels) -> None:
    chance = random.Random(1)
    records = [record(chance, number) for number in range(100)]
    save(models, records)
    filter_ = execution_filter("search.customer == 'A-1'", NOW)
    found = models.select(executions_where("order", ("failed", "completed"), limit=5, filter_=filter_))
    expected = [
        one.number
        for one in reversed(records)
        if one.workflow == "order" and one.status in ("failed", "completed") and filter_.takes(names_of(one))
    ]
    assert [one.number for one in found] == expected[:5]


def test_rows_of_other_partitions_are_of_other_executions(postgres_url: str) -> None:
    open_: Callable[[int], ReadModels] = models_in(postgres_url, f"test-{secrets.token_hex(6)}", READ_MODELS, False)
    rows = [record(random.Random(2), 1)._replace(search=search) for search in ('{"a":1}', '{"a":2}')]
    for partition, row in enumerate(rows):
        save(open_(partition), [row])
    query = executions_where(filter_=execution_filter("search.a == 2", NOW))
    assert [[one.search for one in open_(partition).select(query)] for partition in (0, 1)] == [[], ['{"a":2}']]
    unlike = executions_where(filter_=execution_filter("!has(search.b) && !(search.a == 2)", NOW))
    assert [[one.search for one in open_(partition).select(unlike)] for partition in (0, 1)] == [['{"a":1}'], []]
    open_(0).close()


def test_rows_are_not_filtered_by_search_values_that_are_still_being_made(models: ReadModels) -> None:
    changes = Changes()
    changes.put(EXECUTIONS, record(random.Random(3), 1)._replace(workflow="order"))
    models.save(["executions"], changes, Checkpoint("j", 2), 0, is_whole=True)
    models.save(["search"], Changes(), Checkpoint("j", 1), 0, is_whole=False)
    assert len(models.select(executions_where(filter_=execution_filter("workflow == 'order'", NOW)))) == 1
    by_search = executions_where(filter_=execution_filter("workflow == 'order' && !has(search.a)", NOW))
    with pytest.raises(LogUnreachable, match="up to offset 1 of 2: ask again in a moment"):
        models.select(by_search)
    models.save(["search"], Changes(), Checkpoint("j", 2), 1, is_whole=True)
    assert len(models.select(by_search)) == 1
