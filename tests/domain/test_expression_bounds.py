"""What expressions may cost a decision, and how large a value may be made of others: a failure at the node that asked."""

from __future__ import annotations

from typing import Any

import pytest

from domain.execution.limits import LIMITS
from tests.domain.spec import World, signal

BIG = "y" * 1_000_000


def failure_of(node: str, given: Any) -> str:
    """The type of the failure of an execution with this one node."""
    world = World(f"settings: {{on_failure: fail}}\nnodes: [{{id: n, {node}}}]").start(given)
    failure = world.subjects["x"].state.failure
    return "" if failure is None else failure.type


@pytest.mark.parametrize(
    "node",
    [
        'type: condition, config: {expression: "input.l.all(a, input.l.all(b, true))"}',
        'type: transform, config: {operation: value, value: "{{ input.l.map(x, input.big) }}"}',
        'type: transform, config: {operation: map, items: input.l, expression: input.big}',
        'type: transform, config: {operation: map, items: input.l, expression: "input.big + string(item)"}',
        'type: transform, config: {operation: reduce, items: input.l, initial: [], expression: "acc + [input.big]"}',
        'type: transform, config: {operation: reduce, items: input.l, initial: [1], expression: "acc + acc"}',
        'type: transform, config: {operation: reduce, items: input.l, initial: [1], expression: "[acc]"}',
        "type: transform, config: {operation: value, value: [" + ", ".join(['"{{ input.big }}"'] * 20) + "]}",
        'type: transform, config: {operation: value, value: "' + "x {{ input.big }}" * 20 + '"}',
    ],
    ids=["units", "a result", "results", "built results", "in place", "doubled", "nested", "templates", "a text"],
)  # fmt: skip
def test_what_is_over_a_bound_fails_at_its_node(node: str) -> None:
    assert failure_of(node, {"l": list(range(500)), "big": BIG}) == "expression.limit"


def test_a_value_as_large_as_it_may_be_is_made() -> None:
    node = "type: transform, config: {operation: map, items: input.l, expression: input.big}"
    assert failure_of(node, {"l": list(range(16)), "big": BIG}) == ""


def test_all_expressions_of_a_decision_have_their_units_together() -> None:
    costs = 90_000
    items = LIMITS.units_max // costs
    node = 'type: transform, config: {operation: map, items: "lists.range(%d)", expression: "input.all(x, x >= 0)"}'
    given = [1] * (costs // 4)
    assert failure_of(node % (items - 1), given) == ""
    assert failure_of(node % (items + 1), given) == "expression.limit"


def test_what_fails_pays_for_what_it_did_and_no_more() -> None:
    first = "{id: first, type: wait_signal, config: {name: begin}}"
    then = '{id: n, type: wait_signal, config: {name: go, filter: "signal.deep.ok", timeout: 1s}}'
    world = World(f"settings: {{on_failure: fail}}\nnodes: [{first}, {then}]\nedges: [{{from: first.received, to: n}}]").start({})
    world.send(*[signal("go", number) for number in range(40)], signal("go", {"deep": {"ok": True}}), signal("begin"))
    assert world.subjects["x"].state.status == "completed"


def test_a_text_of_many_parts_is_put_together_within_the_bounds() -> None:
    node = 'type: transform, config: {operation: reduce, items: input, initial: "", expression: "acc + item"}'
    assert failure_of(node, ["twenty characters …"] * 4_000) == ""
    assert failure_of(node, ["y" * 1_000_000] * 18) == "expression.limit"


def test_a_long_reduction_is_linear() -> None:
    node = 'type: transform, config: {operation: reduce, items: input, initial: [], expression: "item > 5 ? acc + [item] : acc"}'
    assert failure_of(node, list(range(20_000))) == ""
