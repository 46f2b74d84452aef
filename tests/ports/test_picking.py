"""Every store tells a bulk operation which executions it is about, by their incidents too, and how they stand."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ReadModels
from contracts.ports.where import Field, OneOf, all_of
from domain.bulk.action import Row
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.execution_columns import execution_filter
from projections.executions import EXECUTIONS, ExecutionRecord, executions_where
from projections.incidents import INCIDENTS, IncidentRecord, incident_filter, incidents_where
from projections.registry import READ_MODELS
from workers.reading.picking import incidents_of, picked

NOW = 1_700_000_000_000


@pytest.fixture(params=["sqlite", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadModels]:
    """Six executions: the even ones have an incident of the type `a`, the last one another, resolved, and one of the type `b`."""
    made: ReadModels
    if request.param == "postgres":
        made = models_in(request.getfixturevalue("postgres_url"), f"test-{secrets.token_hex(6)}", READ_MODELS, False)(1)
    else:
        made = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    changes = Changes()
    for number in range(6):
        status = "paused" if number == 4 else "incident" if number % 2 == 0 else "running"
        row = ExecutionRecord(number, f"x{number}", "order", 1, status, None, None, NOW + number, NOW, 0, 1, number, None, None, "[]", None)
        changes.put(EXECUTIONS, row)
    incidents = [(0, "1", "a", 0), (2, "1", "a", 0), (4, "1", "a", 0), (4, "2", "a", NOW), (4, "3", "b", 0)]
    for number, incident, type_, resolved_at in incidents:
        record = IncidentRecord(number, incident, f"x{number}", "pay", "{}", NOW, resolved_at, workflow="order", node="pay", type=type_)
        changes.put(INCIDENTS, record)
    made.save([one.name for one in READ_MODELS], changes, Checkpoint("j", 1), 0, is_whole=True)
    yield made
    made.close()


def test_those_that_a_filter_takes_the_first_created_first(models: ReadModels) -> None:
    query = executions_where(limit=4, filter_=execution_filter("status != 'paused'", NOW))
    assert picked(models, query, None) == [Row("x1", "running"), Row("x2", "incident"), Row("x3", "running"), Row("x5", "running")]


def test_with_their_open_incidents_where_these_are_asked_for(models: ReadModels) -> None:
    found = picked(models, executions_where(limit=10), incidents_where(is_open=True), is_narrowed=False)
    assert [(row.execution, list(row.incidents)) for row in found] == [
        ("x0", ["1"]), ("x1", []), ("x2", ["1"]), ("x3", []), ("x4", ["1", "3"]), ("x5", []),
    ]  # fmt: skip


def test_those_alone_that_have_such_an_incident_and_are_meant_otherwise_too(models: ReadModels) -> None:
    of_a = incidents_where(is_open=True, filter_=incident_filter("error.type == 'a'", NOW))
    query = executions_where(limit=10, filter_=execution_filter("execution_id != 'x0'", NOW))
    assert [(row.execution, row.status, list(row.incidents)) for row in picked(models, query, of_a)] == [
        ("x2", "incident", ["1"]),
        ("x4", "paused", ["1"]),
    ]
    named = query._replace(where=all_of(query.where, OneOf(Field("execution", True), ("x4", "x1"))))
    assert [row.execution for row in picked(models, named, of_a)] == ["x4"]
    assert len(picked(models, query._replace(limit=1), of_a)) == 1
    assert incidents_of(models, "x4", of_a) == ["1"]
