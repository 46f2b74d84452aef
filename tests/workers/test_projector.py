"""The projector: rows are what the journal adds up to, however the batches were cut, and whatever was lost in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import LogError
from contracts.ports.read_models import ReadModels, Wanted
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.store.projection import SqliteReadModels, pack_offsets, unpack_offsets
from tests.workers.harness import Bench
from workers.catalog import Catalog
from workers.projector import Projector
from workers.reading import ExecutionReader

CHAIN = {"name": "chain", "nodes": [{"id": f"n{i}", "type": "noop"} for i in range(4)],
         "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(3)]}  # fmt: skip
STUCK = {"name": "stuck", "variables": {"n": 0},
         "nodes": [{"id": "d", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / vars.n }}"}}]}  # fmt: skip
LOOP = {"name": "loop", "nodes": [{"id": "each", "type": "for_each", "config": {
    "items": "[1, 2, 3]", "body": {"nodes": [{"id": "x", "type": "noop"}, {"id": "wait", "type": "delay", "config": {"for": "1s"}}],
                                   "edges": [{"from": "x", "to": "wait"}]}}}]}  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(CHAIN, STUCK, LOOP)
    for workflow in ("chain", "stuck", "loop", "chain"):
        made.start(workflow, {"of": workflow})
    made.move()
    return made


def projector(log: MemoryLog, models: ReadModels, batch: int = 5_000) -> Projector:
    return Projector(log, Catalog(log, ManualClock(0)), models, batch_max=batch)


def rows(models: ReadModels) -> list[Any]:
    found = models.select(Wanted(limit=100))
    return [(one, models.offsets(one.number), models.nodes(one.number), models.incidents(one.number, False)) for one in found]


def projected(log: MemoryLog, path: Path, batch: int = 5_000) -> list[Any]:
    models = SqliteReadModels(path)
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
    models = SqliteReadModels(tmp_path / "rows.db")
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


def test_rows_of_another_schema_are_made_again(bench: Bench, tmp_path: Path) -> None:
    whole = projected(bench.log, tmp_path / "rows.db")
    models = SqliteReadModels(tmp_path / "rows.db")
    models._connection.execute("UPDATE about SET value = 0 WHERE name = 'schema'")
    models.close()
    assert projected(bench.log, tmp_path / "rows.db") == whole


def test_values_are_read_from_the_places_that_rows_name(bench: Bench, tmp_path: Path) -> None:
    models = SqliteReadModels(tmp_path / "rows.db")
    while projector(bench.log, models).step():
        pass
    reader = ExecutionReader(bench.log, bench.engine.catalog, bench.blobs, models)
    chain = models.select(Wanted(workflow="chain"))[0]
    nodes, found = reader.nodes(chain.execution)
    assert [node.path for node in nodes] == ["n0", "n1", "n2", "n3"]
    assert {found.inputs[node.input] for node in nodes if node.input} == {b'{"of":"chain"}'}
    assert {found.outputs[node.output] for node in nodes if node.output} == {b'{"of":"chain"}'}
    loop = models.select(Wanted(workflow="loop"))[0]
    assert [node.path for node in reader.nodes(loop.execution)[0]][:2] == ["each", "each[0]/x"]


@pytest.mark.parametrize("offsets", [[0], [5, 6, 7], [1, 128, 129, 70_000], [2**47, 2**48 - 1]])
def test_packed_offsets_come_back(offsets: list[int]) -> None:
    assert list(unpack_offsets(offsets[0], pack_offsets(offsets))) == offsets
