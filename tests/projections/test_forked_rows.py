"""What a fork takes over from its source stands in the lists, though no event of it names it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from contracts.journal import chain
from contracts.ports.read_models import Changes
from domain.execution.evolve import initial
from domain.execution.history import Entry, Folded
from domain.replay.forking import Wish, fork
from projections.node_runs import NODE_RUNS
from projections.node_runs import READ_MODEL as RUNS
from projections.read_model import ModelGroup, Visit
from projections.tasks import ASKED, TASKS
from projections.tasks import READ_MODEL as ASKING
from projections.trail import Trail
from tests.domain.spec import World
from tests.laws.test_forks import Recorded

ASKS: dict[str, Any] = {
    "nodes": [
        {"id": "ask", "type": "human_task", "config": {"question": "ok?", "assignees": ["ada"]}},
        {"id": "work", "type": "never"},
    ]
}


@pytest.mark.parametrize("later", [0, 60_000])
def test_a_fork_that_begins_at_once_or_later_has_its_runs_and_its_tasks_in_the_lists(later: int) -> None:
    world = World(ASKS).start()
    creation = fork(Recorded(world), Wish("x"), world.blobs.__getitem__).creation
    world.send(replace(creation, start_at=world.now + later if later else None), execution="f")
    subject = world.subjects["f"]
    assert set(subject.state.runs) == {"ask", "work"}
    folded, trail, group = Folded(subject.graph, initial("f")), Trail(0), ModelGroup([RUNS, ASKING])
    rows: dict[Any, Any] = {NODE_RUNS: {}, TASKS: {}, ASKED: {}}
    for offset, decision in enumerate(subject.decisions):
        changes, visit = Changes(), Visit(folded, trail)
        group.begin(visit)
        group.fold(changes, visit, Entry(offset, decision, b"", chain(folded.state.digest, b"")))
        group.finish(changes, visit)
        for table, found in rows.items():
            found.update(changes.rows.get(table, {}))
    assert len(subject.decisions) == (2 if later else 1)
    assert {row.path for row in rows[NODE_RUNS].values()} == {"ask", "work"}
    (task,), (asked,) = rows[TASKS].values(), rows[ASKED].values()
    assert (task.execution, task.path, task.question, task.status, task.assignees) == ("f", "ask", "ok?", "open", "ada")
    assert (asked.name, asked.is_open, asked.created_at) == ("ada", 1, task.created_at)
