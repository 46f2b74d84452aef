"""All read models: what they declare can be kept, and a table that changes is one of another version."""

from __future__ import annotations

import hashlib

import pytest

from infra.store.postgres_database import DIALECT as POSTGRES
from infra.store.sqlite import DIALECT as SQLITE
from infra.store.statements import creating
from projections.read_model import ReadModel
from projections.registry import READ_MODELS


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_who_changes_a_table_raises_the_version_of_its_read_model(model: ReadModel) -> None:
    statements = [statement for dialect in (SQLITE, POSTGRES) for table in model.tables for statement in creating(dialect, table, 1)]
    shape = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16]
    assert model.shape == shape, f"the tables of {model.name} have changed: raise its version, and say shape={shape!r}"


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_the_columns_that_a_table_speaks_of_are_those_of_its_rows(model: ReadModel) -> None:
    for table in model.tables:
        names = tuple(column.name for column in table.columns)
        assert names[: len(table.key)] == table.key
        assert table.is_sum or table.key[0] == "number"
        indexed = {column for index in table.indexes for column in index.columns}
        named = {*table.fixed, *table.unique, *table.filters, *indexed, *filter(None, (table.time, table.counted))}
        assert named <= set(names)


def test_names_of_read_models_and_tables_are_of_one_each() -> None:
    models = [model.name for model in READ_MODELS]
    tables = [table.name for model in READ_MODELS for table in model.tables]
    assert (len(set(models)), len(set(tables))) == (len(models), len(tables))
