"""Golden histories: what was decided once is decided so for ever. A new history is a new folder; none is ever changed."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.codec import decode_decision, pack
from contracts.definitions import LANGUAGE
from contracts.events import EVENTS
from contracts.journal import Decision
from domain.execution.evolve import fold, initial
from tests.domain.spec import redecide
from tests.histories.folders import graph_in
from tests.histories.rules import RULES
from tests.histories.scenarios import SCENARIOS

LANGUAGES = tuple(range(1, LANGUAGE + 1))
FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/history.jsonl"))
RARE = {"StepRecorded", "TimerCancelled", "ExecutionQueued", "NodeProgressed", "ExecutionErased", "TaskNoticeStarted"}
"""Events that no history holds."""


def decisions_of(folder: Path) -> list[Decision]:
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [decode_decision(bytes.fromhex(json.loads(line)["record"])) for line in lines]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_history_is_what_the_engine_decides(folder: Path) -> None:
    graph = graph_in(folder)
    decisions = decisions_of(folder)
    decided = redecide(graph, decisions, {})
    assert pack(decided) == pack(fold(graph, initial(decisions[0].execution), decisions))


def test_every_scenario_has_its_history() -> None:
    of_rules = {f"{name}_{number}" for name in RULES for number in LANGUAGES}
    assert {folder.name for folder in FOLDERS} >= set(SCENARIOS) | of_rules


@pytest.mark.parametrize("name", RULES)
def test_each_language_decides_what_it_decided(name: str) -> None:
    histories = [[decision.events for decision in decisions_of(Path(__file__).parent / f"{name}_{number}")] for number in LANGUAGES]
    assert all(one != other for one, other in pairwise(histories))


def test_together_the_histories_hold_almost_every_event() -> None:
    held = {type(event).__name__ for folder in FOLDERS for decision in decisions_of(folder) for event in decision.events}
    assert {event.__name__ for event in EVENTS} - held <= RARE
