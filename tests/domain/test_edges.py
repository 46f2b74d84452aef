# ruff: noqa: E501 - a node of a definition stands on one line
"""Edges and joins: what is taken, what is skipped, who loses, and what comes in."""

from typing import Any

import pytest

from contracts.events import NodeCancelled, NodeCompleted, NodeSkipped
from tests.domain.spec import ActivityError, After, World, fails, run, slow

JOIN = """
nodes:
  - {id: a, type: a}
  - {id: b, type: b}
  - {id: c, type: c}
  - {id: j, type: j, %s}
  - {id: after, type: noop}
edges: [{from: a, to: j}, {from: b, to: j}, {from: c, to: j}, {from: j, to: after}]
"""
ACTS: dict[str, Any] = {"a": slow(30, {"x": 1, "k": 1}), "b": slow(10, {"x": 2}), "c": slow(20, 3)}


def test_a_node_without_incoming_edges_starts_with_its_body() -> None:
    assert run("nodes: [{id: a, type: a}, {id: b, type: b}]").ran == ["a", "b"]


def test_nodes_that_become_ready_together_start_in_the_order_written() -> None:
    world = run(
        "nodes: [{id: s, type: merge}, {id: z, type: z}, {id: a, type: a}, {id: m, type: m}]\nedges: [{from: s, to: m}, {from: s, to: a}, {from: s, to: z}]"
    )
    assert world.ran == ["z", "a", "m"]


def test_a_join_waits_for_all_by_default() -> None:
    world = run(JOIN % "join: all", None, ACTS)
    assert (world.times_of("j"), world.runs[3].input) == ([30], {"x": 1, "c": 3, "k": 1})


def test_a_join_with_any_begins_with_the_first_and_cancels_the_losers() -> None:
    world = run(JOIN % "join: any", None, ACTS)
    assert (world.times_of("j"), world.paths(NodeCancelled), world.output) == ([10], ["a", "c"], {"x": 2})


def test_a_join_with_a_count_begins_with_so_many() -> None:
    world = run(JOIN % "join: {count: 2}, aggregate: array", None, ACTS)
    assert (world.times_of("j"), world.paths(NodeCancelled), world.runs[3].input) == ([20], ["a"], [{"x": 2}, 3])


def test_ignored_losers_run_to_their_end_and_change_nothing() -> None:
    world = run(JOIN % "join: any, losers: ignore", None, ACTS)
    assert (world.ran.count("j"), world.paths(NodeCancelled), world.output, world.took_ms) == (1, [], {"x": 2}, 30)


def test_an_ignored_loser_that_fails_changes_nothing() -> None:
    world = run(JOIN % "join: any, losers: ignore", None, {**ACTS, "a": lambda call: After(15, ActivityError("boom"))})
    assert (world.status, world.output) == ("completed", {"x": 2})


def test_the_join_does_not_wait_for_its_losers_clean_up_and_the_body_does() -> None:
    text = JOIN.replace(
        "{id: a, type: a}", "{id: a, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}"
    )
    world = run(text % "join: any", None, {**ACTS, "z": slow(500)})
    assert (world.times_of("j"), world.times_of("after"), world.took_ms) == ([10], [10], 510)


def test_only_nodes_from_which_every_path_leads_to_the_join_lose() -> None:
    text = JOIN.replace("edges: [", "edges: [{from: a, to: side}, ").replace("nodes:", "nodes:\n  - {id: side, type: side}")
    world = run(text % "join: any", None, ACTS)
    assert (world.paths(NodeCancelled), "side" in world.ran) == (["c"], True)


def test_a_failed_source_without_an_error_edge_skips_its_edges() -> None:
    world = run(JOIN % "join: all", None, {**ACTS, "a": fails()})
    assert (world.status, "j" in world.ran) == ("incident", False)


def test_fewer_taken_edges_than_the_count_asks_fail_the_join() -> None:
    text = JOIN.replace("{from: a, to: j}", "{from: a, to: j, when: 'false'}").replace(
        "{from: b, to: j}", "{from: b, to: j, when: 'false'}"
    )
    assert run(text % "join: {count: 2}", None, ACTS).error == "join.unsatisfied"


def test_a_join_of_no_taken_edge_is_skipped() -> None:
    text = (JOIN % "join: any").replace(", to: j}", ", to: j, when: 'false'}")
    world = run(text, None, ACTS)
    assert (world.status, world.paths(NodeSkipped)) == ("completed", ["j", "after"])


def test_dead_paths_are_skipped_to_their_end_so_that_joins_do_not_wait() -> None:
    text = """
    nodes:
      - {id: c, type: condition, config: {expression: "true"}}
      - {id: dead, type: dead}
      - {id: deader, type: deader}
      - {id: live, type: live}
      - {id: j, type: j}
    edges: [{from: c.false, to: dead}, {from: dead, to: deader}, {from: deader, to: j}, {from: c.true, to: live}, {from: live, to: j}]
    """
    world = run(text)
    assert (world.ran, world.paths(NodeSkipped)) == (["live", "j"], ["dead", "deader"])


def test_a_node_whose_when_does_not_hold_is_skipped_with_its_edges() -> None:
    world = run("nodes: [{id: a, type: a, when: 'input > 3'}, {id: b, type: b}]\nedges: [{from: a, to: b}]", 3)
    assert (world.status, world.ran, world.paths(NodeSkipped)) == ("completed", [], ["a", "b"])


def test_an_edge_is_taken_where_its_when_holds() -> None:
    text = "nodes: [{id: a, type: a}, {id: b, type: b}, {id: c, type: c}]\nedges: [{from: a, to: b, when: 'data > 3'}, {from: a, to: c, when: 'nodes.a.output <= 3'}]"
    assert (run(text, 4).ran, run(text, 3).ran) == (["a", "b"], ["a", "c"])


def test_an_expression_error_in_an_edge_is_a_failure_of_its_source() -> None:
    world = run("nodes: [{id: a, type: a}, {id: b, type: b}]\nedges: [{from: a, to: b, when: 'data.no.way'}]", {})
    assert world.failure is not None
    assert (world.failure.type, world.failure.node) == ("expression", "a")


def test_an_error_edge_takes_the_failure_and_skips_the_others() -> None:
    text = (
        "nodes: [{id: a, type: bad}, {id: b, type: b}, {id: h, type: h, config: {t: '{{ error.type }}', m: '{{ nodes.a.error.message }}'}}]"
    )
    world = run(text + "\nedges: [{from: a, to: b}, {from: a, to: h, type: error}]")
    assert (world.status, world.ran, world.runs[1].config) == ("completed", ["a", "h"], {"t": "boom", "m": "it failed"})
    assert world.runs[1].input["type"] == "boom"


def test_an_error_edge_is_skipped_where_the_node_completes() -> None:
    world = run("nodes: [{id: a, type: a}, {id: h, type: h}]\nedges: [{from: a.error, to: h}]")
    assert (world.status, world.ran, world.paths(NodeSkipped)) == ("completed", ["a"], ["h"])


def test_an_error_edge_whose_when_does_not_hold_lets_the_failure_go_on() -> None:
    text = "nodes: [{id: a, type: bad}, {id: h, type: h}]\nedges: [{from: a.error, to: h, when: \"error.type == '%s'\"}]"
    assert run(text % "boom").ran == ["a", "h"]
    assert run(text % "other").status == "incident"


def test_the_error_is_seen_by_all_nodes_behind_an_error_edge() -> None:
    text = "nodes: [{id: a, type: bad}, {id: b, type: merge}, {id: c, type: c, config: {t: '{{ error.type }}'}}]\nedges: [{from: a.error, to: b}, {from: b, to: c}]"
    assert run(text).runs[-1].config == {"t": "boom"}


def test_typed_edges_nest_under_the_name_of_their_type() -> None:
    text = """
    nodes: [{id: t1, type: t1}, {id: t2, type: t2}, {id: m, type: m}, {id: s, type: s}, {id: agent, type: own}]
    edges: [{from: t1, to: agent, type: ai_tool}, {from: t2, to: agent, type: ai_tool}, {from: m, to: agent, type: ai_memory}, {from: s, to: agent}]
    """
    world = run(text, None, {"t1": slow(5, 1), "t2": slow(1, 2), "m": slow(1, 3), "s": slow(9, {"q": 4})})
    assert world.runs[-1].input == {"q": 4, "ai_tool": [1, 2], "ai_memory": [3]}


@pytest.mark.parametrize(
    ("aggregate", "data"),
    [("merge", {"x": 1, "c": 3, "k": 1}), ("array", [{"x": 1, "k": 1}, {"x": 2}, 3]), ("first", {"x": 2}), ("last", {"x": 1, "k": 1})],
)
def test_several_outputs_become_data(aggregate: str, data: Any) -> None:
    assert run(JOIN % f"aggregate: {aggregate}", None, ACTS).runs[3].input == data


def test_null_adds_nothing_to_a_merge() -> None:
    assert run(JOIN % "aggregate: merge", None, {**ACTS, "c": slow(1, None)}).runs[3].input == {"x": 1, "k": 1}


def test_one_taken_edge_brings_its_sources_output_as_it_is() -> None:
    text = (
        (JOIN % "join: all")
        .replace("{from: a, to: j}", "{from: a, to: j, when: 'false'}")
        .replace("{from: b, to: j}", "{from: b, to: j, when: 'false'}")
    )
    assert run(text, None, ACTS).runs[3].input == 3


def test_a_join_is_the_same_whatever_the_order_of_arrivals() -> None:
    world = World(JOIN % "aggregate: array", acts={"a": slow(1, 1), "b": slow(2, 2), "c": slow(3, 3)}, pick=lambda count: count - 1).start()
    assert world.runs[3].input == [1, 2, 3]
    assert world.paths(NodeCompleted)[-1] == "after"
