# ruff: noqa: E501 - a node of a definition stands on one line
"""`transform`: reshapes data."""

from typing import Any

import pytest

from tests.domain.spec import run


def transform(config: str, given: Any = None) -> Any:
    return run(f"nodes: [{{id: t, type: transform, config: {{{config}}}}}]", given)


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ('operation: map, items: [1, 2], expression: "item * 10 + index"', [10, 21]),
        ('operation: filter, items: [1, 2, 3], expression: "item != 2"', [1, 3]),
        ("operation: sort, items: [2, 3, 1]", [1, 2, 3]),
        ('operation: sort, items: [{n: 1}, {n: 2}], expression: "item.n", order: desc', [{"n": 2}, {"n": 1}]),
        ('operation: group, items: [1, 2, 3], expression: "item % 2 == 1"', {"true": [1, 3], "false": [2]}),
        ('operation: reduce, items: [1, 2, 3], initial: 10, expression: "acc + item"', 16),
        ("operation: merge, sources: [{a: 1, b: 1}, null, {b: 2}]", {"a": 1, "b": 2}),
        ("operation: merge, sources: [[1], [2, 3]]", [1, 2, 3]),
        ("operation: split, items: [1, 2, 3], size: 2", [[1, 2], [3]]),
        (
            'operation: value, value: {v: "{{ input.x }}", t: "x is {{ input.x }}, all is {{ input }}"}',
            {"v": 5, "t": 'x is 5, all is {"x":5}'},
        ),
        ('operation: map, items: {a: 1}, expression: "item.key"', ["a"]),
    ],
)
def test_an_operation_gives_its_result(config: str, output: Any) -> None:
    assert transform(config, {"x": 5}).output == output


def test_a_split_by_cases_leaves_by_the_ports_that_got_something() -> None:
    text = """
    nodes:
      - {id: t, type: transform, config: {operation: split, items: [1, 2, 3], cases: [{when: "item > 2", port: big}, {when: "item > 9", port: huge}, {when: "item > 1", port: mid}]}}
      - {id: a, type: a}
      - {id: b, type: b}
      - {id: c, type: c}
    edges: [{from: t.big, to: a}, {from: t.huge, to: b}, {from: t.mid, to: c}]
    """
    world = run(text)
    assert world.ran == ["a", "c"]
    assert world.runs[0].input == {"big": [3], "huge": [], "mid": [2]}


@pytest.mark.parametrize(
    "config",
    [
        'operation: map, items: input, expression: "item"',
        'operation: filter, items: [1], expression: "item"',
        "operation: sort, items: [1, x]",
        "operation: merge, sources: [1]",
    ],
)
def test_what_cannot_be_done_is_an_expression_error(config: str) -> None:
    world = transform(config, 5)
    assert (world.status, world.error) == ("incident", "expression")
