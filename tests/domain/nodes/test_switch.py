# ruff: noqa: E501 - a node of a definition stands on one line
"""`switch`: leaves by the port of the first case that fits, or of all."""

from typing import Any

import pytest

from contracts.events import NodeSkipped
from tests.domain.spec import run

BY_VALUE = """
nodes:
  - id: s
    type: switch
    config: {value: "{{ input }}", cases: [{equals: 1, port: one}, {equals: "1", port: text}, {equals: [1, {a: 2.0}], port: list}, {equals: null, port: nil}, {equals: true, port: yes}], default: other}
  - {id: one, type: noop}
  - {id: text, type: noop}
  - {id: list, type: noop}
  - {id: nil, type: noop}
  - {id: yes, type: noop}
  - {id: other, type: noop}
edges: [{from: s.one, to: one}, {from: s.text, to: text}, {from: s.list, to: list}, {from: s.nil, to: nil}, {from: s.yes, to: yes}, {from: s.other, to: other}]
"""
BY_WHEN = """
nodes:
  - {id: s, type: switch, config: {all_matches: %s, cases: [{when: "input > 1", port: a}, {when: "input > 2", port: b}]}}
  - {id: a, type: noop}
  - {id: b, type: noop}
edges: [{from: s.a, to: a}, {from: s.b, to: b}]
"""


@pytest.mark.parametrize(
    ("given", "ran"), [(1, "one"), (1.0, "one"), ("1", "text"), ([1.0, {"a": 2}], "list"), (None, "nil"), (True, "yes"), (7, "other")]
)
def test_numbers_are_equal_by_value_and_everything_else_by_type_and_value(given: Any, ran: str) -> None:
    assert run(BY_VALUE, given).ran == [ran]


def test_the_first_case_that_holds_decides() -> None:
    world = run(BY_WHEN % "false", 3)
    assert (world.ran, world.paths(NodeSkipped), world.output) == (["a"], ["b"], 3)


def test_all_cases_that_hold_are_taken_where_asked_for() -> None:
    assert run(BY_WHEN % "true", 3).ran == ["a", "b"]


def test_two_cases_may_share_a_port() -> None:
    text = "nodes: [{id: s, type: switch, config: {value: 2, all_matches: true, cases: [{equals: 2, port: p}, {equals: 2.0, port: p}]}}, {id: a, type: noop}]"
    assert run(text + "\nedges: [{from: s.p, to: a}]").ran == ["a"]


def test_without_a_fitting_case_and_a_default_it_fails() -> None:
    world = run(BY_WHEN % "false", 0)
    assert (world.status, world.error) == ("incident", "switch.no_case")


def test_an_equals_may_hold_templates() -> None:
    text = 'nodes: [{id: s, type: switch, config: {value: 4, cases: [{equals: "{{ input.n }}", port: p}]}}, {id: a, type: noop}]'
    assert run(text + "\nedges: [{from: s.p, to: a}]", {"n": 4}).ran == ["a"]
