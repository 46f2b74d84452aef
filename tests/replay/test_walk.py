"""A walk: wherever one goes, one stands where folding from the beginning leads."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.codec import pack
from contracts.errors import Rejected
from contracts.journal import SCHEMA
from domain.definition.validate import check
from domain.execution.evolve import evolve, initial
from domain.replay.walk import FINE, KEPT_MAX, Walk
from tests.domain.spec import Subject, World, entries_of, gives
from tests.laws.test_laws import Walk as RandomWalk
from tests.laws.test_laws import definitions

EXAMPLES = 1_000 if settings.get_current_profile_name() == "long" else 40
EACH = "nodes: [{id: each, type: for_each, config: {items: input.items, body: {nodes: [{id: a, type: work}, {id: b, type: noop}]}}}]"


def walk_of(subject: Subject) -> Walk:
    return Walk(entries_of(subject, SCHEMA), lambda _: subject.graph, subject.blobs.__getitem__)


def states_of(subject: Subject) -> list[bytes]:
    """What folding from the beginning leads to, after each event; the digest of a decision is no part of it."""
    state, found = initial(subject.state.execution), []
    for decision in subject.decisions:
        if decision.events:
            state.now = decision.now
        for event in decision.events:
            evolve(subject.graph, state, event, decision)
            found.append(comparable(state))
    return found


def comparable(state: Any) -> bytes:
    kept, state.digest, state.correlation = (state.digest, state.correlation), b"", ""
    content = pack(state)
    state.digest, state.correlation = kept
    return content


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_wherever_one_goes_one_stands_where_folding_leads(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    subject = RandomWalk(definition, chance).run().subjects["x"]
    states, walk = states_of(subject), walk_of(subject)
    for _ in range(20):
        version = chance.choice([chance.randrange(1, walk.last + 1), max(1, walk.version - 1), min(walk.last, walk.version + 1)])
        walk.go(version)
        assert walk.version == version
        assert comparable(walk.folded.state) == states[version - 1]


def test_going_back_event_by_event_keeps_few_states_and_folds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = World(EACH, None, {"work": gives({"n": 1})}).start({"items": list(range(400))}).subjects["x"]
    walk, states = walk_of(subject), states_of(subject)
    folded = 0

    def counted(*arguments: Any) -> Any:
        nonlocal folded
        folded += 1
        return evolve(*arguments)

    monkeypatch.setattr("domain.replay.walk.evolve", counted)
    for version in range(walk.last - 1, 0, -1):
        walk.go(version)
        assert comparable(walk.folded.state) == states[version - 1]
    assert folded < 3 * FINE * walk.last, "it folds from the beginning each time"
    assert len(walk._kept) <= KEPT_MAX + 1


@pytest.mark.parametrize("version", [0, -1, 99, 2**70])
def test_an_event_that_is_not_there_is_named_and_one_stays(version: int) -> None:
    walk = walk_of(World("nodes: [{id: a, type: noop}]").start().subjects["x"])
    walk.go(2)
    with pytest.raises(Rejected, match=rf"execution x has the versions 1 to {walk.last}, not {version}"):
        walk.go(version)
    assert walk.version == 2
