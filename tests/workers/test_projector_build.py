"""A read model that is new, or raised: built beside the others, whoever is killed meanwhile; the rows are those of a clean rebuild."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.commands import ResolveIncident
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.store.sqlite import SqliteReadModels
from projections.executions import READ_MODEL as EXECUTIONS_MODEL
from projections.executions import executions_where
from projections.incidents import incidents_where
from projections.read_model import ReadModel
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from tests.workers.test_projector import CHAIN, LOOP, STUCK
from workers.partition.catalog import Catalog
from workers.reading.projection import Sizes
from workers.reading.projector import Projector
from workers.reading.trails import record_of, trail_of

FORGETFUL = Sizes(batch_max=3, live_max=1, packed_max=1)


def with_raised(*names: str) -> tuple[ReadModel, ...]:
    """All read models, of these a next version."""
    return tuple(replace(model, version=model.version + 1) if model.name in names else model for model in READ_MODELS)


RAISED = {"incidents": with_raised("incidents"), "executions": with_raised("executions"), "both": with_raised("executions", "incidents")}


def story() -> Bench:
    made = Bench()
    made.publish(CHAIN, STUCK, LOOP)
    return made


def goes_on(bench: Bench, number: int) -> None:
    """A few executions more, one of which stays open; and an incident of before is resolved."""
    for workflow in ("chain", "stuck", "loop", "stuck"):
        bench.start(workflow, execution=f"{workflow}-{number}-{len(bench.log._records['journal', 0])}")
    bench.move(time=False)
    bench.clock.advance(700)
    bench.move(time=False)


def resolve(bench: Bench, execution: str) -> None:
    folded = bench.engine.owner.executions.get(execution)
    assert folded is not None
    (incident,) = folded.state.incidents
    bench.ask(execution, ResolveIncident(incident, "fail"))
    bench.move(time=False)


def projector(log: MemoryLog, models: SqliteReadModels, read_models: Sequence[ReadModel], sizes: Sizes = FORGETFUL) -> Projector:
    return Projector(log, Catalog(log, ManualClock(0)), models, read_models=read_models, sizes=sizes)


def whole(log: MemoryLog, path: Path, read_models: Sequence[ReadModel] = READ_MODELS) -> None:
    with closing(SqliteReadModels(path, read_models)) as models:
        while projector(log, models, read_models, Sizes()).step():
            pass


def dump(path: Path, version_of: dict[str, int]) -> dict[str, list[Any]]:
    """All rows, byte for byte."""
    tables = [(table.name, model.name) for model in READ_MODELS for table in model.tables]
    with closing(sqlite3.connect(path)) as connection:
        named = {table: table if version_of[model] == 1 else f"{table}_{version_of[model]}" for table, model in tables}
        return {table: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for table, name in named.items()}


def versions(read_models: Sequence[ReadModel]) -> dict[str, int]:
    return {model.name: model.version for model in read_models}


def check_same(log: MemoryLog, path: Path, read_models: Sequence[ReadModel]) -> None:
    clean = path.with_name("clean.db")
    clean.unlink(missing_ok=True)
    whole(log, clean)
    assert dump(path, versions(read_models)) == dump(clean, versions(READ_MODELS))


@pytest.mark.parametrize("raised", RAISED)
def test_a_raised_read_model_is_built_beside_the_others_which_go_on(raised: str, tmp_path: Path) -> None:
    bench, path, read_models = story(), tmp_path / "rows.db", RAISED[raised]
    goes_on(bench, 1)
    whole(bench.log, path)
    before = bench.log.end("journal", 0)
    with closing(SqliteReadModels(path, read_models)) as models:
        steps = 0
        while (made := projector(bench.log, models, read_models)).is_building or steps < 2:
            made.build()  # and then the process is killed: what was folded is gone
            if steps < 4:
                goes_on(bench, 2 + steps)
            made = projector(bench.log, models, read_models)
            while made.step():
                pass
            steps += 1
            open_ones = models.select(executions_where(statuses=("running",)))
            assert [record.status for record in open_ones] == ["running"] * len(open_ones) != []
            assert all(trail_of(models, record)[0] == record.number for record in open_ones)
            assert models.select(incidents_where(is_open=True))
            there = {name: models.checkpoint(name).offset for name in ("executions", "incidents")}
            assert min(there.values()) >= before, "lists go back behind nothing that they have shown"
            if raised == "incidents":
                assert there["executions"] == made.offset == bench.log.end("journal", 0)
            if raised == "executions":
                assert there["incidents"] == bench.log.end("journal", 0)
        assert steps >= 4
        assert made.offset == bench.log.end("journal", 0)
        assert [models.standing(model.name).is_whole for model in read_models] == [True] * len(read_models)
    check_same(bench.log, path, read_models)
    with closing(sqlite3.connect(path)) as connection:
        stored = dict(connection.execute("SELECT model, version FROM models"))
        assert stored == versions(read_models), "nothing is left of the version before"


def test_a_read_model_that_is_new_is_built_beside_those_that_are_there(tmp_path: Path) -> None:
    bench, path = story(), tmp_path / "rows.db"
    goes_on(bench, 1)
    whole(bench.log, path, (EXECUTIONS_MODEL,))
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        made = projector(bench.log, models, READ_MODELS)
        assert made.is_building
        made.build()
        goes_on(bench, 2)
        while made.step():
            pass
        assert made.offset == bench.log.end("journal", 0) > models.checkpoint("incidents").offset == FORGETFUL.batch_max
        while made.is_building:
            made.build()
        assert made.offset == models.checkpoint("incidents").offset
        goes_on(bench, 3)
        while made.step():
            pass
    check_same(bench.log, path, READ_MODELS)


@settings(deadline=None, max_examples=25)
@given(
    raised=st.sampled_from(sorted(RAISED)),
    acts=st.lists(st.sampled_from(["go on", "resolve", "step", "build", "build", "kill"]), max_size=25),
    batch=st.integers(1, 9),
)
def test_rows_are_those_of_a_clean_rebuild_whatever_happens_while_a_read_model_is_built(raised: str, acts: list[str], batch: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_build(Path(folder) / "rows.db", RAISED[raised], acts, batch)


def check_build(path: Path, read_models: Sequence[ReadModel], acts: list[str], batch: int) -> None:
    bench = story()
    goes_on(bench, 0)
    whole(bench.log, path)
    stuck = [record for record in bench.engine.owner.executions.names() if record.startswith("stuck")]
    sizes = FORGETFUL._replace(batch_max=batch)
    with closing(SqliteReadModels(path, read_models)) as models:
        made = projector(bench.log, models, read_models, sizes)
        for number, act in enumerate(acts):
            match act:
                case "go on":
                    goes_on(bench, number)
                case "resolve" if stuck:
                    resolve(bench, stuck.pop())
                case "step":
                    made.step()
                case "build":
                    made.build()
                case _:
                    made = projector(bench.log, models, read_models, sizes)
        while made.step() or made.is_building:
            made.build()
        while made.step():
            pass
    check_same(bench.log, path, read_models)


def test_a_build_that_lacks_little_tells_of_an_execution_that_ended_later(tmp_path: Path) -> None:
    """Rows of executions go further than what is built: what they say of the end is not to be believed before it."""
    bench, path, read_models = story(), tmp_path / "rows.db", RAISED["incidents"]
    name = bench.start("stuck")
    bench.move(time=False)
    resolve(bench, name)
    whole(bench.log, path)
    with closing(SqliteReadModels(path, read_models)) as models:
        record = record_of(models, name)
        assert record is not None
        assert record.ended_at
        while (made := projector(bench.log, models, read_models, FORGETFUL._replace(batch_max=1))).is_building:
            made.build()
        assert [(one.execution, one.action) for one in models.select(incidents_where(is_open=False))] == [(name, "fail")]
    check_same(bench.log, path, read_models)
