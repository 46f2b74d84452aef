"""The laws hold for executions that are debugged, too; and where nothing was changed, one ends as if nobody had looked.

Where only a branch halts, others overtake it, as they do one that takes its time. So the second law is about those that halt whole,
and end in one way in whichever order results arrive.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts.debugging import Breakpoint, Halts, On, Release
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.state import Execution
from simulation.definitions import CHILD
from tests.domain.spec import START_MS, World, create, graph_of
from tests.laws.test_laws import Walk, definitions
from tests.laws.test_test_runs import UNORDERED, Past

SHORT = 100
EXAMPLES = 5_000 if settings.get_current_profile_name() == "long" else SHORT
ACTIONS: tuple[Release, ...] = ("continue", "into", "over", "out", "to", "complete", "fail", "retry")
LOOKS: tuple[Release, ...] = ("continue", "into", "over", "out", "to")
"""What changes nothing."""


def breakpoints_of(graph: Graph, chance: random.Random, timeout_ms: int, *scopes: Halts) -> tuple[Breakpoint, ...]:
    paths = [node.id for body in graph.bodies for node in body.nodes] + ["*"]
    names = [name for body in graph.bodies for name in body.variables]
    found = []
    for _ in range(chance.randrange(1, 4)):
        on: On = chance.choice(("begin", "begin", "failure", "change") if names else ("begin", "failure"))
        halts: Halts = chance.choice(scopes or ("branch", "all"))
        condition = chance.choice(("", "", "true", "false", "data.nothing"))
        target = chance.choice(names if on == "change" else paths)
        found.append(Breakpoint(on, target, condition, halts, timeout_ms, False, "Ada"))
    return tuple(found)


def halts_in(state: Execution) -> list[str]:
    return [] if state.debugged is None or state.is_ended else list(state.debugged.halts)


class Debugging(Walk):
    """One execution that somebody debugs who knows no restraint."""

    def __init__(self, definition: dict[str, Any], chance: random.Random) -> None:
        super().__init__(definition, chance)
        self.graph = graph_of(definition)
        self.world.at(0, create({"n": 1}, breakpoints=breakpoints_of(self.graph, chance, chance.choice((1, 20, 10_000)))))

    def run(self) -> World:
        for when in (5, 15, 30, 60, 90):
            self.world.at(when, *[self.debug() for _ in range(self.chance.randrange(3))])
        return super().run()

    def command(self) -> c.Command:
        return self.debug() if self.chance.random() < 0.5 else super().command()

    def debug(self) -> c.Command:
        halts = halts_in(self.world.state()) if "x" in self.world.subjects else []
        path = self.chance.choice([*halts, "n1", ""])
        draw = self.chance.random()
        if draw < 0.2:
            more = breakpoints_of(self.graph, self.chance, 30)
            return c.ChangeBreakpoints(more, self.chance.choice(((), ("*",), ("no",))), "Bob")
        if draw < 0.4:
            variables = self.chance.choice((None, b'{"v":7}', b'{"total":1}'))
            return c.ChangeHalted(path, variables, self.chance.choice((None, b'{"n":8}')), by="Bob")
        return c.ReleaseHalt(path, self.chance.choice(ACTIONS), "*", b'{"n":9}', by="Bob")


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_the_laws_hold_for_what_is_debugged(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    world = Debugging(definition, chance).run()
    assert world.state().is_ended


def looked_at(definition: dict[str, Any], past: Past, chance: random.Random) -> World:
    """The execution, looked at by somebody who lets it go on from each halt, in one way or another."""
    world = World(definition, {"child": CHILD}, {"work": past.work, "undo": past.work})
    world.start_paused_in_time(0, {"n": 1}, breakpoints=breakpoints_of(graph_of(definition), chance, 10_000, "all"))
    for _ in range(300):
        halted = [(name, path) for name, subject in world.subjects.items() for path in halts_in(subject.state)]
        if not halted:
            break
        name, path = chance.choice(halted)
        world.at(world.now - START_MS, c.ReleaseHalt(path, chance.choice(LOOKS), "*", by="Ada"), execution=name)
        world.go_on(world.now - START_MS)
    return world.go_on()


@settings(
    max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck)
)  # fmt: skip
@given(definitions(), st.integers(0, 99), st.randoms(use_true_random=False))
def test_what_is_only_looked_at_ends_as_if_nobody_had(definition: dict[str, Any], seed: int, chance: random.Random) -> None:
    assume(not any(word in str(definition) for word in UNORDERED))
    assume(not check(definition, {}, strict_kinds=False).problems)
    past = Past(seed)
    acts = {"work": past.work, "undo": past.work}
    ends = [
        end_of(World(definition, {"child": CHILD}, acts, pick=pick).start({"n": 1}))
        for pick in (None, lambda most: most - 1, chance.randrange)
    ]
    assume(all(one == ends[0] for one in ends))
    assert end_of(looked_at(definition, past, chance)) == ends[0]


def end_of(world: World) -> tuple[Any, ...]:
    state = world.state()
    return state.status, state.outcome, state.output and world.output, sorted(world.ran)
