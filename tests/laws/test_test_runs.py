"""The laws hold for test runs, too; and one that is given all results of a past execution ends as that did."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import events as e
from contracts.failure import Failure
from contracts.pins import Pin, Plan, Skips
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.evolve import initial
from domain.replay.recorded import record
from simulation.definitions import CHILD
from tests.domain.spec import ActivityError, After, Called, World, graph_of
from tests.laws.test_laws import definitions, walk

SHORT = 100
EXAMPLES = 5_000 if settings.get_current_profile_name() == "long" else SHORT
UNORDERED = ("wait_for", "cancel", "wait_until", "wait_signal", "for_each", "human_task", "mutex", "any", "timeouts", "max_iterations")
"""What ends by what comes first, or by what comes from people: given at once, that may be another."""


def plan_of(graph: Graph, chance: random.Random) -> Plan:
    paths = [node.id for body in graph.bodies for node in body.nodes]
    pins: dict[str, tuple[Pin, ...]] = {}
    for path in chance.sample(paths, chance.randrange(len(paths) + 1)):
        node = next(node for node in graph.nodes if node.id == path)
        port = chance.choice(node.ports) if node.ports else "out"
        good = Pin(b'{"n":3}', None if node.is_activity else (port,))
        pins[path] = (Pin(failure=Failure("boom", "given"), attempt=1), good) if chance.random() < 0.5 else (good,)
    skips: Skips = chance.choice(("none", "waits", "all"))
    return Plan(pins, tuple(chance.sample(paths, min(len(paths), chance.randrange(3)))), skips, chance.random() < 0.2)


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_the_laws_hold_for_test_runs(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    walk(definition, chance, plan_of(graph_of(definition), chance))


class Past:
    """Activities whose results are as good as any, and do not come in the order in which they were asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def work(self, call: Called) -> Any:
        draw = random.Random(f"{self._seed} {call.execution} {call.path} {call.attempt}").random()
        if draw < 0.3:
            raise ActivityError("boom" if draw < 0.15 else "http.503", retryable=draw < 0.25)
        return After(5, {"n": call.attempt}) if draw < 0.6 else {"n": draw}


def world_of(definition: dict[str, Any], acts: Any, **more: Any) -> World:
    return World(definition, {"child": CHILD}, acts).start({"n": 1}, **more)


@settings(
    max_examples=EXAMPLES * 2, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck)
)  # fmt: skip
@given(definitions(), st.integers(0, 99))
def test_a_test_run_with_all_results_of_a_past_execution_ends_as_that_did(definition: dict[str, Any], seed: int) -> None:
    assume(not any(word in str(definition) for word in UNORDERED))
    assume(not check(definition, {}, strict_kinds=False).problems)
    past = Past(seed)
    source = world_of(definition, {"work": past.work, "undo": past.work})
    assume(source.state().is_ended)
    subject = source.subjects["x"]
    found = record(subject.graph, initial("x"), subject.decisions)
    pins = {path: recorded.pins for path, recorded in found.items() if recorded.comes_from_outside}
    again = world_of(definition, {}, test=Plan(pins, skips="waits", refuses=True))
    was, now = source.state(), again.state()
    assert again.ran == []
    assert (now.status, now.outcome, now.output and again.output) == (was.status, was.outcome, was.output and source.output)
    assert (now.failure and now.failure.type) == (was.failure and was.failure.type)
    if was.status == "completed":  # of one that failed, what was under way beside the failure may have come to its end before, or not
        assert set(again.paths(e.NodeCompleted)) == set(source.paths(e.NodeCompleted))
