"""What was kept of a journal does not stand on another course of it: an old log that was put back, and has gone on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from contracts.journal import Checkpoint
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.store.sqlite import SqliteReadModels
from projections.executions import executions_where
from projections.registry import READ_MODELS
from tests.workers.harness import Bench, sequence
from workers.partition.catalog import Catalog
from workers.partition.standing import misfit
from workers.reading.projector import Projector

WAIT = {"name": "w", "nodes": [{"id": "go", "type": "wait_signal", "config": {"name": "go"}}]}


@pytest.fixture
def bench() -> Bench:
    """Ten executions, and a snapshot of them."""
    made = Bench()
    made.publish(WAIT, sequence("noop", name="short"))
    for number in range(10):
        made.start(execution=f"old{number}")
    made.move()
    made.engine.owner.snapshot()
    return made


def goes_on_from(bench: Bench, end: int, more: int) -> None:
    """The log is put back to what it was, and goes on, further than it did before."""
    del bench.log._records["journal", 0][end:]
    bench.restart()
    for number in range(more):
        bench.start(execution=f"new{number}")
    bench.move()


def project(log: MemoryLog, path: Path) -> dict[str, str]:
    models = SqliteReadModels(path, READ_MODELS)
    projector = Projector(log, Catalog(log, ManualClock(0)), models)
    while projector.step():
        pass
    found = {row.execution: row.status for row in models.select(executions_where(limit=100))}
    models.close()
    return found


def test_a_snapshot_that_knows_another_course_of_the_journal_is_thrown_away(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    kept = bench.snapshots.load(0)
    goes_on_from(bench, 5, 20)
    assert kept is not None
    bench.snapshots.save(0, kept)
    with caplog.at_level(logging.CRITICAL, "refold.owner"):
        bench.restart()
    assert "is thrown away: what stands before offset 12 of the journal is not what it was made from" in caplog.text
    assert len(bench.engine.owner.executions) == 23
    assert bench.verify().divergences == []


def test_a_snapshot_of_the_present_course_is_used(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.restart()
    bench.start()
    bench.move()
    bench.engine.owner.snapshot()
    bench.restart()
    assert "thrown away" not in caplog.text


def test_rows_of_another_course_of_the_journal_are_made_again(bench: Bench, tmp_path: Path) -> None:
    project(bench.log, tmp_path / "rows.db")
    goes_on_from(bench, 5, 20)
    found = project(bench.log, tmp_path / "rows.db")
    assert found == project(bench.log, tmp_path / "anew.db")
    assert set(found) == {"old0", "old1", "old2", *(f"new{number}" for number in range(20))}


def test_a_checkpoint_of_a_build_that_kept_no_mark_is_believed_as_far_as_it_can_be(bench: Bench) -> None:
    checkpoint = bench.engine.owner.checkpoint
    old = Checkpoint(checkpoint.journal, checkpoint.offset)
    assert misfit(bench.log, 0, old) == misfit(bench.log, 0, checkpoint) == ""
    assert "it goes up to offset 1012, and the journal to 12" in misfit(bench.log, 0, Checkpoint(checkpoint.journal, 1012))
    assert "it is of the journal other" in misfit(bench.log, 0, Checkpoint("other", 3))
