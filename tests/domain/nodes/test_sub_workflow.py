# ruff: noqa: E501 - a node of a definition stands on one line
"""`sub_workflow`: another execution as a node."""

from typing import Any

import pytest

from contracts import commands as c
from contracts.events import ChildCancelRequested
from tests.domain.spec import World, fails, never

PARENT = """
nodes:
  - {id: s, type: sub_workflow, config: {workflow: child%s}}
  - {id: after, type: after}
edges: [{from: s, to: after}]
"""
CHILD = "nodes: [{id: a, type: a}]"
CAREFUL = """
nodes:
  - {id: t, type: try, config: {body: {nodes: [{id: a, type: a}]}, finally: {nodes: [{id: d, type: delay, config: {for: 1s}}, {id: z, type: z}], edges: [{from: d, to: z}]}}}
"""


def parent(config: str = "", child: str = CHILD, acts: Any = None, top: str = "") -> World:
    return World(top + PARENT % config, {"child": child}, acts)


def test_the_childs_output_is_the_nodes() -> None:
    world = parent(', input: {n: "{{ input }}"}').start(3)
    assert (world.status, world.output, world.ran) == ("completed", {"n": 3}, ["x~s:a", "after"])


def test_without_an_input_the_child_is_given_the_data() -> None:
    assert parent().start({"k": 1}).output == {"k": 1}


def test_the_name_may_be_a_template() -> None:
    assert World(PARENT.replace("child%s", '"{{ input }}"'), {"child": CHILD}).start("child").output == "child"


def test_a_detached_child_is_not_waited_for() -> None:
    world = parent(", mode: detached, on_parent_close: abandon", acts={"a": never}).start()
    assert (world.status, world.output, world.state("x~s").status) == ("completed", {"execution_id": "x~s"}, "running")


def test_a_failing_child_fails_the_node_with_its_failure_as_the_cause() -> None:
    world = parent(child="settings: {on_failure: fail}\n" + CHILD, acts={"a": fails("boom")}).start()
    assert world.failure is not None
    assert (world.status, world.failure.type, world.failure.node) == ("incident", "child.failed", "s")
    assert world.failure.cause is not None
    assert (world.failure.cause.type, world.failure.cause.node) == ("boom", "a")


@pytest.mark.parametrize("command", [c.CancelExecution("no"), c.TerminateExecution("no")])
def test_a_cancelled_or_terminated_child_fails_the_node_with_child_cancelled(command: c.Command) -> None:
    world = parent(acts={"a": never}).at(5, command, execution="x~s").start()
    assert (world.status, world.error) == ("incident", "child.cancelled")


def test_an_unknown_workflow_fails_the_node() -> None:
    assert World(PARENT % "").start().error == "child.failed"


def test_an_input_that_the_child_does_not_take_fails_the_node() -> None:
    child = "input: {type: object, required: [k]}\n" + CHILD
    world = parent(child=child).start({})
    assert world.failure is not None
    assert world.failure.type in ("child.failed", "input.invalid")


def test_a_child_that_takes_too_long_is_cancelled_and_the_node_fails_after_its_clean_up() -> None:
    world = parent(", timeout: 5s", CAREFUL, {"a": never}).start()
    assert (world.status, world.error, world.state("x~s").status) == ("incident", "child.timeout", "cancelled")
    assert world.ran == ["x~s:t.body/a", "x~s:t.finally/z"]
    assert world.state().incidents["1"].raised_at == world.state("x~s").ended_at


def test_a_child_is_tried_again_as_another_child() -> None:
    text = PARENT.replace("}}\n  - {id: after", "}, retry: {max_attempts: 2}}\n  - {id: after", 1)
    world = World(text % "", {"child": "settings: {on_failure: fail}\n" + CHILD}, {"a": fails(times=1)})
    world.acts["a"] = lambda call: 5 if call.execution == "x~s@2" else fails()(call)
    assert (world.start().status, world.ran) == ("completed", ["x~s:a", "x~s@2:a", "after"])


def test_a_cancelled_parent_ends_after_its_childs_clean_up() -> None:
    world = parent(child=CAREFUL, acts={"a": never}).at(5, c.CancelExecution()).start()
    assert (world.status, world.took_ms, world.state("x~s").status) == ("cancelled", 1_005, "cancelled")


@pytest.mark.parametrize(("policy", "status"), [("terminate", "terminated"), ("abandon", "running")])
def test_a_parent_that_is_cancelled_terminates_or_abandons_its_child(policy: str, status: str) -> None:
    world = parent(f", on_parent_close: {policy}", CAREFUL, {"a": never}).at(5, c.CancelExecution()).start()
    assert (world.status, world.took_ms, world.state("x~s").status) == ("cancelled", 5, status)


@pytest.mark.parametrize(("policy", "status"), [("cancel", "cancelled"), ("terminate", "terminated"), ("abandon", "running")])
def test_a_parent_that_completes_applies_the_policy_to_detached_children(policy: str, status: str) -> None:
    world = parent(f", mode: detached, on_parent_close: {policy}", CAREFUL, {"a": never}).start()
    assert (world.status, world.state("x~s").status) == ("completed", status)
    assert world.took_ms == (1_000 if policy == "cancel" else 0)


@pytest.mark.parametrize(("policy", "status"), [("cancel", "cancelled"), ("terminate", "terminated"), ("abandon", "running")])
def test_a_terminated_parent_waits_for_nothing(policy: str, status: str) -> None:
    world = parent(f", on_parent_close: {policy}", CAREFUL, {"a": never}).at(5, c.TerminateExecution()).start()
    assert (world.status, world.took_ms, world.state("x~s").status) == ("terminated", 5, status)


@pytest.mark.parametrize(("policy", "status"), [("cancel", "cancelled"), ("terminate", "terminated"), ("abandon", "running")])
def test_a_quarantined_parent_lets_its_children_go_as_it_said(policy: str, status: str) -> None:
    world = parent(f", on_parent_close: {policy}", CAREFUL, {"a": never}).at(5, c.QuarantineExecution("a bug")).start()
    assert (world.status, world.state("x~s").status) == ("quarantined", status)


def test_an_abandoned_child_is_left_alone_though_another_child_of_the_node_has_ended() -> None:
    text = "nodes: [{id: s, type: sub_workflow, timeouts: {start_to_close: 5s}, retry: {max_attempts: 2}, config: {workflow: child, on_parent_close: abandon}}]"
    world = World(text, {"child": CHILD}, {"a": lambda call: 5})
    world.acts["a"] = lambda call: 5 if call.execution == "x~s@2" else never(call)
    assert (world.start().status, world.state("x~s").status) == ("completed", "running")
    assert world.events(ChildCancelRequested) == []


def test_what_an_abandoned_child_reports_does_not_fail_the_node_again() -> None:
    world = parent(", timeout: 5s, on_parent_close: abandon", "settings: {on_failure: fail}\n" + CHILD, {"a": never}).start()
    world.send(c.CancelExecution(), execution="x~s")
    assert list(world.state().incidents) == ["1"]


def test_a_pause_does_not_pause_the_children_and_their_results_are_kept() -> None:
    world = parent(acts={"a": lambda call: 7}).at(0, c.PauseExecution()).start()
    assert (world.status, world.state("x~s").status) == ("paused", "completed")
    assert (world.send(c.ResumeExecution()).status, world.output) == ("completed", 7)


@pytest.mark.parametrize(
    ("start", "parents", "childs", "expected"),
    [(None, "", "", None), (None, "", "2", None), (None, "8", "2", 8), (3, "8", "2", 3), (0, "", "2", 0)],
)
def test_a_child_inherits_the_priority_of_its_parent(start: int | None, parents: str, childs: str, expected: int | None) -> None:
    said = [f"settings: {{priority: {one}}}\n" if one else "" for one in (parents, childs)]
    world = parent(child=said[1] + CHILD, top=said[0], acts={"a": never}).start(priority=start)
    assert world.state("x~s").priority == expected
