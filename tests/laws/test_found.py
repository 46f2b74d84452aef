# ruff: noqa: E501 - a node of a definition stands on one line
"""What random walks have found, made small: each of these broke a law once."""

from contracts import commands as c
from tests.domain.spec import World, fails, gives, run, slow


def test_equal_values_of_one_byte_are_told_alike_live_and_replayed() -> None:
    text = "nodes: [{id: t, type: try, config: {body: {nodes: [{id: a, type: a}]}, finally: {nodes: [{id: z, type: z}]}}}]"
    assert run(text, None, {"a": gives(3), "z": gives(3)}).output == 3


def test_a_parallel_that_completes_early_and_cannot_take_its_back_edge_ends_its_branches_first() -> None:
    text = """
    nodes:
      - {id: p, type: parallel, config: {wait_for: any, losers: ignore, branches: {l: {nodes: [{id: s, type: s}]}, r: {nodes: [{id: m, type: merge}]}}}}
      - {id: h, type: h}
    edges: [{from: p, to: p, back: true, max_iterations: 1}, {from: p.error, to: h}]
    """
    world = run(text, None, {"s": slow(50)})
    assert (world.status, world.runs[-1].input["type"]) == ("completed", "loop.limit")


def test_a_break_of_two_iterations_at_once_leaves_a_cancel_nothing_to_wait_for() -> None:
    text = """
    nodes:
      - {id: f, type: for_each, config: {items: [1, 2], concurrency: 2, body: {nodes: [{id: b, type: break}]}}}
      - {id: c, type: cancel, config: {nodes: [f]}}
    edges: [{from: f, to: c}]
    """
    assert run(text).output == []


def test_a_failure_resolved_in_a_pause_is_not_lost() -> None:
    world = run("nodes: [{id: f, type: fail}]").send(c.PauseExecution(), c.ResolveIncident("1", "fail"), c.ResumeExecution())
    assert world.status == "failed"


def test_a_condition_that_cannot_be_asked_after_a_continue_fails_once() -> None:
    text = "nodes: [{id: a, type: a, on_error: continue}, {id: b, type: b}]\nedges: [{from: a, to: b, when: 'data.no.way'}]"
    assert run(text, None, {"a": fails()}).error == "expression"


def test_an_incident_of_the_engine_stands_on_a_node_and_not_on_a_container() -> None:
    from contracts.failure import Failure

    text = "nodes: [{id: r, type: repeat, config: {times: 2, body: {nodes: [{id: n, type: n}]}}}]"
    world = World(text, acts={"n": slow(50)}).at(5, c.RaiseIncident("", Failure("output.too_large", "too much"))).start()
    assert world.waits == ["incident r[0]/n"]
    assert world.send(c.ResolveIncident("1", "retry")).status == "completed"
