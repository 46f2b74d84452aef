"""Why: the chain names only what precedes, and says of each node what the history says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from api.operations.whys import WhyStep, WhyWay
from contracts.errors import Rejected
from contracts.journal import SCHEMA
from domain.definition.validate import check
from domain.execution.evolve import evolve, initial
from domain.execution.history import Entry
from domain.execution.paths import is_undo, node_in_definition, node_named
from domain.execution.state import TAKEN, UNRESOLVED, UNTAKEN, Execution
from domain.replay.chain import Step, Why
from domain.replay.questions import Question
from domain.replay.why import why
from projections.waits import SORTS
from projections.why import RELEASED_BY
from refold.cli.commands.why import BECAUSE, WAYS
from tests.domain.spec import Subject, World, entries_of
from tests.laws.test_laws import Walk, definitions

EXAMPLES = 2_000 if settings.get_current_profile_name() == "long" else 60
EDGE_STATES = {"taken": TAKEN, "untaken": UNTAKEN, "open": UNRESOLVED}


def asked(world: World, node: str = "", at: int | None = None, execution: str = "x") -> Why:
    subject = world.subjects[execution]
    return why_of(subject, entries_of(subject, SCHEMA), node, at)


def why_of(subject: Subject, entries: list[Entry], node: str, at: int | None) -> Why:
    return why(lambda: entries, lambda _: subject.graph, subject.blobs.__getitem__, node, at).why


def states_of(subject: Subject) -> Iterator[tuple[int, Execution]]:
    """The state after each event; the same object each time."""
    state = initial(subject.state.execution)
    for decision in subject.decisions:
        if decision.events:
            state.now = decision.now
        for event in decision.events:
            evolve(subject.graph, state, event, decision)
            yield state.version, state


def versions_in(step: Step) -> list[int]:
    ways = [way.version for way in step.ways] + [way.asked.version for way in step.ways if way.asked]
    return [step.begun, step.version, *ways, *(one.version for one in step.asked), *(one.version for one in step.events)]


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_why_names_only_what_precedes_and_agrees_with_what_happened(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    subject = Walk(definition, chance).run().subjects["x"]
    entries = entries_of(subject, SCHEMA)
    graph = subject.graph
    paths = list({path for decision in subject.decisions for event in decision.events if (path := getattr(event, "path", ""))})
    nodes = [node_in_definition(node) for node in graph.nodes]
    answers = []
    for _ in range(4):
        at = chance.randrange(1, subject.state.version + 1)
        node = chance.choice(["", *paths, *nodes])
        found = why_of(subject, entries, node, at)
        assert found.unread == 0
        assert found.at == at
        for step in found.steps:
            assert all(0 <= version <= at for version in versions_in(step)), step
            moment = step.begun or at + 1
            assert all(way.version < moment for way in step.ways), step
        answers.append(found)
    agree_with_states(subject, answers)
    for found in answers:
        for step in found.steps:
            agree_with_questions(step)


def agree_with_states(subject: Subject, answers: list[Why]) -> None:
    """Each way is as the edge was right before the node began, and each first step as its node was after the event."""
    for version, state in states_of(subject):
        for found in answers:
            for step in found.steps:
                moment = step.begun or found.at + 1
                if step.path and moment - 1 == version:
                    agree_on_edges(subject, state, step)
            first = found.steps[0]
            if found.at == version and first.path and not is_undo(first.path) and first.path in state.runs:
                assert first.state == state.runs[first.path].status
                assert first.begun


def agree_on_edges(subject: Subject, state: Execution, step: Step) -> None:
    node, scope = node_named(subject.graph, step.path), state.scopes.get(step.path.rpartition("/")[0])
    if node is None or is_undo(step.path) or scope is None or (step.begun == 0 and node.index in scope.live):
        return
    if any(way.is_back for way in step.ways):
        assert node.index in scope.looped
        return
    found = [(way.source.rpartition("/")[2].partition("#")[0], way.port, EDGE_STATES[way.state]) for way in step.ways]
    edges = [*node.incoming, *node.typed_incoming]
    assert found == [(edge.source.id, edge.port, scope.edges[edge.number]) for edge in edges], (step, scope)


def agree_with_questions(step: Step) -> None:
    """What was asked came out as it was recorded."""
    for way in step.ways:
        if way.asked is not None and way.port != "error":
            assert values_of(way.asked) == [way.state == "taken" or way.because != "when"], (step, way)
    whens = [values_of(one) for one in step.asked if one.place == "when"]
    if step.because == "when":
        assert whens == [[False]], step
    elif step.begun and whens and step.state not in ("failed", "incident"):
        assert whens[0] == [True], step


def values_of(one: Question) -> list[Any]:
    return list(one.part.values)


ORDER = """
nodes:
  - {id: ask, type: condition, config: {expression: "input.n > 10 && input.vip"}}
  - {id: big, type: noop}
  - {id: small, type: noop}
  - {id: w, type: wait_until, config: {condition: "vars.q == 3"}}
  - {id: z, type: noop}
variables: {q: 1}
edges: [{from: ask.true, to: big}, {from: ask.false, to: small, when: "size(input.list) > 1"}, {from: small, to: w}, {from: w.met, to: z}]
"""
GIVEN = {"n": 7, "vip": True, "list": [1, 2]}


def test_a_skipped_node_names_the_way_that_was_not_taken_and_what_was_asked() -> None:
    found = asked(World(ORDER).start(GIVEN), "big")
    first, condition, whole = found.steps
    assert (first.state, first.because) == ("skipped", "no_edge")
    assert [(way.source, way.state, way.because, way.left_by) for way in first.ways] == [("ask", "untaken", "port", ("false",))]
    (question,) = condition.asked
    assert (question.part.text, question.part.values) == ("input.n > 10 && input.vip", (False,))
    assert [(part.text, part.values) for part in question.part.parts] == [("input.n > 10", (False,)), ("input.vip", ())]
    assert (whole.path, whole.because) == ("", "started")


def test_a_source_that_asked_for_itself_what_its_edge_says_has_not_asked_it_for_the_edge() -> None:
    text = "nodes: [{id: a, type: noop, when: 'input.n > 9'}, {id: b, type: noop}]\nedges: [{from: a, to: b, when: 'input.n > 9'}]"
    first, source, *_ = asked(World(text).start(GIVEN), "b").steps
    assert [(way.source, way.because, way.asked) for way in first.ways] == [("a", "skipped", None)]
    assert [one.part.values for one in source.asked] == [(False,)]


def test_what_waits_for_a_condition_is_asked_as_things_are_now() -> None:
    found = asked(World(ORDER).start(GIVEN))
    assert found.steps[0].path == "w"
    last = found.steps[0].asked[-1]
    assert (last.part.text, last.part.values, last.version) == ("vars.q == 3", (False,), found.at)
    when = found.steps[1].ways[0].asked
    assert when is not None
    assert (when.part.text, when.part.values) == ("size(input.list) > 1", (True,))


def test_of_a_node_that_was_not_reached_it_says_what_is_open() -> None:
    found = asked(World(ORDER).start(GIVEN), "z")
    assert [(step.path, step.state, step.because) for step in found.steps[:2]] == [
        ("z", "not_reached", "not_yet"),
        ("w", "active", "edges"),
    ]


def test_a_failure_leads_to_the_node_inside_that_it_comes_from() -> None:
    text = "nodes: [{id: each, type: for_each, config: {items: [1, 2], body: {nodes: [{id: x, type: bad}]}}}]\nsettings: {on_failure: fail}"
    found = asked(World(text).start(), "each")
    assert [(step.path, step.state) for step in found.steps[:2]] == [("each", "failed"), ("each[0]/x", "failed")]
    assert asked(World(text).start()).steps[0].path == "each[0]/x"


def test_the_body_of_a_catch_that_nobody_entered_says_so() -> None:
    text = """
nodes:
  - id: guard
    type: try
    config: {body: {nodes: [{id: a, type: noop}]}, catch: [{body: {nodes: [{id: mend, type: noop}]}}]}
"""
    found = asked(World(text).start(), "guard.catch[0]/mend")
    assert [(step.path, step.state, step.because) for step in found.steps[:2]] == [
        ("guard.catch[0]/mend", "not_reached", "no_body"),
        ("guard", "completed", "first"),
    ]


@pytest.mark.parametrize(("node", "at", "says"), [
    ("bigg", None, "there is no node 'bigg' in workflow w; did you mean big?"),
    ("ask[]/" * 300 + "x", None, f"there is no node {('ask[]/' * 300 + 'x')[:200]!r} in workflow w"),
    ("/", None, "there is no node '/' in workflow w"),
    ("]", None, "there is no node ']' in workflow w"),
    (".compensate", None, "there is no node '.compensate' in workflow w"),
    ("", 99, "execution x has the versions 1 to 8, not 99"),
])  # fmt: skip
def test_what_there_is_not_is_named(node: str, at: int | None, says: str) -> None:
    world = World(ORDER).start(GIVEN)
    with pytest.raises(Rejected) as refused:
        asked(world, node, at)
    assert str(refused.value) == says


def test_every_word_and_every_sort_of_wait_is_said() -> None:
    becauses = set(get_args(WhyStep.model_fields["because"].annotation))
    assert set(BECAUSE) == becauses
    ways = {one for part in get_args(WhyWay.model_fields["because"].annotation) for one in get_args(part)}
    assert set(WAYS) == ways
    assert {*SORTS, "activity", "execution", "reports", "resumption", "nodes"} == set(RELEASED_BY)
