"""What is going on across executions: the runs of nodes, what waits, and incidents by their cause, as the rows have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import CancelExecution, PauseExecution, ResolveIncident, ResumeExecution
from infra.store.sqlite import SqliteReadModels
from projections.incidents import CAUSE, incidents_where, of_cause, shape_of
from projections.node_runs import node_run_filter, node_run_value, node_runs_where
from projections.registry import READ_MODELS
from projections.waits import wait_filter, wait_value, waits_where
from tests.workers.harness import Bench
from tests.workers.test_projector import projector

SIGNAL = {
    "name": "approval",
    "nodes": [
        {
            "id": "ask",
            "type": "wait_signal",
            "config": {"signals": [{"name": "yes", "port": "yes"}, {"name": "no", "port": "no"}], "timeout": "1h"},
        }
    ],
}
DELAY = {"name": "pause", "nodes": [{"id": "nap", "type": "delay", "config": {"for": "1m"}}]}
CALL = {"name": "call", "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "approval"}}]}
STUCK = {"name": "stuck", "nodes": [{"id": "div", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / input.by }}"}}]}
TAKEN = {
    "name": "taken",
    "nodes": [
        {"id": "no", "type": "fail", "config": {"type": "card.declined", "message": "card 4711 was declined"}},
        {"id": "ask", "type": "wait_signal", "config": {"name": "paid"}},
    ],
    "edges": [{"from": "no", "to": "ask", "type": "error"}],
}
NO = {"nodes": [{"id": "no", "type": "fail", "config": {"type": "x"}}]}
RETRIED = {
    "name": "retried",
    "nodes": [{"id": "box", "type": "try", "on_error": "incident", "config": {"body": NO},
               "retry": {"max_attempts": 3, "initial_delay": "10s"}}],
}  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(SIGNAL, DELAY, CALL, STUCK, TAKEN, RETRIED)
    return made


class Rows:
    """The rows of a bench, made as its journal grows."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self.models = SqliteReadModels(folder / "rows.db", READ_MODELS)

    def _catch_up(self) -> None:
        made = projector(self._bench.log, self.models)
        while made.step():
            pass

    def runs(self, source: str = "true") -> list[tuple[Any, ...]]:
        self._catch_up()
        found = [node_run_value(one) for one in self.models.select(node_runs_where(filter_=node_run_filter(source, 0)))]
        return [(one["workflow"], one["path"], one["type"], one["status"], one["attempt"]) for one in found]

    def waits(self, source: str = "true") -> list[tuple[Any, ...]]:
        self._catch_up()
        found = [wait_value(one) for one in self.models.select(waits_where(filter_=wait_filter(source, 0)))]
        return [(one["workflow"], one["path"], one["waits_for"], one["name"]) for one in found]


@pytest.fixture
def rows(bench: Bench, tmp_path: Path) -> Iterator[Rows]:
    made = Rows(bench, tmp_path)
    yield made
    made.models.close()


def test_what_waits_is_listed_until_it_waits_no_longer(bench: Bench, rows: Rows) -> None:
    child_of = bench.start("call")
    bench.start("pause")
    bench.move(time=False)
    assert rows.waits("waits_for == 'timer'") == [("pause", "nap", "timer", "delay")]
    assert {row[2:] for row in rows.waits("workflow == 'approval'")} == {("signal", "yes"), ("signal", "no")}
    ((_, _, _, child),) = rows.waits("workflow == 'call' && waits_for == 'child'")
    (until,) = {one.until - one.since for one in rows.models.select(waits_where()) if one.waits_for == "signal"}
    assert until == 3_600_000
    bench.clock.advance(60_000)
    bench.ask(child_of, CancelExecution())
    bench.move(time=False)
    assert rows.waits() == []
    assert bench.status(child) == "cancelled"


def test_a_pause_and_a_person_are_waited_for(bench: Bench, rows: Rows) -> None:
    name = bench.start("stuck", {"by": 0})
    held = bench.start("approval")
    bench.move(time=False)
    bench.ask(held, PauseExecution("wait"))
    assert [row[:3] for row in rows.waits("waits_for == 'incident'")] == [("stuck", "div", "incident")]
    assert rows.waits("since == null") == [("approval", "", "pause", "")]
    bench.ask(held, ResumeExecution())
    bench.ask(name, CancelExecution())
    bench.move(time=False)
    assert {row[2] for row in rows.waits()} == {"signal"}


def test_open_runs_are_listed_until_they_end_and_failed_ones_stay(bench: Bench, rows: Rows) -> None:
    taken = bench.start("taken")
    bench.start("retried")
    bench.move(time=False)
    assert rows.runs("workflow == 'taken'") == [("taken", "no", "fail", "failed", 1), ("taken", "ask", "wait_signal", "active", 1)]
    assert rows.runs("path == 'box'") == [("retried", "box", "try", "retrying", 2)]
    assert rows.runs("error.type == 'card.declined' && since < timestamp('2030-01-01T00:00:00Z')") == [("taken", "no", "fail", "failed", 1)]
    bench.move()
    assert [(row[1], row[3], row[4]) for row in rows.runs("workflow == 'retried'")] == [
        ("box.body/no", "failed", 1),
        ("box", "incident", 3),
    ]
    bench.ask(taken, CancelExecution())
    bench.move(time=False)
    assert rows.runs("workflow == 'taken'") == [("taken", "no", "fail", "failed", 1)]


def test_incidents_of_the_same_cause_are_put_together(bench: Bench, rows: Rows) -> None:
    names = [bench.start("stuck", {"by": 0}) for _ in range(3)]
    other = bench.start("retried")
    bench.move()
    rows._catch_up()
    query = incidents_where(is_open=True, limit=100)
    found = rows.models.groups(query, CAUSE)
    assert [(group.values[0], group.values[1], group.size) for group in found] == [("stuck", "div", 3), ("retried", "box", 1)]
    (example,) = rows.models.select(of_cause(found[0], query))
    assert example.execution == names[0]
    (incident,) = (one.incident for one in rows.models.select(query) if one.execution == other)
    bench.ask(other, ResolveIncident(incident, "fail"))
    bench.move(time=False)
    rows._catch_up()
    assert [group.values[0] for group in rows.models.groups(query, CAUSE)] == ["stuck"]


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("no order A-17 of 2026-01-31", "no order # of #"),
        ("timeout after 30s", "timeout after #"),
        ("execution 01M7YSBNCY00H3J2CMT0 is gone", "execution # is gone"),
        ("nothing varies", "nothing varies"),
        ("7" * 10_000, "#"),
        ("x" * 10_000, "x" * 200),
        ("", ""),
    ],
)
def test_the_shape_of_a_message_leaves_out_what_is_different_each_time(message: str, shape: str) -> None:
    assert shape_of(message) == shape
