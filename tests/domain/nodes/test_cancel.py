# ruff: noqa: E501 - a node of a definition stands on one line
"""`cancel`: ends other nodes."""

from contracts.events import NodeCancelled, NodeSkipped
from tests.domain.spec import After, run

CANCEL = """
nodes:
  - {id: a, type: never}
  - {id: z, type: z}
  - {id: d, type: delay, config: {for: 1s}}
  - {id: c, type: cancel, config: {nodes: [%s]}}
  - {id: after, type: noop}
edges: [{from: a, to: z}, {from: d, to: c}, {from: c, to: after}]
"""


def test_a_running_node_is_cancelled_and_skips_what_follows() -> None:
    world = run(CANCEL % "a")
    assert (world.status, world.output, world.paths(NodeSkipped)) == ("completed", ["a"], ["z"])


def test_a_node_that_has_not_begun_never_starts() -> None:
    world = run(CANCEL % "z, a")
    assert (world.status, world.output, world.ran) == ("completed", ["z", "a"], ["a", "after"])


def test_what_follows_on_an_unstarted_node_is_skipped() -> None:
    text = "nodes: [{id: c, type: cancel, config: {nodes: [m]}}, {id: m, type: merge}, {id: n, type: noop}]\nedges: [{from: m, to: n}]"
    world = run(text)
    assert (world.status, world.paths(NodeSkipped), world.ran) == ("completed", ["n"], [])


def test_what_has_ended_is_left_alone() -> None:
    world = run(CANCEL % "d, a")
    assert world.output == ["a"]


def test_a_node_cancelled_as_completed_counts_as_completed() -> None:
    text = CANCEL.replace("nodes: [%s]", "nodes: [a], as: completed")
    world = run(text)
    assert (world.ran, world.runs[1].input) == (["a", "z", "after"], None)


def test_it_completes_after_the_clean_up_of_what_it_ends() -> None:
    text = CANCEL.replace(
        "{id: a, type: never}", "{id: a, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: f, type: f}]}}}"
    )
    world = run(text % "a", None, {"f": lambda call: After(500)})
    assert (world.output, world.times_of("after")) == (["a"], [1_500])


def test_a_path_in_reach_may_be_named() -> None:
    text = CANCEL.replace(
        "{id: a, type: never}",
        "{id: a, type: parallel, config: {branches: {l: {nodes: [{id: n, type: never}]}, r: {nodes: [{id: n, type: n}]}}}}",
    )
    world = run(text % "a.l/n")
    assert world.output == {"after": ["a.l/n"], "z": {"l": None, "r": None}}
    assert world.paths(NodeCancelled) == ["a.l/n"]


def test_a_node_of_an_enclosing_body_may_be_named() -> None:
    text = """
    nodes:
      - {id: a, type: never}
      - {id: t, type: try, config: {body: {nodes: [{id: d, type: delay, config: {for: 1s}}, {id: c, type: cancel, config: {nodes: [a]}}], edges: [{from: d, to: c}]}}}
    """
    assert run(text).status == "completed"


def test_a_container_that_only_waits_for_its_ignored_losers_has_ended() -> None:
    text = """
    nodes:
      - {id: p, type: parallel, config: {wait_for: any, losers: ignore, branches: {l: {nodes: [{id: s, type: s}]}, r: {nodes: [{id: m, type: merge}]}}}}
      - {id: c, type: cancel, config: {nodes: [p]}}
    edges: [{from: p, to: c}]
    """
    world = run(text, None, {"s": lambda call: After(500)})
    assert (world.status, world.output, world.took_ms) == ("completed", [], 500)
