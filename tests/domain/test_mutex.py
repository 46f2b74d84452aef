# ruff: noqa: E501 - a node of a definition stands on one line
"""Mutexes: one holder at a time, in the order in which nodes became ready."""

from contracts import commands as c
from contracts.events import NodeQueued
from tests.domain.spec import World, fails, run, slow

THREE = "nodes: [{id: a, type: a, mutex: m}, {id: b, type: b, mutex: m}, {id: c, type: c, mutex: m}, {id: d, type: d, mutex: k}]"


def test_holders_run_one_after_the_other_in_the_order_they_became_ready() -> None:
    world = run(THREE, None, {kind: slow(10) for kind in "abcd"})
    assert [world.times_of(node) for node in "abcd"] == [[0], [10], [20], [0]]
    assert world.paths(NodeQueued) == ["b", "c"]


def test_a_failing_holder_lets_go() -> None:
    world = run(THREE.replace("mutex: m}, {id: b", "mutex: m, on_error: continue}, {id: b", 1), None, {"a": fails()})
    assert (world.status, world.ran) == ("completed", ["a", "d", "b", "c"])


def test_a_holder_keeps_it_between_its_attempts() -> None:
    world = run(THREE.replace("mutex: m}, {id: b", "mutex: m, retry: {max_attempts: 2}}, {id: b", 1), None, {"a": fails(times=1)})
    assert (world.ran, world.times_of("b")) == (["a", "d", "a@2", "b", "c"], [1_000])


def test_a_holder_keeps_it_in_an_incident() -> None:
    world = run(THREE, None, {"a": fails()})
    assert (world.status, world.ran) == ("incident", ["a", "d"])
    assert world.send(c.ResolveIncident("1", "skip")).status == "completed"


def test_a_cancelled_one_in_the_queue_is_passed_over() -> None:
    text = THREE.replace(
        "]", ", {id: e, type: delay, config: {for: 5ms}}, {id: x, type: cancel, config: {nodes: [b]}}]\nedges: [{from: e, to: x}]"
    )
    assert run(text, None, {"a": slow(10)}).ran == ["a", "d", "c"]


def test_a_container_holds_it_until_its_clean_up_is_done() -> None:
    text = """
    nodes:
      - {id: t, type: try, mutex: m, on_error: continue, config: {body: {nodes: [{id: f, type: fail}]}, finally: {nodes: [{id: z, type: z}]}}}
      - {id: b, type: b, mutex: m}
    """
    assert run(text, None, {"z": slow(500)}).times_of("b") == [500]


def test_a_container_with_ignored_losers_holds_it_until_they_have_ended() -> None:
    text = """
    nodes:
      - {id: p, type: parallel, mutex: m, config: {wait_for: any, losers: ignore, branches: {l: {nodes: [{id: s, type: s}]}, r: {nodes: [{id: n, type: merge}]}}}}
      - {id: b, type: b, mutex: m}
    """
    assert run(text, None, {"s": slow(500)}).times_of("b") == [500]


def test_iterations_of_a_loop_take_turns() -> None:
    text = "nodes: [{id: f, type: for_each, config: {items: [1, 2], concurrency: 2, body: {nodes: [{id: n, type: n, mutex: m}]}}}]"
    assert run(text, None, {"n": slow(10)}).took_ms == 20


def test_a_cancel_empties_the_queue() -> None:
    assert World(THREE.replace("type: a,", "type: never,")).at(5, c.CancelExecution()).start().status == "cancelled"
