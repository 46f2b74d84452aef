"""What a history led to, its own definition leads to again when it decides over it: whatever was asked, answered and steered."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.codec import pack
from domain.definition.validate import check
from domain.execution.evolve import initial
from domain.replay.rerun import Rerun, Version
from domain.replay.tape import Tape
from domain.replay.what_if import what_if
from tests.domain.spec import graph_of
from tests.laws.test_laws import definitions, walk

SHORT = 100
EXAMPLES = 10_000 if settings.get_current_profile_name() == "long" else SHORT


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_a_history_decided_again_by_its_own_definition_is_unchanged(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    world = walk(definition, chance)
    for name, subject in world.subjects.items():
        tape = Tape(subject.graph, initial(name), subject.decisions)
        was = tape.state
        again = Rerun(tape, Version(subject.graph, was.workflow, was.workflow_version, was.definition), world.blobs.__getitem__)
        assert again.new == []
        assert again.vanished == []
        assert again.refused == []
        assert again.steps == tape.steps
        assert pack(replace(again.state, digest=b"")) == pack(replace(was, digest=b""))


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck))
@given(definitions(), definitions(), st.randoms(use_true_random=False))
def test_any_definition_decides_over_any_history_or_says_why_it_cannot(
    definition: dict[str, Any], other: dict[str, Any], chance: random.Random
) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    assume(not check(other, {}, strict_kinds=False).problems)
    world = walk(definition, chance)
    subject, graph = world.subjects["x"], graph_of(other)
    tape = Tape(subject.graph, initial("x"), subject.decisions)
    found = what_if(tape, Version(graph, "other", 1, "h"), world.blobs.__getitem__)
    assert found.verdict != "not_decided", found.reason
    assert (found.verdict == "new_calls") == bool(found.new)
    assert what_if(tape, Version(graph, "other", 1, "h"), world.blobs.__getitem__) == found
