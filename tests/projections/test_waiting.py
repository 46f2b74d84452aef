"""What an execution waits for, where not all activities are wanted: the first things are the same, and nothing else is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.execution.evolve import fold, graph_after, initial
from projections.waiting import waiting_for
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of


@pytest.mark.parametrize("most", [0, 1, 2])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_only_activities_behind_the_first_things_are_left_out(folder: Path, most: int) -> None:
    graph = graph_in(folder)
    decisions = decisions_of(folder)
    state = initial(decisions[0].execution)
    for decision in decisions:
        fold(graph, state, [decision])
        graph = graph_after(graph, decision)
        every, some = waiting_for(state, graph), waiting_for(state, graph, most)
        assert some[:most] == every[:most]
        assert some[most:] == [item for item in every[most:] if item["for"] != "activity"]
