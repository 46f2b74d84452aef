"""What-if of a version against itself changes nothing, whatever has happened; the profile `long` tries 10,000 histories."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.definition.validate import check
from domain.execution.evolve import initial
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from domain.replay.what_if import what_if
from tests.laws.test_laws import Walk, definitions

EXAMPLES = 10_000 if settings.get_current_profile_name() == "long" else 60


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_a_version_decides_over_its_own_histories_as_it_did(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    subject = Walk(definition, chance).run().subjects["x"]
    was = subject.state
    tape = Tape(subject.graph, initial("x"), subject.decisions)
    version = Version(subject.graph, was.workflow, was.workflow_version, was.definition)
    found = what_if(tape, version, subject.blobs.__getitem__)
    assert (found.verdict, found.first, found.new, found.vanished, found.reason) == ("unchanged", None, (), (), "")
    assert found.before == found.after
