# ruff: noqa: E501 - a node of a definition stands on one line
"""`parallel`: several bodies at a time, and what they give together."""

from typing import Any

import pytest

from contracts.events import NodeCancelled, NodeCompleted
from tests.domain.spec import ActivityError, After, World, fails, run, slow

ACTS = {"a": slow(10, {"x": 1, "n": 1}), "b": slow(5, {"x": 2}), "c": slow(20, None)}
THREE = """
nodes:
  - id: p
    type: parallel
    config:
      branches: {a: {nodes: [{id: n, type: a}]}, b: {nodes: [{id: n, type: b}]}, c: {nodes: [{id: n, type: c}]}}
      %s
  - {id: after, type: noop}
edges: [{from: p, to: after}]
"""


def three(config: str = "aggregate: object", acts: dict[str, Any] | None = None) -> World:
    return run(THREE % config, None, {**ACTS, **(acts or {})})


@pytest.mark.parametrize(
    ("aggregate", "output"),
    [
        ("object", {"a": {"x": 1, "n": 1}, "b": {"x": 2}, "c": None}),
        ("array", [{"x": 1, "n": 1}, {"x": 2}, None]),
        ("merge", {"x": 1, "n": 1}),
        ("first", {"x": 2}),
        ("last", None),
    ],
)
def test_the_branches_outputs_are_put_together(aggregate: str, output: Any) -> None:
    assert three(f"aggregate: {aggregate}").output == output


def test_with_any_the_first_branch_completes_it_and_the_others_are_cancelled() -> None:
    world = three("wait_for: any")
    assert (world.output, world.took_ms, world.paths(NodeCancelled)) == ({"b": {"x": 2}}, 5, ["p.a/n", "p.c/n"])


def test_with_a_count_so_many_branches_complete_it() -> None:
    world = three("wait_for: {count: 2}")
    assert (sorted(world.output), world.took_ms) == (["a", "b"], 10)


def test_ignored_losers_run_to_their_end_and_change_nothing() -> None:
    world = three("wait_for: any\n      losers: ignore")
    assert (world.output, world.took_ms, world.paths(NodeCancelled)) == ({"b": {"x": 2}}, 20, [])
    assert world.times_of("after") == [5]


def test_an_ignored_loser_that_fails_changes_nothing() -> None:
    world = three("wait_for: any\n      losers: ignore", {"a": lambda call: After(8, ActivityError("boom"))})
    assert (world.status, world.output, world.failure) == ("completed", {"b": {"x": 2}}, None)


def test_a_failing_branch_cancels_the_others_and_fails_the_container() -> None:
    world = three("wait_for: all", {"b": fails("boom")})
    assert (world.status, world.failure and world.failure.node) == ("incident", "p.b/n")


def test_a_failure_with_on_failure_fail_cancels_the_sibling_branches() -> None:
    world = run("settings: {on_failure: fail}\n" + THREE % "", None, {**ACTS, "b": fails("boom")})
    assert (world.status, world.error, world.paths(NodeCancelled)) == ("failed", "boom", ["p.a/n", "p.c/n"])


def test_a_branch_has_its_own_variables() -> None:
    world = run(
        """
        nodes:
          - id: p
            type: parallel
            config:
              branches:
                a: {variables: {v: 1}, nodes: [{id: s, type: set_variable, config: {name: v, value: "{{ vars.v + 1 }}"}}]}
                b: {variables: {v: 5}, nodes: [{id: d, type: delay, config: {for: 1s}}, {id: g, type: get_variable, config: {name: v}}], edges: [{from: d, to: g}]}
        """
    )
    assert world.output == {"a": 2, "b": 5}


def test_a_branch_sees_nodes_of_the_body_around() -> None:
    world = run(
        """
        nodes:
          - {id: v, type: transform, config: {operation: value, value: 7}}
          - id: p
            type: parallel
            config: {branches: {a: {nodes: [{id: n, type: transform, config: {operation: value, value: "{{ nodes.v.output + 1 }}"}}]}}}
        edges: [{from: v, to: p}]
        """
    )
    assert world.output == {"a": 8}


def test_a_parallel_that_is_tried_again_starts_anew() -> None:
    tries = fails(times=1, then={"x": 9})
    world = run(THREE.replace("type: parallel", "type: parallel\n    retry: {max_attempts: 2}") % "", None, {**ACTS, "b": tries})
    assert world.status == "completed"
    assert [path for path in world.ran if path.startswith("p.b")] == ["p.b/n", "p.b/n@2"]
    assert world.output["b"] == {"x": 9}


def test_a_late_result_of_before_the_retry_changes_nothing() -> None:
    world = run(THREE.replace("type: parallel", "type: parallel\n    retry: {max_attempts: 2}") % "", None, {**ACTS, "b": fails(times=1)})
    assert {rejected.reason for _, rejected in world.rejections} == {"stale_attempt"}
    assert world.paths(NodeCompleted).count("p.a/n") == 1


WRITTEN = """
nodes:
  - id: p
    type: parallel
    config: {wait_for: %s, aggregate: %s, branches: {zeta: {nodes: [{id: n, type: z}]}, alpha: {nodes: [{id: n, type: a}]}}}
"""


@pytest.mark.parametrize(
    ("wait_for", "aggregate", "output"),
    [("all", "array", ["z", "a"]), ("all", "first", "z"), ("all", "last", "a"), ("any", "array", ["z"])],
)
def test_branches_go_in_the_order_written_whatever_they_are_called(wait_for: str, aggregate: str, output: Any) -> None:
    world = run(WRITTEN % (wait_for, aggregate), None, {"z": lambda call: "z", "a": lambda call: "a"})
    assert (world.ran, world.output) == (["p.zeta/n", "p.alpha/n"], output)
