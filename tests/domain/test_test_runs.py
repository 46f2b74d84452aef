# ruff: noqa: E501 - a node of a definition stands on one line
"""Test runs: results are given, the execution stops before nodes, time is skipped; and all of it stands in the history."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.errors import Rejected
from contracts.failure import Failure
from contracts.pins import Pin, Plan, Skips
from domain.execution.skipping import SKIPS_MAX, next_skip
from tests.domain.spec import START_MS, World, create, never, slow

TWO = "nodes: [{id: a, type: a}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
FORK = "nodes: [{id: s, type: transform, config: {operation: value, value: 1}}, {id: a, type: a}, {id: b, type: b}, {id: z, type: z}]\nedges: [{from: s, to: a}, {from: s, to: b}, {from: b, to: z}]"
LOOP = "nodes: [{id: each, type: for_each, config: {items: [1, 2, 3], body: {nodes: [{id: work, type: work}]}}}]"
RETRIED = "nodes: [{id: a, type: a, retry: {max_attempts: 3, initial_delay: 1h, jitter: 0}}]"
SAGA = "settings: {on_failure: fail, compensate_on_failure: true}\nnodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
BAD = Failure("boom", "it failed")
Pins: TypeAlias = dict[str, tuple[Pin, ...]]
SKIPS: tuple[Skips, ...] = ("waits", "all")


def gives(value: Any, *ports: str, **more: Any) -> Pin:
    return Pin(values.encode(value), ports or None, **more)


def world(definition: str, plan: Plan, given: Any = None, **more: Any) -> World:
    return World(definition, **more).start(given, test=plan)


def test_a_pinned_activity_asks_nobody_and_says_so_in_the_history() -> None:
    done = world(TWO, Plan({"a": (gives({"n": 7}, source="old a"),)}))
    assert (done.ran, done.output) == (["b"], {"n": 7})
    assert done.events(e.NodePinned) == [e.NodePinned("a", 1, "old a")]
    assert done.cancelled == []


def test_the_same_plan_given_twice_is_one_test_run() -> None:
    done = World(TWO, twice=lambda: True).start(None, test=Plan({"a": (gives(1),)}, ("b",)))
    assert (done.ran, done.status, done.waits) == ([], "paused", ["pause", "resumption b"])


def test_a_pinned_failure_is_retried_like_any_other_and_time_is_skipped() -> None:
    pins: Pins = {"a": (Pin(failure=BAD, attempt=1), Pin(failure=BAD, attempt=2), gives("ok"))}
    done = world(RETRIED, Plan(pins, skips="waits"))
    assert (done.output, done.took_ms) == ("ok", 2 * 3_600_000)
    assert [event.attempt for event in done.events(e.NodePinned)] == [1, 2, 3]


def test_a_failure_that_is_not_retryable_is_not_tried_again() -> None:
    assert world(RETRIED, Plan({"a": (Pin(failure=BAD, retryable=False),)})).status == "incident"


def test_a_pin_holds_for_its_iteration_and_that_of_a_path_before_that_of_all() -> None:
    pins: Pins = {"each/work": (gives("second", iteration=1), gives("any")), "each[2]/work": (gives("third"),)}
    done = world(LOOP, Plan(pins))
    assert (done.ran, done.output) == ([], ["any", "second", "third"])


def test_a_node_of_any_kind_can_be_given_its_port() -> None:
    definition = "nodes: [{id: c, type: condition, config: {expression: 'input.no'}}, {id: y, type: y}, {id: n, type: n}]\nedges: [{from: c.true, to: y}, {from: c.false, to: n}]"
    done = world(definition, Plan({"c": (Pin(ports=("false",)),), "*": (gives("star"),)}), {"k": 1})
    assert (done.ran, done.output, done.paths(e.NodeSkipped)) == ([], "star", ["y"])


def test_what_is_not_pinned_is_refused_where_that_is_asked() -> None:
    done = world(TWO + "\nsettings: {on_failure: fail}", Plan({"a": (gives(1),)}, refuses=True))
    assert (done.ran, done.status, done.error) == ([], "failed", "test.unpinned")
    assert done.events(e.NodePinned)[-1] == e.NodePinned("b", 1, "", True)


def test_no_signal_goes_out_that_is_refused() -> None:
    definition = "nodes: [{id: s, type: emit_signal, config: {execution: other, name: go}}]\nsettings: {on_failure: fail}"
    assert (world(definition, Plan(refuses=True)).undelivered, len(world(definition, Plan()).undelivered)) == ([], 1)


def test_undoing_is_pinned_by_its_path() -> None:
    pins: Pins = {"a": (gives(1),), "b": (Pin(failure=BAD),), "a.compensate": (gives(None),)}
    done = world(SAGA, Plan(pins, refuses=True))
    assert (done.ran, done.status, done.paths(e.NodePinned)) == ([], "failed", ["a", "b", "a.compensate"])


def test_it_stops_before_a_node_and_goes_on_when_resumed() -> None:
    halted = world(TWO, Plan(stop_before=("b",)))
    assert (halted.ran, halted.status, halted.state().reason) == (["a"], "paused", "stopped before b")
    assert halted.events(e.NodeHalted) == [e.NodeHalted("b")]
    assert (halted.send(c.ResumeExecution()).status, halted.ran) == ("completed", ["a", "b"])


def test_a_step_goes_on_to_whatever_is_next_in_each_branch() -> None:
    halted = world(FORK, Plan(stop_before=("s",)))
    assert halted.send(c.ResumeExecution(step=True)).state().reason == "stopped before a and 1 more"
    assert (halted.send(c.ResumeExecution(step=True)).ran, halted.state().reason) == (["a", "b"], "stopped before z")
    assert halted.send(c.ResumeExecution()).status == "completed"


def test_what_arrives_while_it_stands_is_taken_up_afterwards() -> None:
    halted = World(FORK, acts={"b": slow(10)}).start(None, test=Plan(stop_before=("a",)))
    assert (halted.status, halted.ran) == ("paused", [])
    late = World(FORK, acts={"a": slow(5), "b": slow(10)}).start(None, test=Plan(stop_before=("z",)))
    assert (late.state().reason, late.send(c.ResumeExecution()).status) == ("stopped before z", "completed")


def test_it_stops_before_each_iteration() -> None:
    halted = world(LOOP, Plan(stop_before=("each/work",)))
    reasons = []
    while halted.status == "paused":
        reasons.append(halted.state().reason)
        halted.send(c.ResumeExecution())
    assert reasons == [f"stopped before each[{index}]/work" for index in range(3)]


def test_a_test_run_that_stands_can_be_cancelled() -> None:
    assert world(TWO, Plan(stop_before=("b",))).send(c.CancelExecution()).status == "cancelled"


def test_of_two_nodes_that_it_stands_before_one_may_end_the_other() -> None:
    definition = "settings: {on_failure: fail}\nnodes: [{id: a, type: a}, {id: b, type: b}]"
    halted = world(definition, Plan({"a": (Pin(failure=BAD),)}, ("a", "b")))
    assert halted.state().reason == "stopped before a and 1 more"
    assert (halted.send(c.ResumeExecution()).status, halted.ran) == ("failed", [])


def test_only_a_test_run_goes_step_by_step() -> None:
    execution = World(TWO, acts={"a": never}).start()
    execution.send(c.PauseExecution(), c.ResumeExecution(step=True))
    assert [rejected.reason for _, rejected in execution.rejections] == ["no_test_run"]


def test_timers_fire_at_once_in_the_order_in_which_they_are_due() -> None:
    branches = "a: {nodes: [{id: w, type: delay, config: {for: 2h}}, {id: x, type: x}], edges: [{from: w, to: x}]}, b: {nodes: [{id: w, type: delay, config: {for: 1h}}, {id: v, type: delay, config: {for: 30m}}, {id: y, type: y}], edges: [{from: w, to: v}, {from: v, to: y}]}"
    done = world(f"nodes: [{{id: p, type: parallel, config: {{branches: {{{branches}}}}}}}]", Plan({"*": (gives(1),)}, skips="waits"))
    assert (done.paths(e.NodePinned), done.took_ms) == (["p.b/y", "p.a/x"], 7_200_000)


def test_people_time_out_only_where_that_is_asked() -> None:
    definition = "nodes: [{id: w, type: wait_signal, config: {name: go, timeout: 1d}}]"
    graph_and_state = [world(definition, Plan(skips=skips)) for skips in SKIPS]
    assert [len(one.subjects["x"].decisions) > 1 for one in graph_and_state] == [True, True]  # the world itself lets time pass
    for skips, expected in zip(SKIPS, (None, START_MS + 86_400_000), strict=True):
        waiting = World(definition).start_paused_in_time(0, None, test=Plan(skips=skips))
        found = next_skip(waiting.subjects["x"].graph, waiting.state())
        assert (None if found is None else found.due) == expected


def test_what_is_due_before_a_wait_ends_comes_before_it() -> None:
    definition = "nodes: [{id: w, type: wait_signal, config: {name: go, timeout: 1h}}, {id: d, type: delay, config: {for: 2h}}]"
    done = world(definition, Plan(skips="waits"))
    assert [event.timer for event in done.events(e.TimerFired)] == ["w:timeout", "d:delay"]


def test_no_time_is_skipped_while_an_activity_runs() -> None:
    definition = "nodes: [{id: d, type: delay, config: {for: 1h}}, {id: a, type: never}]"
    waiting = World(definition).start_paused_in_time(0, None, test=Plan(skips="all"))
    assert next_skip(waiting.subjects["x"].graph, waiting.state()) is None


def test_time_is_skipped_so_often_and_no_more() -> None:
    waiting = World("nodes: [{id: d, type: delay, config: {for: 1h}}]").start_paused_in_time(0, None, test=Plan(skips="waits"))
    state = waiting.state()
    assert state.test is not None
    state.test.skips = SKIPS_MAX
    assert next_skip(waiting.subjects["x"].graph, state) is None


def test_time_that_was_skipped_is_ahead_of_the_clock() -> None:
    waiting = World("nodes: [{id: d, type: delay, config: {for: 1h}}, {id: n, type: never}]\nedges: [{from: d, to: n}]")
    waiting.start_paused_in_time(0, None, test=Plan(skips="waits"))
    subject, due = waiting.subjects["x"], START_MS + 3_600_000
    with pytest.raises(Rejected):
        subject.ask(c.SkipTime("d:delay", due, 3_600_000), START_MS)
    subject.ask(c.SkipTime("d:delay", due, 3_600_000), due)
    assert subject.state.test is not None
    assert (subject.state.test.ahead, subject.state.now) == (3_600_000, due)
    assert values.decode(subject.state.runs["n"].data) == {"waited": 3600}


def test_a_child_is_a_test_run_and_has_what_is_said_of_nodes_below_it() -> None:
    parent = "nodes: [{id: s, type: sub_workflow, config: {workflow: child}}]"
    child = "nodes: [{id: k, type: k}, {id: l, type: l}]\nedges: [{from: k, to: l}]"
    plan = Plan({"s/k": (gives("pinned"),), "other": (gives(1),)}, ("s/l",))
    halted = World(parent, {"child": child}).start(None, test=plan)
    of_child = halted.state("x~s").test
    assert of_child is not None
    assert (list(of_child.plan.pins), of_child.plan.stop_before, halted.state("x~s").status) == (["k"], ("l",), "paused")
    assert (halted.send(c.ResumeExecution(), execution="x~s").output, halted.ran) == ("pinned", ["x~s:l"])


def test_a_test_run_counts_nowhere_and_waits_for_no_other() -> None:
    definition = TWO + "\nsettings: {concurrency: {limit: 1}, after: [{workflow: other, within: 1d}]}"
    assert World(definition).send(create(None, test=Plan({"*": (gives(1),)}))).status == "completed"


def test_a_loop_of_pinned_activities_comes_to_an_end() -> None:
    definition = "nodes: [{id: w, type: while, config: {condition: 'true', max_iterations: 1000000, body: {nodes: [{id: a, type: a}]}}}]\nsettings: {on_failure: fail}"
    assert world(definition, Plan({"*": (gives(1),)}), turn_steps=50, alone_max=500, steps_max=5_000).error == "loop.limit"
