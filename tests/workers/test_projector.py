"""The projector: rows are what the journal adds up to, however the batches were cut, and whatever was lost in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import CancelExecution
from contracts.errors import LogError
from contracts.ports.read_models import Changes, ReadModels
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.store import sqlite
from infra.store.sqlite import SqliteReadModels
from infra.store.statements import stored_name
from projections.executions import EXECUTIONS, PIECES, UNREADABLE, executions_where
from projections.executions import READ_MODEL as EXECUTION_ROWS
from projections.incidents import INCIDENTS
from projections.node_runs import NODE_RUNS
from projections.read_model import ModelGroup, ReadModel, RowsOf, Visit
from projections.registry import READ_MODELS
from projections.trail import pack_offsets, unpack_offsets
from projections.waits import WAITING
from tests.workers.harness import Bench
from tests.workers.test_guard import READS, GuardBench
from workers.partition.catalog import Catalog
from workers.reading.execution_reader import ExecutionReader
from workers.reading.projection import Sizes
from workers.reading.projector import Projector
from workers.reading.trails import record_of, trail_of

CHAIN = {"name": "chain", "nodes": [{"id": f"n{i}", "type": "noop"} for i in range(4)],
         "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(3)]}  # fmt: skip
STUCK = {"name": "stuck", "variables": {"n": 0},
         "nodes": [{"id": "d", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / vars.n }}"}}]}  # fmt: skip
LOOP = {"name": "loop", "nodes": [{"id": "each", "type": "for_each", "config": {
    "items": "[1, 2, 3]", "body": {"nodes": [{"id": "x", "type": "noop"}, {"id": "wait", "type": "delay", "config": {"for": "1s"}}],
                                   "edges": [{"from": "x", "to": "wait"}]}}}]}  # fmt: skip

NO = {"nodes": [{"id": "no", "type": "fail", "config": {"type": "x"}}]}
STUBBORN = {"name": "stubborn", "nodes": [
    {"id": "box", "type": "try", "on_error": "continue", "retry": {"max_attempts": 3}, "config": {"body": NO}}]}  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(CHAIN, STUCK, LOOP)
    for workflow in ("chain", "stuck", "loop", "chain"):
        made.start(workflow, {"of": workflow})
    made.move()
    return made


def projector(log: MemoryLog, models: ReadModels, batch: int = 5_000) -> Projector:
    return Projector(log, Catalog(log, ManualClock(0)), models, sizes=Sizes(batch_max=batch))


def rows(models: ReadModels) -> list[Any]:
    found = models.select(executions_where(limit=100))
    beside = (INCIDENTS, NODE_RUNS, WAITING)
    return [(one, trail_of(models, one), *(models.belonging(table, one.number) for table in beside)) for one in found]


def projected(log: MemoryLog, path: Path, batch: int = 5_000) -> list[Any]:
    models = SqliteReadModels(path, READ_MODELS)
    while projector(log, models, batch).step():
        pass
    try:
        return rows(models)
    finally:
        models.close()


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
def test_rows_are_the_same_however_the_batches_are_cut_and_with_a_restart_after_each(bench: Bench, tmp_path: Path, batch: int) -> None:
    whole = projected(bench.log, tmp_path / "whole.db")
    assert len(whole) == 4
    assert projected(bench.log, tmp_path / "cut.db", batch) == whole


def test_a_batch_that_was_not_stored_is_taken_in_again(bench: Bench, tmp_path: Path) -> None:
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    first = projector(bench.log, models, 4)
    first.step()
    other = projector(bench.log, models, 4)
    other.step()
    with pytest.raises(LogError, match="another projector"):
        first.step()
    while projector(bench.log, models, 4).step():
        pass
    assert rows(models) == projected(bench.log, tmp_path / "whole.db")


def test_rows_of_another_journal_are_forgotten(bench: Bench, tmp_path: Path) -> None:
    projected(bench.log, tmp_path / "rows.db")
    other = Bench()
    other.publish(CHAIN)
    other.start("chain")
    other.move()
    assert len(projected(other.log, tmp_path / "rows.db")) == 1


def test_rows_of_another_layout_are_made_again(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = projected(bench.log, tmp_path / "rows.db")
    with monkeypatch.context() as older:
        older.setattr(sqlite, "LAYOUT", 0)
        old = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
        assert old.checkpoint("executions").offset == 0
        old._connection.execute(f"DROP TABLE {stored_name(EXECUTIONS, EXECUTION_ROWS.version)}")
        old.close()
    assert projected(bench.log, tmp_path / "rows.db") == whole


def test_what_was_forgotten_is_folded_again_from_its_own_decisions(bench: Bench, tmp_path: Path) -> None:
    """The projector keeps one execution as an object and one packed; the rest it reads again."""
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    forgetful = Projector(bench.log, Catalog(bench.log, ManualClock(0)), models, sizes=Sizes(batch_max=2, live_max=1, packed_max=1))
    assert forgetful._first is not None
    kept = forgetful._first._executions
    while forgetful.step():
        assert len(kept) <= 4
    assert rows(models) == projected(bench.log, tmp_path / "whole.db")


@pytest.mark.parametrize("batch", [1, 50, 5_000])
def test_offsets_of_a_long_execution_come_in_pieces_that_are_the_same_however_it_was_read(tmp_path: Path, batch: int) -> None:
    bench = Bench()
    body = {"nodes": [{"id": "x", "type": "noop"}]}
    bench.publish({"name": "long", "nodes": [{"id": "l", "type": "while", "config": {
        "condition": "iteration.index < 150", "max_iterations": 200, "body": body}}]})  # fmt: skip
    execution = bench.start("long")
    bench.move()
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    while projector(bench.log, models, batch).step():
        pass
    record = record_of(models, execution)
    assert record is not None
    offsets = trail_of(models, record)
    assert offsets == [offset for offset, _ in bench.log.read("journal", 0)][-len(offsets) :]
    assert len(offsets) == 151
    assert [row.piece for row in models.belonging(PIECES, record.number)] == [0, 1]


def test_at_rest_no_wal_lies_beside_the_rows_even_while_somebody_reads(bench: Bench, tmp_path: Path) -> None:
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    follower = projector(bench.log, models)
    while follower.step():
        pass
    reader = SqliteReadModels(tmp_path / "rows.db", READ_MODELS, read_only=True)
    before = rows(reader)
    assert (tmp_path / "rows.db-wal").stat().st_size > 0
    follower.rest()
    assert (tmp_path / "rows.db-wal").stat().st_size == 0
    assert rows(reader) == before == rows(models)
    reader.close()
    models.close()


# Nodes.


@pytest.fixture
def reader(bench: Bench, tmp_path: Path) -> Callable[[], ExecutionReader]:
    """Reads what has happened so far."""

    def make() -> ExecutionReader:
        models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
        while projector(bench.log, models).step():
            pass
        return ExecutionReader(bench.log, bench.engine.catalog, bench.blobs, models)

    return make


def test_nodes_are_folded_from_the_decisions_that_the_rows_name(reader: Callable[[], ExecutionReader]) -> None:
    made = reader()
    chain, loop, stuck = (made.models.select(executions_where(workflow=name))[0].execution for name in ("chain", "loop", "stuck"))
    nodes = made.nodes(chain)
    assert [node.path for node in nodes] == ["n0", "n1", "n2", "n3"]
    assert {(node.input, node.output, node.status) for node in nodes} == {(b'{"of":"chain"}', b'{"of":"chain"}', "completed")}
    assert [node.path for node in made.nodes(loop)][:2] == ["each", "each[0]/x"]
    assert [(node.path, node.status, node.failure is not None) for node in made.nodes(stuck)] == [("d", "incident", True)]


def test_a_node_that_is_tried_again_tells_its_attempt_at_its_end(bench: Bench, reader: Callable[[], ExecutionReader]) -> None:
    bench.publish(STUBBORN)
    tried = bench.start("stubborn")
    bench.move()
    cancelled = bench.start("stubborn")
    bench.move(time=False)
    bench.ask(cancelled, CancelExecution())
    found = [node for name in (tried, cancelled) for node in reader().nodes(name) if node.path == "box"]
    assert [(node.status, node.attempt) for node in found] == [("completed", 3), ("cancelled", 2)]


def test_a_node_that_is_cancelled_in_its_incident_has_no_error(bench: Bench, reader: Callable[[], ExecutionReader]) -> None:
    stuck = bench.start("stuck")
    bench.ask(stuck, CancelExecution())
    assert [(node.status, node.failure) for node in reader().nodes(stuck)] == [("cancelled", None)]


def test_a_node_that_was_stopped_tells_its_attempt(bench: Bench, reader: Callable[[], ExecutionReader]) -> None:
    wait = {"id": "w", "type": "wait_signal", "config": {"name": "go", "timeout": "5s"}}
    tried = {"id": "p", "type": "parallel", "config": {"branches": {"b": {"nodes": [wait]}}}, "retry": {"max_attempts": 2}}
    bench.publish({"name": "tried", "nodes": [tried]})
    execution = bench.start("tried")
    bench.move(time=False)
    for _ in range(2):  # the wait runs out, and the parallel is tried again
        bench.clock.advance(6_000)
        bench.move(time=False)
    bench.ask(execution, CancelExecution())
    found = [(node.path, node.status, node.attempt) for node in reader().nodes(execution)]
    assert found == [("p", "cancelled", 2), ("p.b/w", "cancelled", 2)]


@pytest.mark.parametrize("offsets", [[0], [5, 6, 7], [1, 128, 129, 70_000], [2**47, 2**48 - 1]])
def test_packed_offsets_come_back(offsets: list[int]) -> None:
    for number in (0, offsets[0]):
        assert list(unpack_offsets(number, pack_offsets(number, offsets))) == offsets


def test_read_models_that_cannot_be_made_say_where_and_why(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"missing/rows\.db cannot be opened: unable to open"):
        SqliteReadModels(tmp_path / "missing" / "rows.db", READ_MODELS)


def test_an_exception_in_the_projector_for_one_execution_stops_no_rows_of_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench = GuardBench(READS)
    executions = [bench.start("reads") for _ in range(3)]
    poisoned = executions[1]
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    rows_of = projector(bench.log, models)
    real = ModelGroup.finish

    def planted(self: ModelGroup, changes: Changes, visit: Visit, models: Sequence[ReadModel]) -> dict[str, RowsOf]:
        if visit.folded.state.execution == poisoned and visit.folded.state.status == "completed":
            raise TypeError("planted")
        return real(self, changes, visit, models)

    monkeypatch.setattr(ModelGroup, "finish", planted)
    bench.move(time=False)
    rows_of.step()
    for execution in executions:
        bench.result(execution, b"7")
    later = bench.start("reads")
    bench.move(time=False)
    rows_of.step()
    statuses = {one.execution: one.status for one in models.select(executions_where())}
    assert statuses == {executions[0]: "completed", poisoned: "quarantined", executions[2]: "completed", later: "running"}
    found = record_of(models, poisoned)
    assert found is not None
    assert (found.error, "planted" in (found.error_message or "")) == (UNREADABLE, True)
    assert bench.status(poisoned) == "completed", "what was decided is not touched"
    assert rows_of.offset == bench.engine.owner.position
    models.close()
