"""The rows of open runs, which are made from what events touch alone, are those of the state, after each decision of every history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.journal import chain
from contracts.ports.read_models import Changes
from domain.definition.graph import Graph
from domain.execution.evolve import initial
from domain.execution.history import Entry, Folded
from domain.execution.paths import is_undo
from domain.execution.state import Execution
from projections.node_runs import NODE_RUNS, READ_MODEL
from projections.read_model import ModelGroup, Visit
from projections.trail import Trail
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of

GROUP = ModelGroup([READ_MODEL])


def of_state(graph: Graph, state: Execution) -> list[tuple[Any, ...]]:
    """What the rows of an execution say, worked out from all that it is."""
    found = []
    for path, run in state.runs.items():
        node = graph.nodes[run.node].definition
        failure = run.last_failure if run.status in ("retrying", "incident") else None
        said = (None, None) if failure is None else (failure.type, failure.message)
        type_ = "compensation" if is_undo(path) else node.type
        found.append((path, run.attempt, node.id, type_, run.status, run.started_at or run.scheduled_at, *said))
    return sorted(found)


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_rows_of_open_runs_are_those_of_the_state_after_each_batch(folder: Path, batch: int) -> None:
    graph = graph_in(folder)
    decisions = decisions_of(folder)
    folded, trail = Folded(graph, initial(decisions[0].execution)), Trail(0)
    rows: dict[tuple[Any, ...], Any] = {}
    for begin in range(0, len(decisions), batch):
        changes, visit = Changes(), Visit(folded, trail)
        GROUP.begin(visit)
        for offset, decision in enumerate(decisions[begin : begin + batch], begin):
            GROUP.fold(changes, visit, Entry(offset, decision, b"", chain(folded.state.digest, b"")))
        GROUP.finish(changes, visit)
        for key in changes.gone.get(NODE_RUNS, ()):
            assert rows.pop(key), "what goes was there"
        rows.update(changes.rows.get(NODE_RUNS, {}))
        open_ = [row for row in rows.values() if not row.has_failed]
        found = [(row.path, row.attempt, row.node, row.type, row.status, row.since, row.error, row.error_message) for row in open_]
        assert sorted(found) == of_state(folded.graph, folded.state)
