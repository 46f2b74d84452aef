"""Rows of tasks as batches make them: who is asked is found by their name, as long as they are, however the decisions are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.commands import AnswerTask, DelegateTask
from contracts.person import Person
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from projections.tasks import Wanted, tasks_where
from tests.workers.harness import Bench
from tests.workers.test_projector import projector

ASKS: dict[str, Any] = {
    "name": "asks",
    "nodes": [
        {
            "id": "t",
            "type": "human_task",
            "config": {
                "question": "Go on?",
                "assignees": ["ada", "group:fin"],
                "timeout": "1h",
                "on_timeout": "escalate",
                "escalate_to": ["bob"],
            },
        }
    ],
}
WHO = ("ada", "group:fin", "eve", "bob", "dan")


@pytest.mark.parametrize("batch", [1, 2, 5_000])
def test_a_task_is_found_by_who_is_asked_now(tmp_path: Path, batch: int) -> None:
    bench, models = Bench(), SqliteReadModels(tmp_path / "rows.db", READ_MODELS)

    def finds(is_open: bool = True) -> list[str]:
        made = projector(bench.log, models, batch)
        while made.step():
            pass
        return [name for name in WHO if models.select(tasks_where(Wanted(is_open=is_open, names=(name,))))]

    bench.publish(ASKS)
    name = bench.start("asks")
    bench.move(time=False)
    if batch > 2:
        bench.ask(name, DelegateTask("t", 1, "eve", Person("Ada")))
    else:
        assert finds() == ["ada", "group:fin"]
        bench.ask(name, DelegateTask("t", 1, "eve", Person("Ada")))
        assert finds() == ["group:fin", "eve"]
    bench.clock.advance(3_600_001)
    bench.move(time=False)
    assert finds() == ["bob"]
    bench.ask(name, AnswerTask("t", 1, "approved", Person("bob")))
    assert (finds(), finds(is_open=False)) == ([], ["bob"])
    models.close()
