"""A list by one indexed column looks at no rows but those that are shown: as the databases themselves say how they find them."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from contracts.journal import Checkpoint
from contracts.ports.read_models import Cursor, Query
from infra.store import postgres_database, sqlite
from infra.store.postgres import PostgresReadModels
from infra.store.postgres_database import PostgresDatabase
from infra.store.sqlite import SqliteReadModels
from infra.store.statements import Source, select_with, stored_name
from infra.store.where import Statement
from projections.costs import OnlyOf, costs_where
from projections.execution_columns import execution_filter
from projections.executions import ExecutionRecord, executions_where
from projections.registry import MODEL_OF, READ_MODELS
from tests.ports.test_filtered_lists import changes_of, record

NOW: Final = 1_700_000_000_000
Plan = Callable[..., str]
IN_ORDER: Final = [
    ("true", "by_time"),
    ("created_at > now - duration('1h')", "by_time"),
    ("created_at < now - duration('1h') && events > 3", "by_time"),
    ("workflow == 'order'", "by_workflow"),
    ("workflow == 'order' && created_at < now && !(outcome == 'x')", "by_workflow"),
    ("workflow == 'order' && version == 2", "by_version"),
    ("status == 'failed'", "by_status"),
    ("outcome == 'ok'", "by_outcome"),
    ("error.type == 'timeout'", "by_error"),
    ("parent == 'x1'", "by_parent"),
    ("root == 'x1'", "by_root"),
    ("trigger.kind == 'schedule'", "by_trigger"),
    ("trigger.id == 'nightly'", "by_trigger_id"),
    ("execution_id == 'x7'", "execution"),
    ("status in ['running', 'incident']", "by_status"),
    ("status != 'completed'", "by_status"),
    ("'billing' in tags", "by_tag"),
    ("search.customer == 'A-1'", "by_text"),
    ("search.vip == true", "by_kind"),
]
"""What an index has in the order of the list: however many there are, no more are looked at than are shown."""
FEW: Final = [
    ("duration > duration('990s')", "by_duration"),
    ("ended_at > now - duration('1m')", "by_end"),
    ("started_at > now - duration('1m')", "by_start"),
    ("workflow.startsWith('rar')", "by_version"),
    ("duration > duration('990s') && workflow == 'order' && status == 'failed'", "by_duration"),
    ("search.amount == 3", "by_whole"),
    ("search.amount == 3 || search.amount == 5", "by_whole"),
    ("search.amount > 2990", "by_whole"),
    ("search.amount > 2990.5", "by_real"),
    ("search.customer == 'A-1' && workflow == 'order' && status in ['failed', 'incident']", "by_text"),
    ("'rare' in tags && workflow == 'order'", "by_tag"),
]
"""What is found by its index, where it is so few, and sorted."""
MANY: Final = [source for source, _ in FEW if "workflow ==" not in source]
WITHIN: Final = [source for source, _ in FEW if "workflow ==" in source]


def row(chance: random.Random, number: int) -> ExecutionRecord:
    """A row some of whose values few others have."""
    made, start, is_rare = record(chance, number), NOW - (3_000 - number) * 5_000, number % 100 == 0
    search = {"customer": "A-1" if is_rare else f"C-{number}", "amount": number + number % 2 / 2, "vip": chance.choice([True, False])}
    return made._replace(
        workflow="rare" if is_rare else made.workflow, created_at=start, started_at=start, search=json.dumps(search),
        ended_at=made.ended_at and start + number % 1_000, duration=number % 1_000 * 1_000 if made.ended_at else None,
        tags='["rare"]' if is_rare else '["billing"]',
    )  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def plan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    """How a list is found among some thousand rows, in the words of a database; `count` is how many rows any range has."""
    names, chance = [one.name for one in READ_MODELS], random.Random(7)
    rows = changes_of([row(chance, number) for number in range(3_000)])
    if request.param == "sqlite":
        store = SqliteReadModels(tmp_path_factory.mktemp("rows") / "rows.db", READ_MODELS)
        store.save(names, rows, Checkpoint("j", 1), 0, is_whole=True)

        def told(query: Query[Any], count: int | Callable[[Statement], int] = 0) -> str:
            source = Source(MODEL_OF[query.table].version, stored=_stored)
            sql, values = select_with(sqlite.DIALECT, query, source, _counting(count))
            return "\n".join(str(row[3]) for row in store._connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))

        yield told
        store.close()
        return
    database = PostgresDatabase(request.getfixturevalue("postgres_url"), f"test-{secrets.token_hex(6)}", READ_MODELS)
    PostgresReadModels(database, 0).save(names, rows, Checkpoint("j", 1), 0, is_whole=True)
    database.connection.execute("ANALYZE")
    database.connection.execute("SET enable_seqscan = off")  # of so few rows it would rather read them all

    def said(query: Query[Any], count: int | Callable[[Statement], int] = 0) -> str:
        source = Source(MODEL_OF[query.table].version, None, 0, _stored)
        sql, values = select_with(postgres_database.DIALECT, query, source, _counting(count))
        return "\n".join(row[0] for row in database.connection.execute(f"EXPLAIN {sql}".encode(), values))

    yield said
    database.close()


def _counting(count: int | Callable[[Statement], int]) -> Callable[[Statement], int]:
    return count if callable(count) else lambda asked: count


def _stored(name: str) -> str:
    table, model = next((table, model) for table, model in MODEL_OF.items() if table.name == name)
    return stored_name(table, model.version)


def listed(source: str, after: Cursor | None = None, is_oldest_first: bool = False) -> Query[Any]:
    return executions_where(filter_=execution_filter(source, NOW), after=after, is_oldest_first=is_oldest_first)


def looks_through(found: str) -> bool:
    """Whether a whole table is read; the pages of a list that is put together are small ones."""
    lines = [line.strip() for line in found.splitlines()]
    return any(line.startswith("SCAN ") and "USING" not in line and "page_" not in line and line[5:] != "listed" for line in lines) or (
        "Seq Scan" in found
    )


@pytest.mark.parametrize(("source", "index"), IN_ORDER)
@pytest.mark.parametrize("after", [None, Cursor(100, NOW)])
@pytest.mark.parametrize("is_oldest_first", [False, True])
def test_a_list_by_one_indexed_column_is_found_in_its_order(
    plan: Plan, source: str, index: str, after: Cursor | None, is_oldest_first: bool
) -> None:  # fmt: skip
    if is_oldest_first and after is not None:
        after = Cursor(0, NOW - 3_000 * 5_000)
    found = plan(listed(source, after, is_oldest_first), count=10**6)
    assert f"_{index}" in found, found
    assert not looks_through(found), found
    is_page_sorted = any(one in source for one in ("status in", "status !=", "tags", "search", "execution_id"))
    assert is_page_sorted or ("TEMP B-TREE" not in found and "Sort" not in found), found


@pytest.mark.parametrize(("source", "index"), FEW)
def test_few_rows_of_a_range_are_found_by_its_index(plan: Plan, source: str, index: str) -> None:
    found = plan(listed(source), count=5_000)
    assert f"_{index}" in found, found
    assert not looks_through(found), found
    assert "executions_5_by_time" not in found, found


@pytest.mark.parametrize("plan", ["sqlite"], indirect=True)
@pytest.mark.parametrize("source", MANY)
def test_of_many_rows_of_a_range_the_first_in_the_order_of_the_list_are_found(plan: Plan, source: str) -> None:
    found = plan(listed(source), count=5_001)
    assert "executions_5_by_time" in found, found
    assert "TEMP B-TREE" not in found, found


@pytest.mark.parametrize("plan", ["sqlite"], indirect=True)
@pytest.mark.parametrize("source", WITHIN)
def test_of_many_rows_of_a_range_those_of_another_column_are_looked_at(plan: Plan, source: str) -> None:
    found = plan(listed(source), count=5_001)
    assert "executions_5_by_workflow" in found or "executions_5_by_status" in found, found
    assert "TEMP B-TREE" not in found, found


@pytest.mark.parametrize("plan", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("fewer", "index"), [("workflow", "by_workflow"), ("status", "by_status"), ("outcome", "by_outcome")])
def test_of_several_columns_that_each_take_many_rows_the_one_that_takes_the_fewest_is_looked_at(plan: Plan, fewer: str, index: str) -> None:
    source = "workflow == 'order' && status in ['failed', 'incident'] && outcome == 'ok' && duration > duration('1s')"
    found = plan(listed(source), count=lambda asked: 1_000 if f" {fewer} " in asked.sql else 10_000)
    assert f"_{index}" in found, found
    assert not looks_through(found), found


@pytest.mark.parametrize("source", ["duration > duration('990s')", "ended_at > now - duration('1m')"])
def test_of_few_rows_only_keys_are_sorted(plan: Plan, source: str) -> None:
    found = plan(listed(source), count=5_000)
    assert "COVERING INDEX" in found or "Index Only Scan" in found, found


@pytest.mark.parametrize("only", [OnlyOf(), OnlyOf(model="openai:m"), OnlyOf("order"), OnlyOf("order", 2, "a", "openai:m", "reply", 4)])
def test_costs_of_some_days_are_found_by_their_days(plan: Plan, only: OnlyOf) -> None:
    found = plan(costs_where(NOW, NOW + 86_400_000, only))
    assert not looks_through(found), found
    assert only.workflow is not None or "_by_day" in found, found
