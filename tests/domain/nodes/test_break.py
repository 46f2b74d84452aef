# ruff: noqa: E501 - a node of a definition stands on one line
"""`break`: leaves every body up to the nearest loop and ends it."""

from contracts.events import NodeCancelled
from tests.domain.spec import never, run

LOOP = """
nodes:
  - id: f
    type: for_each
    config:
      items: [1, 2, 3]
      concurrency: %s
      body:
        nodes: [{id: n, type: n}, {id: c, type: condition, config: {expression: "data == 2"}}, {id: b, type: break}, {id: m, type: merge}]
        edges: [{from: n, to: c}, {from: c.true, to: b}, {from: c.false, to: m}]
"""
NESTED = """
nodes:
  - id: f
    type: for_each
    config:
      items: [1, 2]
      body:
        nodes:
          - id: t
            type: try
            config:
              body: {nodes: [{id: p, type: parallel, config: {branches: {a: {nodes: [{id: b, type: %s}]}, b: {nodes: [{id: n, type: delay, config: {for: 1s}}]}}}}]}
              finally: {nodes: [{id: z, type: z}]}
  - {id: after, type: noop}
edges: [{from: f, to: after}]
"""


def test_a_break_ends_the_loop_with_the_completed_iterations() -> None:
    world = run(LOOP % 1)
    assert (world.output, world.ran) == ([1], ["f[0]/n", "f[1]/n"])


def test_a_break_in_a_concurrent_loop_cancels_the_open_iterations() -> None:
    world = run(LOOP % 3, None, {"f[2]/n": never})
    assert (world.output, world.paths(NodeCancelled)) == ([1], ["f[2]/n"])


def test_a_break_leaves_tries_and_branches_and_their_clean_up_runs() -> None:
    world = run(NESTED % "break")
    assert (world.status, world.ran) == ("completed", ["f[0]/t.finally/z", "after"])


def test_a_break_whose_when_does_not_hold_only_ends_its_path() -> None:
    text = LOOP.replace("type: break}", 'type: break, config: {when: "iteration.index > 5"}}')
    assert run(text % 1).output[0] == 1
    assert len(run(text % 1).ran) == 3


def test_a_break_leaves_the_nearest_loop_only() -> None:
    world = run(
        """
        nodes:
          - id: r
            type: repeat
            config: {times: 2, body: {nodes: [{id: w, type: while, config: {condition: true, body: {nodes: [{id: n, type: n}, {id: b, type: break}], edges: [{from: n, to: b}]}}}]}}
        """
    )
    assert world.ran == ["r[0]/w[0]/n", "r[1]/w[0]/n"]


def test_a_break_in_a_while_gives_the_last_completed_round() -> None:
    text = """
    nodes:
      - id: w
        type: while
        config:
          condition: true
          body:
            nodes: [{id: n, type: transform, config: {operation: value, value: "{{ iteration.index }}"}}, {id: b, type: break, when: "data > 1"}, {id: e, type: end}]
            edges: [{from: n, to: b}, {from: n, to: e}]
    """
    assert run(text).output == 1
