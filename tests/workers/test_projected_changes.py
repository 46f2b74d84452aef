"""What the projector stores of a batch: nothing of what came and went within it, and of a row that is there only what is other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes
from infra.clock import ManualClock
from infra.store.sqlite import SqliteReadModels
from projections.executions import EXECUTIONS
from projections.node_runs import NODE_RUNS
from projections.registry import READ_MODELS
from projections.search import SEARCH_VALUES
from tests.workers.harness import Bench
from workers.partition.catalog import Catalog
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

STEPS = {
    "name": "steps",
    "settings": {"search": {"of": "{{ input.of }}"}},
    "nodes": [{"id": f"n{i}", "type": "delay", "config": {"for": "1s"}} for i in range(3)],
    "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(2)],
}


class Kept(SqliteReadModels):
    """A store that keeps what it was given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, READ_MODELS)
        self.saved: list[Changes] = []

    def save(self, models: Sequence[str], changes: Changes, checkpoint: Checkpoint, after: int, is_whole: bool) -> None:
        self.saved.append(Changes(dict(changes.rows), dict(changes.parts), dict(changes.gone), dict(changes.sums)))
        super().save(models, changes, checkpoint, after, is_whole)


def saved(path: Path, batch: int) -> list[Changes]:
    bench = Bench()
    bench.publish(STEPS)
    bench.start("steps", {"of": "A-1"})
    bench.move()
    models = Kept(path)
    projector = Projector(bench.log, Catalog(bench.log, ManualClock(0)), models, sizes=Sizes(batch_max=batch))
    while projector.step():
        pass
    models.close()
    return [changes for changes in models.saved if EXECUTIONS in changes.rows or EXECUTIONS in changes.parts]


def test_a_run_that_begins_and_ends_within_a_batch_is_not_stored(tmp_path: Path) -> None:
    (changes,) = saved(tmp_path / "rows.db", 5_000)
    assert (changes.rows.get(NODE_RUNS, {}), changes.gone.get(NODE_RUNS, set())) == ({}, set())


def test_of_an_execution_that_goes_on_only_the_columns_are_stored_that_are_other(tmp_path: Path) -> None:
    first, *others = saved(tmp_path / "rows.db", 1)
    assert len(first.rows[EXECUTIONS]) == len(first.rows[SEARCH_VALUES]) == 1
    between = [set(columns) for changes in others[1:-1] for columns in changes.parts[EXECUTIONS].values()]
    assert between
    assert all(columns <= {"events", "position", "waiting_for", "offsets"} for columns in between), "no index has any of these"
    assert not any(changes.rows.get(EXECUTIONS) or changes.rows.get(SEARCH_VALUES) for changes in others)
