"""A random execution, written down as a test, goes as it went: by the same path to the same end."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from domain.definition.document import parse_document
from domain.definition.validate import check
from domain.execution.evolve import initial
from domain.testing.checks import Ground
from domain.testing.record import recorded_test
from domain.testing.suite import read_file, suite_of
from simulation.definitions import CHILD, ERROR_TYPES
from tests.domain.spec import NEVER, UNSTARTED, ActivityError, After, Called, World
from tests.laws.test_laws import Walk, definitions

PHASES = (Phase.explicit, Phase.generate)
EXAMPLES = 5_000 if settings.get_current_profile_name() == "long" else 150


class Life(Walk):
    """Activities and people that come one at a time: each moment is another one, so that the order of all is said by the times."""

    def __init__(self, definition: dict[str, Any], chance: random.Random) -> None:
        super().__init__(definition, chance)
        self.world = World(definition, {"child": CHILD}, {"work": self.work, "undo": self.undo})
        self.moments = chance.sample(range(1_000, 4_000_000), 4_000)

    def work(self, call: Called) -> Any:
        draw = self.chance.random()
        if draw > 0.9:
            return NEVER if draw < 0.95 else UNSTARTED
        result: Any = {"n": call.attempt} if draw < 0.6 else ActivityError(self.chance.choice(ERROR_TYPES), retryable=draw < 0.85)
        return After(self.moments.pop(), result)

    def undo(self, call: Called) -> Any:
        return After(self.moments.pop(), ActivityError("boom") if self.chance.random() < 0.2 else None)

    def reports(self) -> list[c.Command]:
        """None that comes without its attempt having begun: no worker does that."""
        return []

    def live(self) -> World:
        world = self.world
        world.start_paused_in_time(self.moments.pop(), {"n": 1})
        for _ in range(6):
            if world.state().is_ended:
                break
            for command in self.push_on()[:1]:
                after = world.now - 1_000_000 + self.moments.pop()
                world.at(after, command).go_on(after)
        return world


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, derandomize=EXAMPLES == 150, suppress_health_check=list(HealthCheck))
@given(definitions(), st.integers(0, 2**32))
def test_the_record_of_an_execution_passes_as_a_test(definition: dict[str, Any], seed: int) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    subject = Life(definition, random.Random(seed)).live().subjects["x"]
    assume(subject.state.is_ended)
    blobs = subject.blobs
    found = recorded_test(subject.graph, initial("x"), subject.decisions, lambda value: value)
    assert found.differences == [], found.text
    assert blobs == {}
    document = parse_document(found.text)
    suite = suite_of(document, read_file(document), Ground(subject.graph, {}, {}))
    assert suite.cases[0].case.expect.path is not None
