"""Rows are made anew while their projector goes on, and is killed: lists are answered all the while, and the rows are those of before."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from infra.log.memory import MemoryLog
from infra.store.sqlite import SqliteReadModels
from infra.store.statements import stored_name
from projections.executions import EXECUTIONS, executions_where
from projections.incidents import incidents_where
from projections.read_model import ReadModel
from projections.registry import MODEL_OF, READ_MODELS
from tests.workers.test_projector_build import FORGETFUL, goes_on, projector, story, whole
from workers.reading.projector import Projector

STORED = stored_name(EXECUTIONS, MODEL_OF[EXECUTIONS].version)
NAMES = [model.name for model in READ_MODELS]


def made(log: MemoryLog, models: SqliteReadModels, read_models: Sequence[ReadModel] = READ_MODELS) -> Projector:
    return projector(log, models, read_models, FORGETFUL)


def steps(projector_: Projector) -> None:
    while projector_.step():
        pass


@pytest.mark.parametrize("names", [["executions"], ["incidents"], ["search", "incidents"], NAMES], ids=lambda names: " ".join(names))
def test_rows_are_made_anew_beside_those_that_go_on_whoever_is_killed(
    names: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "refold.reading")
    bench, path = story(), tmp_path / "rows.db"
    goes_on(bench, 1)
    whole(bench.log, path)
    with closing(SqliteReadModels(path, READ_MODELS)) as models, closing(SqliteReadModels(path, READ_MODELS, read_only=True)) as reader:
        made(bench.log, models).rebuild(names)
        turns = 0
        while (one := made(bench.log, models)).is_building:
            if turns < 4:
                goes_on(bench, 2 + turns)
            steps(one)
            shown = reader.select(executions_where(limit=1_000))
            assert len(shown) == 3 * min(turns + 2, 5), "lists show all there is, while rows are made anew"
            assert reader.select(incidents_where(is_open=True))
            one.build()  # and then the process is killed: what was folded is gone
            one.close()
            turns += 1
        assert turns >= 4
        assert sorted(stand.model for stand in models.stands() if stand.rebuild == 1 and stand.differing == 0) == sorted(names)
    assert sum("no row differed" in message for message in caplog.messages) == len(names)


def test_rows_that_were_wrong_are_put_right_and_it_is_said_how_many(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench, path = story(), tmp_path / "rows.db"
    goes_on(bench, 1)
    whole(bench.log, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {STORED} SET status = 'failed' WHERE workflow = 'chain'")
        connection.execute(f"DELETE FROM {STORED} WHERE workflow = 'loop'")
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        one = made(bench.log, models)
        one.rebuild(["executions"])
        while one.is_building:
            one.build()
        assert [stand.differing for stand in models.stands() if stand.model == "executions"] == [2]
        found = {record.workflow: record.status for record in models.select(executions_where())}
        assert found["chain"] != "failed"
        assert "loop" in found
        goes_on(bench, 2)
        steps(one)
        assert len(models.select(executions_where())) == 6, "it goes on in the new rows"
    assert "2 rows differed" in caplog.text


def test_rows_that_another_process_asked_for_are_made(tmp_path: Path) -> None:
    bench, path = story(), tmp_path / "rows.db"
    goes_on(bench, 1)
    whole(bench.log, path)
    with closing(SqliteReadModels(path, READ_MODELS)) as models, closing(SqliteReadModels(path, READ_MODELS)) as other:
        one = made(bench.log, models)
        other.rebuild(["search"])
        assert not one.is_building
        one.look_for_rebuilds()
        assert one.is_building
        while one.is_building:
            one.build()
        assert {stand.model: stand.rebuild for stand in models.stands()}["search"] == 1
