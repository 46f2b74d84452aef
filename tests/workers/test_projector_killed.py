"""A read model is raised, and its projector killed with `kill -9` again and again: lists are answered all the while, no row is lost."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import ResolveIncident
from contracts.ports.read_models import ReadModels
from infra.log.sqlite import SqliteLog
from projections.executions import EXECUTIONS, executions_where
from projections.incidents import INCIDENTS, incidents_where
from projections.registry import READ_MODELS
from tests import preloaded
from tests.workers.harness import Bench
from tests.workers.projector_child import SIZES, raised, store_at
from tests.workers.test_projector import CHAIN, LOOP, STUCK
from workers.reading.trails import trail_of

ROOT = Path(__file__).parents[2]
PROJECT = "import sys; from tests.workers.projector_child import main; main(*sys.argv[1:])"
VERSIONS = {model.name: model.version for model in READ_MODELS}


@pytest.fixture(scope="module")
def journal() -> Bench:
    bench = Bench()
    bench.publish(CHAIN, LOOP, STUCK)
    for number in range(150):
        for workflow in ("chain", "stuck", "loop"):
            bench.start(workflow, execution=f"{workflow}-{number}")
        bench.move(time=False)
        bench.clock.advance(400)
        if number % 3 == 0:
            folded = bench.engine.owner.executions.get(f"stuck-{number // 2}")
            assert folded is not None
            bench.ask(f"stuck-{number // 2}", ResolveIncident(next(iter(folded.state.incidents)), "fail"))
    return bench


def copy(bench: Bench, log: SqliteLog, share: float) -> None:
    """So much of the journal, behind what is there."""
    if not log.end("definitions", 0):
        log.append("definitions", {0: [content for _, content in bench.log.read("definitions", 0)]})
    end = int(bench.log.end("journal", 0) * share)
    log.append("journal", {0: [content for _, content in bench.log.read("journal", 0, log.end("journal", 0), end)]})


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the rows are."""
    if request.param == "sqlite":
        yield str(tmp_path / "rows.db")
    else:
        yield f"{request.getfixturevalue('postgres_url')} test-{secrets.token_hex(6)}"


class Child:
    """A projector in a process of its own."""

    def __init__(self, log: Path, where: str, model: str, version: int) -> None:
        self._process = preloaded.begin(log, where, model, str(version), code=PROJECT, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.is_done = False

    def batches(self, count: int) -> bool:
        """Wait for so many batches; False where it has come to the end before."""
        assert self._process.stdout is not None
        for _ in range(count):
            self.is_done = self._process.stdout.readline() == "done\n"
            if self.is_done:
                return False
        return True

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def finish(self) -> None:
        rest = self._process.communicate()[0]
        assert self.is_done or rest.endswith("done\n")
        assert self._process.returncode == 0


def rows(models: ReadModels) -> list[Any]:
    """All that is stored, whatever lists show."""
    found: list[Any] = []
    for record in models.select(executions_where(limit=10_000)):
        assert models.find(EXECUTIONS, "number", record.number, is_own=True) == record
        found.append((record, trail_of(models, record), models.belonging(INCIDENTS, record.number, is_own=True)))
    return found


@pytest.mark.parametrize("model", ["executions", "incidents"])
def test_a_raised_read_model_whose_projector_is_killed_again_and_again(journal: Bench, where: str, model: str, tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        copy(journal, log, 0.6)
        Child(tmp_path / "log.db", where, model, 1).finish()
        shown_before = log.end("journal", 0)
        copy(journal, log, 1.0)
    kills = 0
    while (child := Child(tmp_path / "log.db", where, model, 2)).batches(3):
        child.kill()
        kills += 1
        with closing(store_at(where, raised(model, 2), read_only=True)(0)) as models:
            assert len(models.select(executions_where(limit=10_000))) >= 270
            assert len(models.select(incidents_where(is_open=True))) >= 30
            for name in ("executions", "incidents"):
                assert models.checkpoint(name).offset >= shown_before
    child.finish()
    assert kills >= 2
    clean = str(tmp_path / "clean.db")
    Child(tmp_path / "log.db", clean, model, 1).finish()
    with closing(store_at(where, raised(model, 2), True)(0)) as built, closing(store_at(clean, raised(model, 1), True)(0)) as rebuilt:
        assert [built.standing(name) for name in ("executions", "incidents")] == [rebuilt.standing("executions")] * 2
        assert rows(built) == rows(rebuilt) != []
    assert SIZES.batch_max * 2 < journal.log.end("journal", 0)


@pytest.mark.parametrize("model", ["executions", "incidents"])
def test_rows_that_are_made_anew_by_a_projector_that_is_killed_again_and_again(
    journal: Bench, where: str, model: str, tmp_path: Path
) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        copy(journal, log, 0.6)
        Child(tmp_path / "log.db", where, model, VERSIONS[model]).finish()
        with closing(store_at(where, READ_MODELS)(0)) as models:
            before = rows(models)
            models.rebuild([model])
        copy(journal, log, 1.0)
    kills = 0
    while (child := Child(tmp_path / "log.db", where, model, VERSIONS[model])).batches(2):
        child.kill()
        kills += 1
        with closing(store_at(where, READ_MODELS, read_only=True)(0)) as models:
            assert len(models.select(executions_where(limit=10_000))) >= len(before)
            assert len(models.select(incidents_where(is_open=True))) >= 30
    child.finish()
    assert kills >= 2
    clean = str(tmp_path / "clean.db")
    Child(tmp_path / "log.db", clean, model, VERSIONS[model]).finish()
    with closing(store_at(where, READ_MODELS, True)(0)) as built, closing(store_at(clean, READ_MODELS, True)(0)) as rebuilt:
        assert rows(built) == rows(rebuilt) != []
        assert [(stand.rebuild, stand.differing) for stand in built.stands() if stand.model == model] == [(1, 0)]
