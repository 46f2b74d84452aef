"""Analytics: what happened in an hour, of executions and of nodes; rows are the same however decisions are cut into batches."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import AnswerTask, ResolveIncident, SendSignal, TerminateExecution
from contracts.person import Person
from contracts.ports.read_models import Changes
from infra.store.sqlite import SqliteReadModels
from projections.analytics import ANALYTICS, HOUR_MS, AnalyticsRecord, Tally, analytics_where, node_of
from projections.analytics_windows import DAY_MS, Group, by_default, windows
from projections.registry import READ_MODELS
from projections.sketch import bucket_of, middle_of
from tests.ports.test_read_models import Open, open_, store  # noqa: F401  # the fixture
from tests.workers.harness import Bench, payload
from tests.workers.test_projector import CHAIN, LOOP, STUCK
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

ALL = 2**53
WAITS: dict[str, Any] = {
    "name": "waits",
    "nodes": [
        {"id": "approval", "type": "wait_signal", "config": {"name": "approved"}},
        {"id": "done", "type": "end", "config": {"outcome": "approved"}},
    ],
    "edges": [{"from": "approval.received", "to": "done"}],
}


def story() -> Bench:
    """Executions that end well and otherwise, over three hours."""
    bench = Bench()
    bench.publish(CHAIN, LOOP, STUCK, WAITS)
    for number in range(3):
        for workflow in ("chain", "loop", "stuck", "waits", "waits"):
            bench.start(workflow, execution=f"{workflow}-{number}-{bench.log.end('journal', 0)}")
            bench.move(time=False)
        names = list(bench.engine.owner.executions.names())
        bench.clock.advance(90_000)
        for name in names:
            if name.startswith(f"waits-{number}"):
                bench.ask(name, SendSignal(name, "approved", payload(None)))
                break
        bench.move(time=False)
        bench.clock.advance(HOUR_MS)
        for name in names:
            folded = bench.engine.owner.executions.get(name)
            if folded is not None and folded.state.incidents:
                bench.ask(name, ResolveIncident(next(iter(folded.state.incidents)), "fail"))
        bench.move(time=False)
    bench.ask(next(name for name in bench.engine.owner.executions.names() if name.startswith("waits")), TerminateExecution("enough"))
    bench.move(time=False)
    return bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    return story()


def rows(bench: Bench, models: Any, batch: int, live: int = 100) -> list[AnalyticsRecord]:
    projector = Projector(bench.log, bench.engine.catalog, models, sizes=Sizes(batch, live, live))
    while projector.step():
        pass
    return list(models.select(analytics_where(0, ALL, node=None)))


@pytest.mark.parametrize(("batch", "live"), [(1, 1), (3, 1), (7, 100)])
def test_rows_are_the_same_however_decisions_are_cut(bench: Bench, open_: Open, tmp_path: Path, batch: int, live: int) -> None:  # noqa: F811
    with closing(SqliteReadModels(tmp_path / "whole.db", READ_MODELS)) as whole:
        assert rows(bench, open_(), batch, live) == rows(bench, whole, 10_000) != []


def test_what_happened_stays_where_the_rows_of_an_execution_go(open_: Open) -> None:  # noqa: F811
    models, begins, erases = open_(), Changes(), Changes()
    tally = Tally()
    tally.started = 1
    begins.sums[ANALYTICS] = {("w", 0, 1, ""): tally}
    store(models, begins)
    for model in READ_MODELS:
        for table in model.tables:
            erases.forget(table, 7)
            erases.clear(table, 7)
    store(models, erases)
    assert [one.started for one in models.select(analytics_where(0, ALL))] == [1]


def test_rows_that_are_made_anew_are_the_same(bench: Bench, tmp_path: Path) -> None:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        before = rows(bench, models, 5, 1)
        projector = Projector(bench.log, bench.engine.catalog, models, sizes=Sizes(11, 1, 1))
        projector.rebuild(["analytics"])
        while projector.is_building:
            projector.build()
        assert rows(bench, models, 5) == before
        assert [stand.differing for stand in models.stands() if stand.model == "analytics"] == [0]


def test_what_happened_is_counted(bench: Bench, tmp_path: Path) -> None:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        found = rows(bench, models, 10_000)
    of = {(one["workflow"], one["node"]): one for one in windows(found, "all", Group(node=True))}
    executions = {one["workflow"]: one for one in windows([one for one in found if not one.node], "all", Group())}

    waits = executions["waits"]
    assert (waits["started"], waits["ended"], waits["outcomes"]) == (6, {"completed": 3, "terminated": 1}, {"approved": 3})
    about = middle_of(bucket_of(90_000))
    assert waits["waiting"] == {"count": 3, "mean_ms": 90_000, "p50_ms": about, "p95_ms": about, "p99_ms": about}
    assert of["waits", "approval"]["ended"] == {"completed": 3, "terminated": 1}
    assert of["waits", "approval"]["started"] == 6
    assert of["waits", "done"]["ended"] == {"completed": 3}
    stuck = executions["stuck"]
    assert (stuck["started"], stuck["ended"], stuck["incidents"]) == (3, {"failed": 3}, 3)
    assert stuck["resolving"]["count"] == 3
    assert stuck["resolving"]["mean_ms"] == 90_000 + HOUR_MS
    assert stuck["duration"]["mean_ms"] == 90_000 + HOUR_MS
    assert executions["chain"]["ended"] == {"completed": 3}
    for (workflow, node), one in of.items():
        assert one["started"] >= sum(count for status, count in one["ended"].items() if status != "skipped"), (workflow, node)


def test_how_long_people_were_waited_for_is_counted(tmp_path: Path) -> None:
    bench = Bench()
    bench.publish({"name": "asks", "nodes": [{"id": "t", "type": "human_task", "config": {"question": "Go on?", "approval_threshold": 2}}]})
    bench.start("asks", execution="x")
    bench.move(time=False)
    for name in ("ada", "bob"):
        bench.clock.advance(45_000)
        bench.ask("x", AnswerTask("t", 1, "approved", Person(name)))
        bench.move(time=False)
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        (found,) = windows([one for one in rows(bench, models, 10_000) if one.node == "t"], "all", Group(node=True))
    assert (found["waiting"]["count"], found["waiting"]["mean_ms"]) == (1, 90_000)


def test_days_and_partitions_are_the_sums_of_their_hours(bench: Bench, tmp_path: Path) -> None:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        found = rows(bench, models, 10_000)
    assert len({one.hour for one in found}) >= 3
    halves = [found[::2], found[1::2]]
    for by in ("hour", "day", "all"):
        assert windows(found, by, Group()) == windows([*halves[1], *halves[0]], by, Group())
    whole = Tally()
    for one in found:
        whole.add(one)
    again = Tally()
    for half in halves:
        part = Tally()
        for one in half:
            part.add(one)
        again.add(AnalyticsRecord(*part.added_to(("w", 0, 1, ""), None)))
    assert whole.added_to(("w", 0, 1, ""), None) == again.added_to(("w", 0, 1, ""), None)


def test_the_engines_own_workflows_are_told_of_where_they_are_named() -> None:
    record = AnalyticsRecord("refold.inner", 0, 1, "", started=1)
    assert windows([record], "day", Group()) == []
    assert windows([record], "day", Group(), has_system=True)[0]["started"] == 1


@pytest.mark.parametrize(
    ("path", "node"),
    [("a", "a"), ("loop[2]/n", "loop/n"), ("n#1", "n"), ("fan.left/x#3", "fan.left/x"), ("a[0]/b[1]/c.compensate#2", "a/b/c.compensate")],
)
def test_runs_of_a_node_are_told_together(path: str, node: str) -> None:
    assert node_of(path) == node


def test_windows_are_whole_and_begin_where_nobody_says_when() -> None:
    now = 10 * DAY_MS + 5 * HOUR_MS + 17
    assert by_default(now, None, None, "hour") == (9 * DAY_MS + 6 * HOUR_MS, 10 * DAY_MS + 6 * HOUR_MS)
    assert by_default(now, None, None, "day").end == 11 * DAY_MS
    assert by_default(now, 3 * DAY_MS + 1, 4 * DAY_MS, "day") == (3 * DAY_MS, 4 * DAY_MS)
