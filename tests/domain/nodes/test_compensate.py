# ruff: noqa: E501 - a node of a definition stands on one line
"""`compensate`: undoes what has completed, newest first."""

from tests.domain.spec import fails, run

SAGA = """
nodes:
  - {id: a, type: a, compensate: {type: undo, config: {was: "{{ nodes.a.output }}"}}}
  - {id: b, type: b, compensate: {type: undo}}
  - {id: c, type: compensate%s}
  - {id: after, type: noop}
edges: [{from: a, to: b}, {from: b, to: c}, {from: c, to: after}]
"""


def test_all_completed_nodes_are_undone_newest_first() -> None:
    world = run(SAGA % "", 5)
    assert (world.output, world.ran) == (["b", "a"], ["a", "b", "b.compensate", "a.compensate", "after"])


def test_an_undoing_sees_the_output_of_what_it_undoes() -> None:
    assert [call.config for call in run(SAGA % "", 5).runs if call.path == "a.compensate"] == [{"was": 5}]


def test_only_the_named_ones_are_undone() -> None:
    assert run(SAGA % ", config: {nodes: [a]}").output == ["a"]


def test_nothing_to_undo_gives_an_empty_list() -> None:
    assert run("nodes: [{id: c, type: compensate}]").output == []


def test_each_is_undone_once() -> None:
    text = SAGA.replace("{id: after, type: noop}", "{id: after, type: compensate}")
    assert run(text % "").output == []


def test_what_is_undone_by_a_node_is_not_undone_again_by_a_failure() -> None:
    text = "settings: {compensate_on_failure: true, on_failure: fail}\n" + SAGA.replace(
        "{id: after, type: noop}", "{id: after, type: fail}"
    )
    world = run(text % ", config: {nodes: [b]}")
    assert (world.status, world.ran) == ("failed", ["a", "b", "b.compensate", "a.compensate"])


def test_a_failing_undoing_is_tried_again_by_its_own_policy() -> None:
    text = SAGA.replace("{type: undo}}", "{type: undo, retry: {max_attempts: 3}}}")
    world = run(text % "", None, {"b.compensate": fails(times=2)})
    assert (world.output, world.ran.count("b.compensate@3")) == (["b", "a"], 1)


def test_a_node_in_a_loop_is_undone_for_each_iteration() -> None:
    text = """
    nodes:
      - {id: f, type: for_each, config: {items: [1, 2], body: {nodes: [{id: n, type: n, compensate: {type: undo, config: {v: "{{ nodes.n.output }}"}}}]}}}
      - {id: c, type: compensate}
    edges: [{from: f, to: c}]
    """
    world = run(text)
    assert world.output == ["f[1]/n", "f[0]/n"]
    assert [call.config for call in world.runs[2:]] == [{"v": 2}, {"v": 1}]
