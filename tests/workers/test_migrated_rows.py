"""The rows of an execution that goes on by another version are those of that version, whoever has read how much of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import ChangeDefinition, RevertDefinition
from infra.clock import ManualClock
from infra.store.sqlite import SqliteReadModels
from projections.executions import EXECUTIONS, TAGS, executions_where
from projections.incidents import INCIDENTS
from projections.node_runs import NODE_RUNS
from projections.registry import READ_MODELS
from projections.tasks import TASKS
from projections.waits import WAITING
from tests.workers.harness import Bench
from workers.partition.catalog import Catalog
from workers.reading.projector import Projector

FIRST: dict[str, Any] = {
    "name": "w",
    "tags": ["old", "both"],
    "nodes": [
        {"id": "hear", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "bad", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / input.n }}"}},
        {"id": "ask", "type": "human_task", "config": {"question": "ok?", "assignees": ["ada"]}},
    ],
}
SECOND = FIRST | {
    "tags": ["both", "new"],
    "nodes": [FIRST["nodes"][0] | {"id": "listen"}, FIRST["nodes"][1] | {"id": "worse"}, FIRST["nodes"][2]],
}
NAMES = (("hear", "listen"), ("bad", "worse"))


class Rows:
    """Read models, and what stands in them."""

    def __init__(self, bench: Bench, path: Path) -> None:
        self.bench, self.models = bench, SqliteReadModels(path, READ_MODELS)
        self.models.reset()
        self.projector: Projector | None = None

    def read_on(self, anew: bool) -> None:
        """Take in what there is, maybe in a process that knows nothing but its rows."""
        if anew or self.projector is None:
            self.projector = Projector(self.bench.log, Catalog(self.bench.log, ManualClock(0)), self.models)
        while self.projector.step():
            pass

    def shown(self) -> dict[str, Any]:
        (number,) = (record.number for record in self.models.select(executions_where()))
        of = self.models.belonging
        return {
            "executions": {(row.version, row.tags) for row in of(EXECUTIONS, number)},
            "tags": {row.tag for row in of(TAGS, number)},
            "incidents": {(row.path, row.node) for row in of(INCIDENTS, number)},
            "runs": {(row.path, row.node, row.version) for row in of(NODE_RUNS, number) if not row.has_failed},
            "waits": {(row.path, row.version) for row in of(WAITING, number)},
            "tasks": {(row.path, row.version) for row in of(TASKS, number)},
        }


def of_version(version: int, tags: list[str], hear: str, bad: str) -> dict[str, Any]:
    return {
        "executions": {(version, json.dumps(tags, separators=(",", ":")))},
        "tags": set(tags),
        "incidents": {(bad, bad)},
        "runs": {(hear, hear, version), (bad, bad, version), ("ask", "ask", version)},
        "waits": {(hear, version), (bad, version), ("ask", version)},
        "tasks": {("ask", version)},
    }


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(FIRST, SECOND)
    return made


@pytest.mark.parametrize("anew", [False, True], ids=["the same projector", "one started anew"])
@pytest.mark.parametrize("at_once", [False, True], ids=["batch by batch", "all at once"])
def test_rows_are_of_the_version_that_an_execution_goes_by(bench: Bench, tmp_path: Path, anew: bool, at_once: bool) -> None:
    rows = Rows(bench, tmp_path / "rows.db")
    first, second = (one.hash for one in bench.engine.catalog.versions("w"))
    name = bench.start("w", {"n": 0}, version=1)
    bench.move()
    if not at_once:
        rows.read_on(anew)
        assert rows.shown() == of_version(1, ["old", "both"], "hear", "bad")
    assert bench.ask(name, ChangeDefinition(2, second, first, NAMES)).error is None
    rows.read_on(anew)
    assert rows.shown() == of_version(2, ["both", "new"], "listen", "worse")
    assert bench.ask(name, RevertDefinition(second)).error is None
    rows.read_on(anew)
    assert rows.shown() == of_version(1, ["old", "both"], "hear", "bad")
    rows.models.close()
