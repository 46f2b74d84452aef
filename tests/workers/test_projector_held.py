"""Rows that may lag are held back under load: what comes and goes meanwhile is never stored, and in the end rows are those of a rebuild."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import EraseExecution, ResolveIncident
from contracts.ports.log import Log
from infra.clock import ManualClock
from infra.store.sqlite import SqliteReadModels
from projections.executions import executions_where
from projections.node_runs import node_runs_where
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from tests.workers.test_projector import CHAIN, LOOP, STUBBORN, STUCK
from workers.partition.catalog import Catalog
from workers.reading.projection import HELD_FROM, HELD_MS_MAX, Sizes
from workers.reading.projector import Projector
from workers.reading.projector_pool import ProjectorPool

FAN: dict[str, Any] = {"name": "fan", "nodes": [{"id": f"n{i}", "type": "delay", "config": {"for": f"{100 * i}ms"}} for i in range(1, 6)]}
ASKS: dict[str, Any] = {
    "name": "asks",
    "settings": {"erasable": True},
    "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}],
}
AT_ONCE = Sizes(held_from=1)


@pytest.fixture
def bench() -> Bench:
    """One execution, to begin with: rows are held back only where they were once whole."""
    made = Bench()
    made.publish(CHAIN, STUCK, LOOP, STUBBORN, FAN, ASKS)
    made.start("chain", execution="first")
    made.move()
    return made


@pytest.fixture
def models(bench: Bench, tmp_path: Path) -> Iterator[SqliteReadModels]:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as made:
        projector(bench.opened, made).step()
        yield made


def goes_on(bench: Bench) -> None:
    for number in range(5):
        for workflow in ("chain", "stuck", "fan", "loop", "stubborn", "asks"):
            bench.start(workflow, {"of": workflow}, execution=f"{workflow}-{number}")
        bench.move(time=number % 2 == 1)
    folded = bench.engine.owner.executions.get("stuck-2")
    assert folded is not None
    bench.ask("stuck-2", ResolveIncident(next(iter(folded.state.incidents)), "fail"))


def projector(log: Log, models: SqliteReadModels, sizes: Sizes = AT_ONCE) -> Projector:
    return Projector(log, Catalog(log, ManualClock(0)), models, sizes=sizes)


def stored(path: Path) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def rebuilt(bench: Bench, path: Path) -> dict[str, list[Any]]:
    with closing(SqliteReadModels(path, READ_MODELS)) as models:
        projector(bench.opened, models).step()
    return stored(path)


@pytest.mark.parametrize("seed", range(12))
def test_rows_are_those_of_a_rebuild_whatever_is_held_back_and_whoever_is_killed(
    bench: Bench, models: SqliteReadModels, tmp_path: Path, seed: int
) -> None:
    goes_on(bench)
    bench.ask("asks-1", EraseExecution("she asked", "bo"))
    chance, held, is_more = random.Random(seed), 0, True
    sizes = Sizes(chance.choice([3, 10]), chance.choice([2, 2_000]), 4, held_from=1)
    one = projector(bench.opened, models, sizes)
    while is_more or one.is_building:
        turn = chance.random()
        if turn < 0.1:  # killed: what it holds back is lost
            one = projector(bench.opened, models, sizes)
        is_more = one.step(may_hold=turn < 0.9)
        held += one.held_at is not None
        one.build()
    assert held
    one.step(may_hold=True)
    assert one.held_at is None, "nothing more came"
    assert stored(tmp_path / "rows.db") == rebuilt(bench, tmp_path / "clean.db")


def test_what_comes_and_goes_while_it_is_held_back_is_never_stored_and_executions_are_at_once(
    bench: Bench, models: SqliteReadModels
) -> None:
    written: list[str] = []
    models._connection.set_trace_callback(written.append)
    one = projector(bench.opened, models, Sizes(batch_max=2, held_from=1))
    bench.start("fan", execution="fan")
    bench.move(time=False)
    while one.step(may_hold=True) and one.held_at is None:
        pass
    assert [record.status for record in models.select(executions_where())] == ["running", "completed"]
    assert models.select(node_runs_where()) == []
    bench.move()
    while one.offset < bench.log.end("journal", 0):
        one.step(may_hold=True)
    assert one.held_at is not None
    one.release()
    assert not [statement for statement in written if "INTO node_runs" in statement or "INTO waiting" in statement]
    assert models.standing("node_runs") == models.standing("executions")


def test_rows_are_held_back_for_so_long_at_most(bench: Bench, models: SqliteReadModels) -> None:
    one = projector(bench.opened, models)
    bench.start("asks", execution="sooner")
    bench.move(time=False)
    assert (one.step(may_hold=True), one.held_at is None) == (False, False)
    bench.clock.advance(HELD_MS_MAX)
    bench.start("asks", execution="later")
    bench.move(time=False)
    one.step(may_hold=True)
    assert one.held_at is None
    assert len(models.select(node_runs_where())) == 2


def test_nothing_is_held_back_where_little_comes_or_rows_are_made_anew(bench: Bench, models: SqliteReadModels) -> None:
    one = projector(bench.opened, models, Sizes())
    bench.start("fan", execution="fan")
    bench.move(time=False)
    one.step(may_hold=True)
    assert one.held_at is None, f"fewer than {HELD_FROM} records"
    one = projector(bench.opened, models)
    bench.start("fan", execution="more")
    bench.move(time=False)
    one.step(may_hold=True)
    assert one.held_at is not None
    one.rebuild(["node_runs"])
    assert one.held_at is None
    bench.start("fan", execution="still-more")
    bench.move(time=False)
    one.step(may_hold=True)
    assert one.held_at is None
    while one.is_building:
        one.build()
    assert [stand.differing for stand in models.stands() if stand.rebuild] == [0]


def test_what_is_erased_is_not_held_back(bench: Bench, models: SqliteReadModels, tmp_path: Path) -> None:
    one = projector(bench.opened, models, Sizes(batch_max=1, held_from=1))
    bench.start("asks", execution="hers")
    bench.move()
    while one.step(may_hold=True):
        pass
    bench.ask("hers", EraseExecution("she asked", "bo"))
    while one.offset < bench.log.end("journal", 0):
        one.step(may_hold=True)
    assert one.held_at is None
    assert stored(tmp_path / "rows.db") == rebuilt(bench, tmp_path / "clean.db")


def test_a_pool_tells_how_far_rows_go_that_it_holds_back_and_stores_them_for_who_wants_all(bench: Bench, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    path = tmp_path / "rows.db"
    pools = [
        ProjectorPool(bench.opened, Catalog(bench.opened, ManualClock(0)), lambda _: SqliteReadModels(path, READ_MODELS), tell, is_shared)
        for tell, is_shared in ((lambda *said: told.append(said), False), (lambda *said: told.append(said), True))
    ]
    for number, pool in enumerate(pools):
        with closing(pool):
            pool.look([0])
            before = bench.log.end("journal", 0)
            for more in range(HELD_FROM):
                bench.start("fan", execution=f"fan-{number}-{more}")
            end = bench.log.end("journal", 0)
            pool.look([0], may_hold=True)
            assert told[-1] == (0, end, end if number else before), "others read what is shared, and do not say that they wait"
            pool.look([0])
            assert told[-1] == (0, end, end)
