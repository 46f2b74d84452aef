# ruff: noqa: E501 - a node of a definition stands on one line
"""Turns: no decision does more than so much; what is left goes on by itself, in further ones, and is bounded altogether."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import commands as c
from contracts.codec import pack
from contracts.events import NodeCompleted, NodeQueued, NodeScheduled, ScopeEntered
from contracts.journal import SCHEMA
from contracts.values import reference_to
from domain.execution.decide import decide
from domain.execution.facts.runs import PURPOSES
from domain.execution.limits import LIMITS, WITHOUT_TURNS, limits_of
from domain.replay.verify import Verifier
from projections.waiting import waiting_for
from tests.domain.spec import Spec, Subject, World, create, entries_of, graph_of, signal, slow

REPEAT = "nodes: [{id: r, type: repeat, config: {times: %d, concurrency: %d, body: {nodes: [{id: m, type: merge}]}}}]"
EACH = "nodes: [{id: r, type: for_each, config: {items: input, concurrency: %d, body: {nodes: [%s]}}}]"
WHILE = """
variables: {n: 0}
nodes: [{id: r, type: while, config: {condition: vars.n < %d, body: {nodes: [{id: m, type: set_variable, config: {name: n, value: "{{ vars.n + 1 }}"}}]}}}]
"""
CYCLE = """
nodes: [{id: a, type: merge}, {id: m, type: merge}]
edges: [{from: a, to: m}, {from: m, to: a, back: true, when: "iteration.index < %d", max_iterations: 1000}]
"""
NESTED = "nodes: [{id: r, type: repeat, config: {times: %d, body: {nodes: [{id: q, type: repeat, config: {times: %d, body: {nodes: [{id: m, type: merge}]}}}]}}}]"
PURE = "{id: m, type: merge}"


def longest(world: World) -> int:
    """How many nodes of the name `m` completed in one decision at most."""
    return max(sum(isinstance(e, NodeCompleted) and "m" in e.path for e in one.events) for one in world.subjects["x"].decisions)


def completed(world: World) -> int:
    return sum(event.path.endswith("m") or "m#" in event.path for event in world.events(NodeCompleted))


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (REPEAT % (50, 1), None), (REPEAT % (50, 50), None), (EACH % (1, PURE), list(range(50))), (EACH % (50, PURE), list(range(50))),
        (WHILE % 50, None), (NESTED % (5, 10), None), (CYCLE % 49, None),
    ],
)  # fmt: skip
def test_a_loop_takes_turns_and_comes_to_the_same_end(text: str, given: Any) -> None:
    world, plain = World(text, turn_steps=8).start(given), World(text).start(given)
    assert (world.status, world.output) == (plain.status, plain.output) == ("completed", plain.output)
    assert completed(world) == completed(plain) == 50
    assert longest(world) <= 16
    assert len(plain.subjects["x"].decisions) == 1
    assert world.took_ms < 50


def test_a_loop_of_activities_enters_no_more_than_a_turn_allows() -> None:
    world = World(EACH % (50, "{id: a, type: work}"), acts={"work": slow(10)}, turn_steps=8).start(list(range(50)))
    assert max(sum(isinstance(e, ScopeEntered) for e in one.events) for one in world.subjects["x"].decisions) == 8
    assert len(world.events(NodeScheduled)) == 50
    assert (world.status, world.took_ms // 10) == ("completed", 1)


def test_results_that_come_in_a_turn_begin_nothing_that_is_left_to_the_next() -> None:
    spec = Spec(EACH % (50, "{id: a, type: work}"), list(range(50)), turn_steps=8)
    spec.when(c.CompleteActivity("r[0]/a", 1, b"1"))
    assert not [event for event in spec.events if isinstance(event, ScopeEntered)]


def test_a_body_of_several_nodes_counts_with_all_of_them() -> None:
    text = EACH % (50, "{id: m, type: merge}, {id: m2, type: merge}, {id: m3, type: merge}")
    world = World(text, turn_steps=30).start(list(range(50)))
    assert not world.events(NodeQueued), "no node had to wait by itself"
    assert world.status == "completed"


def test_nodes_that_are_too_many_at_once_wait_one_by_one() -> None:
    nodes = ", ".join(f"{{id: m{number}, type: merge}}" for number in range(10))
    world = World(f"nodes: [{nodes}]", turn_steps=3).start(1)
    assert len(world.events(NodeQueued)) == 5
    assert (world.status, completed_of(world)) == ("completed", 10)


def completed_of(world: World) -> int:
    return len(world.events(NodeCompleted))


def test_nodes_behind_a_mutex_take_turns() -> None:
    text = EACH % (20, "{id: m, type: try, mutex: one, config: {body: {nodes: [{id: n, type: merge}]}}}")
    world = World(text, turn_steps=4).start(list(range(20)))
    assert world.status == "completed"
    assert longest(world) <= 8


def test_long_values_end_a_turn_too() -> None:
    text = """
variables: {all: ""}
nodes: [{id: r, type: repeat, config: {times: 20, body: {nodes: [{id: m, type: set_variable, config: {name: all, value: "{{ vars.all + '0123456789' }}"}}]}}}]
"""
    world = World(text, turn_bytes=400).start()
    assert (world.status, world.output[-1]) == ("completed", "0123456789" * 20)
    assert max(sum(len(e.value) for e in one.events if hasattr(e, "value")) for one in world.subjects["x"].decisions) < 800


def test_a_pause_holds_the_next_turn_and_a_cancel_ends_it() -> None:
    spec = Spec(REPEAT % (50, 1), turn_steps=8)
    spec.given(c.PauseExecution("wait")).when(c.FireTimer("r:next", spec.now + 1), after=1)
    assert completed_in(spec) == 0
    spec.when(c.ResumeExecution())
    assert completed_in(spec) == 8
    spec.when(c.CancelExecution("enough"))
    assert spec.state.status == "cancelled"
    spec.when(c.FireTimer("r:next", spec.now)).then_rejected("already_ended")


def completed_in(spec: Spec) -> int:
    return sum(isinstance(event, NodeCompleted) for event in spec.events)


def test_an_execution_that_waits_for_its_turn_says_so() -> None:
    spec = Spec(REPEAT % (50, 1), turn_steps=8)
    (item,) = waiting_for(spec.state, spec.subject.graph)
    assert item == {"for": "timer", "path": "r", "purpose": "next", "due": spec.now + 1, "attempt": 1}
    spec = Spec(CYCLE % 40, turn_steps=8)
    (item,) = waiting_for(spec.state, spec.subject.graph)
    assert (item["for"], item["purpose"]) == ("timer", "turn")


# The limits, each at the limit.


def test_a_for_each_takes_so_many_items_and_one_more_fails_at_once() -> None:
    assert World(EACH % (1, PURE), items_max=3).start([1, 2, 3]).status == "completed"
    world = World(EACH % (1, PURE), items_max=3).start([1, 2, 3, 4])
    assert (world.error, world.failure and world.failure.message) == ("loop.limit", "4 items; a for_each takes 3")
    assert not world.events(ScopeEntered)


def test_items_that_come_later_count() -> None:
    text = "nodes: [{id: r, type: for_each, config: {items: input, more: {signal: more}, body: {nodes: [{id: n, type: never}]}}}]"
    assert World(text, items_max=3).at(1, signal("more", [1])).start([1, 2]).failure is None
    world = World(text, items_max=3).at(1, signal("more", [1, 2])).start([1, 2])
    assert world.error == "loop.limit"


def test_a_repeat_runs_so_many_times_and_one_more_fails_at_once() -> None:
    assert World(REPEAT % (3, 1), items_max=3).start().status == "completed"
    world = World(REPEAT % (4, 1), items_max=3).start()
    assert (world.error, world.failure and world.failure.message) == ("loop.limit", "4 times; a repeat runs 3 times at most")


def test_what_an_execution_does_by_itself_has_an_end() -> None:
    assert World(REPEAT % (40, 1), turn_steps=8, alone_max=41).start().status == "completed"
    world = World(NESTED % (100, 100), turn_steps=8, alone_max=41).start()
    assert (world.status, world.error) == ("incident", "loop.limit")
    assert "begun more than 41 nodes by itself" in str(world.failure and world.failure.message)
    assert completed(world) <= 41 + 8


def test_a_cycle_has_an_end_too_and_stops_at_its_node() -> None:
    world = World(CYCLE % 999, turn_steps=8, alone_max=40).start()
    assert (world.status, world.error) == ("incident", "loop.limit")
    assert world.failure is not None
    assert str(world.failure.node).partition("#")[0] in ("a", "m")


def test_what_comes_from_outside_begins_the_count_anew() -> None:
    text = "nodes: [{id: o, type: repeat, config: {times: 5, body: {nodes: [{id: a, type: a}, {id: r, type: repeat, config: {times: 30, body: {nodes: [{id: m, type: merge}]}}}], edges: [{from: a, to: r}]}}}]"
    world = World(text, turn_steps=8, alone_max=40).start()
    assert (world.status, completed(world)) == ("completed", 150)


def test_a_handler_that_goes_on_does_not_go_on_for_ever() -> None:
    text = "nodes: [{id: o, type: repeat, config: {times: 1000, body: {nodes: [{id: r, type: repeat, on_error: continue, config: {times: 30, body: {nodes: [{id: m, type: merge}]}}}]}}}]"
    world = World(text, turn_steps=8, alone_max=100).start()
    assert (world.status, world.error) == ("incident", "loop.limit")


def test_a_person_may_let_it_go_on() -> None:
    world = World(REPEAT % (60, 1), turn_steps=8, alone_max=41).start()
    assert world.status == "incident"
    world.send(c.ResolveIncident("1", "skip"))
    assert world.status == "completed"


CHILD = "nodes: [{id: c, type: sub_workflow, when: input == null, config: {workflow: w, input: null}}]"


def test_sub_workflows_are_nested_so_deep_and_no_deeper() -> None:
    world = World(CHILD, depth_max=3).start()
    assert sorted(world.subjects) == ["x", "x~c", "x~c~c", "x~c~c~c"]
    failure = world.state("x~c~c~c").failure or next(iter(world.state("x~c~c~c").incidents.values())).failure
    assert (failure.type, failure.message) == ("child.failed", "sub-workflows are nested 4 deep with this child; the limit is 3")


def test_an_execution_has_so_many_children_open_and_one_more_fails() -> None:
    text = EACH % (9, "{id: c, type: sub_workflow, config: {workflow: kid}}")
    children = {"kid": "nodes: [{id: n, type: never}]"}
    assert World(text, children, children_max=3).start([1, 2, 3]).failure is None
    world = World(text, children, children_max=3).start([1, 2, 3, 4])
    assert (world.error, world.failure and world.failure.message) == (
        "child.failed",
        "3 children of the execution are open; that is the limit",
    )


# What was decided before there were limits.


def test_what_was_decided_without_limits_is_decided_so_again() -> None:
    text = REPEAT % (LIMITS.turn_steps + 1, 1)
    subject = Subject(graph_of(text), "x", WITHOUT_TURNS)
    subject.ask(create(), 1_000_000)
    assert len(subject.decisions) == 1
    for schema, is_clean in ((1, True), (SCHEMA, False)):
        verifier = Verifier(lambda _: graph_of(text))
        verifier.run(entries_of(subject, schema))
        assert (verifier.divergences == []) is is_clean
    assert (limits_of(1), limits_of(SCHEMA)) == (WITHOUT_TURNS, LIMITS)


def test_a_state_that_an_older_build_summed_up_is_still_known() -> None:
    subject = Subject(graph_of("nodes: [{id: n, type: never}]"), "x")
    subject.ask(create(), 1_000_000)
    subject.state.digest = subject.shadow.digest = entries_of(subject, SCHEMA)[-1].digest
    older = pack(msgspec.msgpack.decode(pack(subject.state))[:-1])
    subject.ask(c.RollHistory(reference_to(older)), 1_000_000)
    for kept, found in ((older, []), (older[:-1], ["another state"])):
        verifier = Verifier(lambda _: subject.graph, lambda _: kept)  # noqa: B023
        verifier.run(entries_of(subject, SCHEMA))
        assert [d.found for d in verifier.divergences] == found


# What it costs.


def calls_of(text: str, given: Any) -> int:
    """How many functions deciding and folding call, of Python and of C."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    subject = Subject(graph_of(text), "x", LIMITS)
    sys.setprofile(note)
    try:
        decide_all(subject, given)
    finally:
        sys.setprofile(None)
    return count


def decide_all(subject: Subject, given: Any) -> None:
    now = 1_000_000
    decide(subject.graph, subject.state, create(given), now)
    while timers := [name for name in subject.state.timers if name.endswith(":next")]:
        now += 1
        decide(subject.graph, subject.state, c.FireTimer(timers[0], now), now)
    for path in [path for path in subject.state.runs if path.endswith("/a")]:
        decide(subject.graph, subject.state, c.CompleteActivity(path, 1, b"1"), now)
    assert subject.state.is_ended


@pytest.mark.parametrize(
    "body",
    [PURE, "{id: a, type: work}", "{id: a, type: work, timeouts: {start_to_close: 1h, schedule_to_close: 1h}}"],
    ids=["pure", "activity", "with limits"],
)
def test_twice_as_wide_costs_twice_as_much(body: str) -> None:
    text = EACH % (100_000, body)
    once, twice = calls_of(text, list(range(400))), calls_of(text, list(range(800)))
    assert twice < 2.1 * once


def test_a_list_that_is_a_blob_is_not_read_again_for_each_item() -> None:
    subject = Subject(graph_of(EACH % (1, "{id: a, type: work}")), "x", LIMITS._replace(blob_bytes_min=20))
    reads: list[str] = []
    subject.ask(create(list(range(1000, 1040))), 1_000_000)

    def read(name: str) -> bytes:
        reads.append(name)
        return subject.blobs[name]

    for index in range(40):
        command = c.CompleteActivity(f"r[{index}]/a", 1, b"1")
        decide(subject.graph, subject.state, command, 1_000_000, read, subject.limits)
    assert subject.state.is_ended
    assert len(reads) <= 1


def test_every_purpose_of_a_timer_is_known_where_its_node_ends() -> None:
    sources = "\n".join(path.read_text() for path in Path("domain").rglob("*.py"))
    said = set(re.findall(r'TimerStarted\(f"\{[a-z.]+\}(:[a-z_]+)"', sources)) | {":turn", ":next", ":retry"}
    assert said <= set(PURPOSES)
    assert {f":{name}" for name in ("schedule_to_start", "start_to_close", "schedule_to_close", "heartbeat")} <= set(PURPOSES)
