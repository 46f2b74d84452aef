"""Evolve: every event has its meaning, and folding is deciding seen later."""

from contracts.codec import pack
from contracts.events import EVENTS
from domain.execution.evolve import evolve, fold, initial
from domain.execution.facts import APPLIERS
from tests.domain.spec import World
from tests.histories.scenarios import SCENARIOS


def test_every_event_has_exactly_one_meaning() -> None:
    assert set(APPLIERS) == set(EVENTS)


def test_event_by_event_is_the_same_as_decision_by_decision() -> None:
    world: World = SCENARIOS["saga"]()
    subject = world.subjects["x"]
    state = initial("x")
    for decision in subject.decisions:
        state.now = decision.now
        for event in decision.events:
            evolve(subject.graph, state, event, decision)
    assert pack(state) == pack(fold(subject.graph, initial("x"), subject.decisions)) == pack(subject.state)


def test_a_state_survives_its_bytes_at_every_step() -> None:
    world = World("nodes: [{id: r, type: repeat, config: {times: 5, body: {nodes: [{id: n, type: n}]}}}]", restart=lambda: True).start()
    assert world.output == [None] * 5
