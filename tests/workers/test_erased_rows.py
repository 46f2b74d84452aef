"""What rows of read models say of executions that were erased: the same whether they could once be read or never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.commands import EraseExecution, TerminateExecution
from infra.keys.opening import OpeningLog
from infra.keys.ring import KeyRing, MemoryVault
from infra.store.sqlite import SqliteReadModels
from projections.executions import EXECUTIONS
from projections.registry import READ_MODELS
from projections.search import SEARCH_VALUES
from tests.workers.harness import Bench
from tests.workers.test_projector import projected, projector
from workers.reading.execution_reader import ExecutionReader
from workers.reading.trails import record_of

MARKER = "MARKER-Ada"
STUCK = {
    "name": "stuck",
    "settings": {"erasable": True, "search": {"who": "input.who"}},
    "variables": {"n": 0},
    "nodes": [{"id": "d", "type": "transform", "config": {"operation": "value", "value": "{{ input.who + string(1 / vars.n) }}"}}],
}


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    return ((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def bench() -> Bench:
    """Two that need a person, of which one has been stopped."""
    made = Bench()
    made.publish(STUCK)
    for name in ("x", "y"):
        made.start("stuck", {"who": f"{MARKER}-{name}"}, execution=name)
    made.move()
    made.ask("x", TerminateExecution(f"{MARKER} is why"))
    return made


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_rows_are_the_same_whether_the_keys_were_there_or_not(bench: Bench, tmp_path: Path, batch: int) -> None:
    models = SqliteReadModels(tmp_path / "once.db", READ_MODELS)
    while projector(bench.opened, models, batch).step():  # type: ignore[arg-type]  # it is a log
        pass
    assert models.belonging(SEARCH_VALUES, record_of(models, "x").number)  # type: ignore[union-attr]  # it is there
    bench.ask("x", EraseExecution("she asked", "bo"))
    once = projected(bench.opened, tmp_path / "once.db", batch)  # type: ignore[arg-type]  # it is a log
    again = projected(bench.opened, tmp_path / "again.db", batch)  # type: ignore[arg-type]  # it is a log
    assert once == again
    record = record_of(models, "x")
    assert record is not None
    assert (record.workflow, record.version, record.status, record.error, record.search) == ("stuck", 1, "terminated", "erased", None)
    assert record.error_message == "erased at 1970-01-01T00:16:40.000Z by bo: she asked"
    assert not models.belonging(SEARCH_VALUES, record.number)
    assert models.belonging(SEARCH_VALUES, record_of(models, "y").number)  # type: ignore[union-attr]  # it is there
    assert sum(models.counts(EXECUTIONS).values()) == 2
    models.close()


def test_nothing_that_an_erased_execution_said_stands_in_the_file_of_rows(bench: Bench, tmp_path: Path) -> None:
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    made = projector(bench.opened, models)  # type: ignore[arg-type]  # it is a log
    made.step()
    models.rest()
    marker = f"{MARKER}-x".encode()
    assert any(marker in content for _, content in contents(tmp_path))
    bench.ask("x", EraseExecution())
    made.step()
    assert [path for path, content in contents(tmp_path) if marker in content] == []
    assert any(f"{MARKER}-y".encode() in content for _, content in contents(tmp_path))
    models.close()


def test_an_erased_execution_is_shown_by_what_stays_known_of_it(bench: Bench, tmp_path: Path) -> None:
    bench.ask("x", EraseExecution("she asked", "bo"))
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    projector(bench.opened, models).step()  # type: ignore[arg-type]  # it is a log
    reader = ExecutionReader(bench.opened, bench.engine.catalog, bench.all_blobs, models)
    state = reader.folded("x").state
    assert (state.status, state.input, state.erased and state.erased.by) == ("terminated", b"null", "bo")
    events, _ = reader.history("x", 1, 100)
    assert [event.type for event in events] == ["ExecutionErased"]
    assert reader.nodes("x") == []
    models.close()


def test_a_key_that_is_lost_is_no_erasure(bench: Bench, tmp_path: Path) -> None:
    bench.opened = OpeningLog(bench.log, KeyRing(MemoryVault()))
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    projector(bench.opened, models).step()  # type: ignore[arg-type]  # it is a log
    record = record_of(models, "x")
    assert record is not None
    assert (record.status, record.error, record.error_message) == ("quarantined", "unreadable", "it is sealed, and key 0 is not there")
    models.close()
