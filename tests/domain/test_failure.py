# ruff: noqa: E501 - a node of a definition stands on one line
"""Failure: retries → error edge → on_error → try → settings.on_error → compensation → incident or failed."""

import pytest

from contracts.events import CompensationStarted, NodeFailed, ScopeEntered
from tests.domain.spec import fails, run

FULL = """
settings:
  on_failure: %s
  compensate_on_failure: true
  on_error: {nodes: [{id: handle, type: handle, config: {t: "{{ error.type }}", v: "{{ vars.v }}"}}]}
variables: {v: 3}
nodes:
  - {id: done, type: done, compensate: {type: undo}}
  - {id: t, type: try, config: {body: {nodes: [{id: x, type: bad, retry: {max_attempts: 2}}]}, catch: [{errors: [%s], body: {nodes: [{id: h, type: h}]}}]}}
edges: [{from: done, to: t}]
"""


def test_a_caught_failure_goes_no_further() -> None:
    world = run(FULL % ("fail", "boom"))
    assert (world.status, world.ran) == ("completed", ["done", "t.body/x", "t.body/x@2", "t.catch[0]/h"])


def test_what_nobody_catches_goes_to_the_handler_then_to_compensation_and_fails() -> None:
    world = run(FULL % ("fail", "other"))
    assert (world.status, world.error) == ("failed", "boom")
    assert world.ran == ["done", "t.body/x", "t.body/x@2", "settings.on_error/handle", "done.compensate"]
    assert world.runs[3].config == {"t": "boom", "v": 3}


def test_a_failing_handler_does_not_hide_the_failure() -> None:
    world = run(FULL % ("fail", "other"), None, {"handle": fails("worse")})
    assert (world.status, world.error) == ("failed", "boom")
    assert "done.compensate" in world.ran


def test_without_anybody_who_handles_it_it_is_an_incident() -> None:
    world = run("nodes: [{id: x, type: bad}]")
    assert (world.status, world.error, world.waits) == ("incident", "boom", ["incident x"])


def test_on_failure_fail_ends_the_execution() -> None:
    world = run("settings: {on_failure: fail}\nnodes: [{id: x, type: bad}, {id: y, type: never}]")
    assert (world.status, world.error, world.output) == ("failed", "boom", None)


def test_other_branches_go_on_beside_an_incident() -> None:
    world = run("nodes: [{id: x, type: bad}, {id: d, type: delay, config: {for: 1s}}, {id: y, type: y}]\nedges: [{from: d, to: y}]")
    assert (world.status, world.ran) == ("incident", ["x", "y"])


@pytest.mark.parametrize(("on_error", "status"), [("fail", "failed"), ("incident", "incident"), ("continue", "completed")])
def test_on_error_of_the_node_decides_before_those_around(on_error: str, status: str) -> None:
    text = "settings: {on_failure: fail}\nnodes: [{id: x, type: bad, on_error: %s}, {id: y, type: y}]\nedges: [{from: x, to: y}]"
    world = run(text % on_error)
    assert world.status == status
    if on_error == "continue":
        assert world.output["error"]["type"] == "boom"


def test_continue_leaves_by_the_first_port_where_there_is_no_out() -> None:
    text = "nodes: [{id: c, type: condition, on_error: continue, config: {expression: 'input.a.b'}}, {id: y, type: y}, {id: n, type: n}]\nedges: [{from: c.true, to: y}, {from: c.false, to: n}]"
    assert run(text, {}).ran == ["y"]


def test_nodes_error_is_there_after_a_continue() -> None:
    text = "nodes: [{id: x, type: bad, on_error: continue}, {id: y, type: y, config: {t: '{{ nodes.x.error.type }}', h: '{{ has(nodes.x.output) }}'}}]\nedges: [{from: x, to: y}]"
    assert run(text).runs[1].config["t"] == "boom"


def test_an_error_edge_takes_precedence_over_on_error() -> None:
    text = "nodes: [{id: x, type: bad, on_error: incident}, {id: h, type: h}, {id: y, type: y}]\nedges: [{from: x.error, to: h}, {from: x, to: y}]"
    assert run(text).ran == ["x", "h"]


def test_a_container_fails_with_the_error_of_its_innermost_node() -> None:
    text = """
    settings: {on_failure: fail}
    nodes: [{id: f, type: for_each, config: {items: [1], body: {nodes: [{id: p, type: parallel, config: {branches: {l: {nodes: [{id: x, type: bad}]}}}}]}}}]
    """
    world = run(text)
    assert world.failure is not None
    assert (world.failure.node, world.failure.attempt) == ("f[0]/p.l/x", 1)
    assert world.paths(NodeFailed) == ["f[0]/p.l/x", "f[0]/p", "f"]


@pytest.mark.parametrize("outer", ["on_error: continue", "retry: {max_attempts: 2}", "mutex: m"])
def test_a_containers_own_policies_apply_to_it(outer: str) -> None:
    text = "settings: {on_failure: fail}\nnodes: [{id: p, type: parallel, %s, config: {branches: {l: {nodes: [{id: x, type: x}]}}}}, {id: y, type: y}]\nedges: [{from: p, to: y}]"
    world = run(text % outer, None, {"x": fails(times=1)})
    assert world.status == ("failed" if "mutex" in outer else "completed")


def test_a_container_has_an_error_edge() -> None:
    text = "nodes: [{id: p, type: parallel, config: {branches: {l: {nodes: [{id: x, type: bad}]}}}}, {id: h, type: h}]\nedges: [{from: p.error, to: h}]"
    assert run(text).runs[1].input["node"] == "p.l/x"


def test_the_clean_up_of_siblings_runs_before_the_container_fails() -> None:
    text = """
    nodes:
      - id: p
        type: parallel
        config:
          branches:
            l: {nodes: [{id: d, type: delay, config: {for: 1s}}, {id: x, type: bad}], edges: [{from: d, to: x}]}
            r: {nodes: [{id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}]}
      - {id: h, type: h}
    edges: [{from: p.error, to: h}]
    """
    assert run(text).ran == ["p.r/t.body/n", "p.l/x", "p.r/t.finally/z", "h"]


def test_compensation_runs_on_failure_only_where_asked_for() -> None:
    text = (
        "settings: {on_failure: fail}\nnodes: [{id: a, type: a, compensate: {type: undo}}, {id: x, type: bad}]\nedges: [{from: a, to: x}]"
    )
    assert run(text).events(CompensationStarted) == []


def test_the_handler_is_entered_once() -> None:
    world = run(FULL % ("fail", "other"))
    assert [event.label for event in world.events(ScopeEntered)].count("settings.on_error") == 1
