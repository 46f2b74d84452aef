"""The trace: at every version it says of each node what the state says, and who asks for what came behind is told just that."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.evolve import evolve, initial
from domain.execution.history import Folded
from domain.execution.state import Execution
from domain.replay.forking import Wish, fork
from projections.history import ABOUT_AN_ATTEMPT, HistoryPresenter
from projections.trace.answer import answer_of
from projections.trace.fold import TraceFold
from projections.trace.search import attempts_at
from simulation.definitions import write_definition
from tests.domain.spec import Spec, World, gives, signal
from tests.domain.versions import Versions, back_from, to
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of
from tests.laws.test_forks import Recorded, created
from tests.laws.test_laws import walk
from tests.projections.trace_reading import TraceReading

SEEDS = 150


class Chance(random.Random):
    """Chance as who writes definitions draws it."""

    def number(self, low: int, high: int) -> int:
        return self.randint(low, high)

    def one_of(self, *options: Any) -> Any:
        return self.choice(options)


SORT = {"begun": "active"}
OVER = {"completed", "failed", "skipped", "cancelled", "pending", "renamed"}


def check_against(state: Execution, at: dict[str, tuple[str, int]]) -> None:
    """What a trace says of a version is what the state says."""
    assert at[""][0] == state.status
    said = {path: (SORT.get(status, status), attempt) for path, (status, attempt) in at.items() if path and status not in OVER}
    assert said == {path: (run.status, run.attempt) for path, run in state.runs.items()}


def check_trace(graph: Graph, decisions: list[Decision]) -> TraceReading:
    """A trace agrees with the state after every event, and with the history on what each event is; told at once, or in pieces."""
    name = decisions[0].execution
    fold, state, presenter = TraceFold(Folded(graph, initial(name))), initial(name), HistoryPresenter(len)
    piecewise, at_once = TraceReading(), TraceReading()
    for decision in decisions:
        fold.add(decision)
        while piecewise.version < fold.version:
            piecewise.take(msgspec.json.decode(msgspec.json.encode(answer_of(fold, name, piecewise.version, 3))))
    at_once.take(msgspec.json.decode(msgspec.json.encode(answer_of(fold, name, 0, 10**9))))
    assert vars(at_once) == vars(piecewise)
    attempts = attempts_at(fold, list(range(1, fold.version + 1)))
    for decision in decisions:
        first = True
        for shown, event in zip(presenter.present(decision), decision.events, strict=True):
            graph = evolve(graph, state, event, decision)
            check_against(state, at_once.at(state.version))
            index = shown.version - 1
            assert (at_once.types[index], at_once.places[index], at_once.times[index]) == (shown.type, shown.path, decision.now)
            assert at_once.commands[index] == (type(decision.command).__name__ if first else None)
            assert shown.type not in ABOUT_AN_ATTEMPT or attempts[shown.version] == shown.attempt
            first = False
        state.now = decision.now
    assert fold.folded.state == state
    return at_once


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_after_every_event_of_any_history_a_trace_says_what_the_state_says(folder: Path) -> None:
    check_trace(graph_in(folder), decisions_of(folder))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_every_event_of_any_walk_a_trace_says_what_the_state_says(seed: int) -> None:
    chance = Chance(seed)
    definition = write_definition(chance)
    if check(definition, {}, strict_kinds=False).problems:
        return
    for subject in walk(definition, chance).subjects.values():
        check_trace(subject.graph, subject.decisions)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_every_event_of_a_fork_a_trace_says_what_the_state_says(seed: int) -> None:
    chance = Chance(seed)
    definition = write_definition(chance)
    if check(definition, {}, strict_kinds=False).problems:
        return
    world = walk(definition, chance)
    for version in chance.sample(range(1, world.subjects["x"].state.version + 1), min(8, world.subjects["x"].state.version)):
        made = fork(Recorded(world), Wish("x", version), world.blobs.__getitem__)
        forked = created(world, f"f{version}", made.creation, world.now)
        check_trace(forked.graph, forked.decisions)


def test_what_had_ended_when_a_fork_began_is_there_with_the_way_that_it_took() -> None:
    definition = {
        "nodes": [
            {"id": "check", "type": "condition", "config": {"expression": "true"}},
            {"id": "yes", "type": "wait_signal", "config": {"name": "go"}},
            {"id": "no", "type": "end"},
        ],
        "edges": [{"from": "check.true", "to": "yes"}, {"from": "check.false", "to": "no"}],
    }
    world = World(definition)
    world.subjects["x"] = Spec(definition).subject
    made = fork(Recorded(world), Wish("x", world.subjects["x"].state.version), world.blobs.__getitem__)
    forked = created(world, "f", made.creation, world.now)
    reading = check_trace(forked.graph, forked.decisions)
    said = {path: (state, taken) for _, path, state, _, (taken, _) in reading.changes if path}
    assert said == {"check": ("completed", [":check.true->yes"]), "no": ("skipped", []), "yes": ("active", [])}


def told_of(world: World) -> dict[str, list[str]]:
    """What each place went through, as its trace says it."""
    subject = world.subjects["x"]
    found: dict[str, list[str]] = {}
    for _, path, state, _, _ in check_trace(subject.begun_by, subject.decisions).changes:
        found.setdefault(path, []).append(state)
    return found


LINE = """
nodes:
- {id: a, type: work}
- {id: wait, type: wait_signal, config: {name: go}}
edges: [{from: a, to: wait}]
"""
RENAMED = LINE.replace("a,", "first,").replace("from: a", "from: first").replace("id: wait", "id: hold").replace("to: wait", "to: hold")


def test_what_goes_on_under_another_name_is_at_that_place_and_nothing_of_it_was_cancelled() -> None:
    world = Versions(LINE, RENAMED).world(LINE, {}, {"work": gives(1)}).start_paused_in_time(50)
    world.send(to(2, a="first", wait="hold"), signal("go"))
    said = told_of(world)
    assert said["wait"] == ["active", "renamed"]
    assert said["hold"] == ["active", "completed"]
    assert (said["a"][-1], said["first"]) == ("completed", ["completed"])


def test_what_went_back_is_at_its_first_place_again() -> None:
    world = Versions(LINE, RENAMED).world(LINE, {}, {"work": gives(1)}).start_paused_in_time(50)
    world.send(to(2, a="first", wait="hold"), back_from(2), signal("go"))
    said = told_of(world)
    assert said["wait"] == ["active", "renamed", "active", "completed"]
    assert said["hold"] == ["active", "renamed"]


def test_names_that_change_places_are_told_apart() -> None:
    both = "nodes:\n- {id: a, type: wait_signal, config: {name: go}}\n- {id: b, type: wait_signal, config: {name: on}}"
    swapped = both.replace("id: a", "id: c").replace("id: b", "id: a").replace("id: c", "id: b")
    world = Versions(both, swapped).world(both).start_paused_in_time(50)
    world.send(signal("on"), to(2, a="b", b="a"), signal("go"))
    said = told_of(world)
    assert world.status == "completed"
    assert said["a"] == ["active", "renamed", "completed"]
    assert said["b"] == ["active", "completed", "active", "completed"]


def test_what_is_in_a_container_that_has_another_name_goes_on_in_that() -> None:
    loop = (
        "nodes:\n- id: each\n  type: for_each\n  config: {items: [1, 2], body: {nodes: [{id: n, type: wait_signal, config: {name: go}}]}}"
    )
    world = Versions(loop, loop.replace("id: each", "id: every")).world(loop).start_paused_in_time(50)
    world.send(signal("go", 1), to(2, each="every"), signal("go", 2))
    said = told_of(world)
    assert world.status == "completed"
    assert (said["each"], said["every"]) == (["active", "renamed"], ["active", "completed"])
    inside = {path: states[-1] for path, states in said.items() if path.endswith("/n")}
    assert inside == {"each[0]/n": "completed", "each[1]/n": "renamed", "every[1]/n": "completed"}
