"""The nodes of an open execution, as they are told, are what the state says of those that run: after each decision of all histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.journal import chain
from domain.execution.evolve import initial
from domain.execution.history import Entry, Folded
from projections.nodes import NodeTrace
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of

OVER = {"completed", "failed", "skipped", "cancelled"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_runs_is_told_as_the_state_has_it(folder: Path) -> None:
    decisions = decisions_of(folder)
    folded = Folded(graph_in(folder), initial(decisions[0].execution))
    told = NodeTrace()
    for offset, decision in enumerate(decisions):
        told.take(folded, Entry(offset, decision, b"", chain(folded.state.digest, b"")))
        rows = {row.path: (row.status, row.attempt) for row in told.rows() if row.status not in OVER}
        runs = {path: (run.status, run.attempt) for path, run in folded.state.runs.items() if run.status != "lingering"}
        assert rows == runs or folded.state.is_ended
