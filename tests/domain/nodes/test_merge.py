# ruff: noqa: E501 - a node of a definition stands on one line
"""`merge`: brings paths together; its output is its data."""

from tests.domain.spec import run, slow

TWO = """
nodes: [{id: a, type: a}, {id: b, type: b}, {id: m, type: merge, %s}]
edges: [{from: a, to: m}, {from: b, to: m}]
"""


def test_a_merge_gives_what_came_in() -> None:
    world = run(TWO % "aggregate: merge", None, {"a": slow(9, {"x": 1, "y": 1}), "b": slow(5, {"x": 2})})
    assert world.output == {"x": 1, "y": 1}


def test_a_merge_of_one_taken_edge_gives_its_output_as_it_is() -> None:
    text = "nodes: [{id: c, type: condition, config: {expression: 'true'}}, {id: m, type: merge}]\nedges: [{from: c.true, to: m}, {from: c.false, to: m}]"
    assert run(text, [1, 2]).output == [1, 2]


def test_an_array_stands_in_the_order_written() -> None:
    world = run(TWO % "aggregate: array", None, {"a": slow(9, 1), "b": slow(5, 2)})
    assert world.output == [1, 2]


def test_a_merge_with_any_goes_on_with_the_first() -> None:
    world = run(TWO % "join: any", None, {"a": slow(9, 1), "b": slow(5, 2)})
    assert (world.output, world.took_ms) == (2, 5)
