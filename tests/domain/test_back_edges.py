# ruff: noqa: E501 - a node of a definition stands on one line
"""Back edges: a target that starts anew, and what that resets."""

from contracts.events import NodeSkipped, NodesReset
from tests.domain.spec import After, Called, run, slow

CYCLE = """
nodes:
  - {id: a, type: a, config: {i: "{{ iteration.index }}"}}
  - {id: c, type: condition, config: {expression: "data < 3"}}
  - {id: out, type: out}
  - {id: beyond, type: beyond}
edges: [{from: a, to: c}, {from: c.true, to: a, back: true%s}, {from: c.false, to: out}, {from: out, to: beyond}]
"""


def counting(call: Called) -> int:
    return int(call.path.partition("#")[2] or "0") + 1


def test_the_kth_run_by_a_back_edge_has_its_own_path() -> None:
    assert run(CYCLE % "", None, {"a": counting}).ran == ["a", "a#1", "a#2", "out", "beyond"]


def test_the_index_is_zero_before() -> None:
    world = run(CYCLE % "", None, {"a": counting})
    assert [call.config["i"] for call in world.runs[:3]] == [0, 1, 2]


def test_the_target_is_given_what_the_source_put_out() -> None:
    assert [call.input for call in run(CYCLE % "", 0, {"a": counting}).runs[:3]] == [0, 1, 2]


def test_what_was_skipped_out_of_the_cycle_is_reset() -> None:
    text = """
    nodes: [{id: a, type: a}, {id: b, type: b}, {id: c, type: condition, config: {expression: "data < 3"}}, {id: side, type: side}, {id: far, type: far}]
    edges: [{from: a, to: b}, {from: b, to: c}, {from: c.true, to: a, back: true}, {from: a, to: side, when: "data == 3"}, {from: side, to: far}]
    """
    world = run(text, None, {"a": counting})
    assert world.paths(NodeSkipped) == ["side", "far", "side", "far"]
    assert world.ran == ["a", "b", "a#1", "b#1", "a#2", "b#2", "side", "far"]


def test_once_more_than_max_iterations_fails_the_source() -> None:
    world = run(CYCLE % ", max_iterations: 1", None, {"a": counting})
    assert world.failure is not None
    assert (world.failure.type, world.failure.node, len(world.events(NodesReset))) == ("loop.limit", "c#1", 1)


def test_exactly_max_iterations_is_fine() -> None:
    assert run(CYCLE % ", max_iterations: 2", None, {"a": counting}).status == "completed"


def test_a_source_that_goes_on_after_an_error_does_not_take_the_spent_edge_again() -> None:
    text = "nodes: [{id: a, type: a}, {id: b, type: b, on_error: continue}]\nedges: [{from: a, to: b}, {from: b, to: a, back: true, max_iterations: 1}]"
    assert run(text).error == "loop.limit"


def test_edges_from_outside_keep_their_resolution() -> None:
    text = """
    nodes: [{id: o, type: o}, {id: a, type: a}, {id: j, type: j}, {id: c, type: condition, config: {expression: "iteration.index < 1"}}]
    edges: [{from: o, to: j}, {from: a, to: j}, {from: j, to: c}, {from: c.true, to: a, back: true}]
    """
    assert run(text).ran == ["o", "a", "j", "a#1", "j#1"]


def test_a_late_result_of_before_the_back_edge_changes_nothing() -> None:
    text = """
    nodes: [{id: a, type: a}, {id: s, type: s}, {id: d, type: delay, config: {for: 5ms}}, {id: j, type: merge, join: any}, {id: c, type: condition, config: {expression: "iteration.index < 1"}}, {id: e, type: e}]
    edges: [{from: a, to: s}, {from: a, to: d}, {from: d, to: j}, {from: s, to: j}, {from: j, to: c}, {from: c.true, to: a, back: true}, {from: c.false, to: e}]
    """
    world = run(text, None, {"s": slow(10)})
    assert (world.status, world.ran) == ("completed", ["a", "s", "a#1", "s#1", "e"])
    assert world.rejections[0][1].reason == "stale_attempt"


def test_a_loser_with_clean_up_of_before_the_back_edge_is_waited_for_by_the_body_only() -> None:
    text = """
    nodes:
      - {id: m, type: a}
      - {id: t, type: try, config: {body: {nodes: [{id: n, type: n}]}, finally: {nodes: [{id: z, type: z}]}}}
      - {id: j, type: j, join: any}
      - {id: c, type: condition, config: {expression: "iteration.index < 1"}}
    edges: [{from: m, to: j}, {from: t, to: j}, {from: j, to: c}, {from: c.true, to: t, back: true}]
    """
    world = run(text, None, {"n": lambda call: After(1_000 if "#" not in call.path else 1), "z": slow(300)})
    assert world.status == "completed"
    assert "t#1.body/n" in world.ran


def test_a_back_edge_in_an_iteration_nests_its_index() -> None:
    text = """
    nodes:
      - id: f
        type: for_each
        config:
          items: [7, 8]
          body:
            nodes: [{id: a, type: a, config: {at: ["{{ iteration.parent.index }}", "{{ iteration.index }}"]}}, {id: c, type: condition, config: {expression: "iteration.index < 1"}}]
            edges: [{from: a, to: c}, {from: c.true, to: a, back: true}]
    """
    assert [call.config["at"] for call in run(text).runs] == [[0, 0], [0, 1], [1, 0], [1, 1]]


ERROR_CYCLE = """
settings: {on_failure: fail}
nodes: [{id: s, type: s}, {id: a, type: a}, {id: z, type: noop}]
edges: [{from: s, to: a}, {from: a.error, to: s, back: true, max_iterations: 2}, {from: a, to: z}]
"""


def test_an_error_edge_may_lead_back() -> None:
    world = run(ERROR_CYCLE, 1, {"a": lambda call: 5 if call.path == "a#2" else 1 / 0})
    assert (world.status, world.ran) == ("completed", ["s", "a", "s#1", "a#1", "s#2", "a#2", "z"])
    assert world.runs[2].input["type"] == "ZeroDivisionError"


def test_an_error_edge_back_that_is_spent_fails_its_source_with_the_cause() -> None:
    world = run(ERROR_CYCLE, 1, {"a": lambda call: 1 / 0})
    failure = world.state().failure
    assert failure is not None
    assert (failure.type, failure.node) == ("loop.limit", "a#2")
    assert failure.cause is not None
    assert failure.cause.type == "ZeroDivisionError"
