"""A filter in SQL takes exactly the rows for which the expression is true, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from contracts.errors import InvalidInput
from projections.filter import compile_filter
from tests.projections.filter.expressions import conditions, rows
from tests.projections.filter.rows import COLUMNS, PostgresStore, Row, SqliteStore, Store, taken_by_evaluating


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty database."""
    made: Store = SqliteStore() if request.param == "sqlite" else PostgresStore(request.getfixturevalue("postgres_url"))
    yield made
    made.close()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=rows(), sources=st.lists(conditions(), min_size=1, max_size=8))
def test_a_filter_takes_the_rows_for_which_it_is_true(store: Store, rows: list[Row], sources: list[str]) -> None:
    store.fill(rows)
    for source in sources:
        try:
            found = compile_filter(source, COLUMNS)
        except InvalidInput as refused:
            event(f"refused: {refused.problems[0].rule}")
            continue
        event("compiled")
        assert (source, store.taken(found.where)) == (source, taken_by_evaluating(source, rows))
        assert [row.number for row in rows if found.takes(row.names)] == taken_by_evaluating(source, rows)
