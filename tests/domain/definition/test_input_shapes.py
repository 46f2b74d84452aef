"""What the input's schema tells of expressions: what can only fail is a problem, what is mistyped a warning."""

from __future__ import annotations

from typing import Any

import pytest

from domain.definition.names_check import doubtful_names
from domain.definition.validate import check

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "name": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "address": {"type": "object", "properties": {"street": {"type": "string"}}},
        "either": {"type": ["string", "null"]},
        "extra": {"allOf": [{"properties": {"more": {}}}], "properties": {"less": {}}, "type": "object"},
        "tree": {"$ref": "#"},
    },
    "$defs": {"line": {"type": "object", "properties": {"price": {"type": "integer"}}}},
}
CLOSED = {**SCHEMA, "additionalProperties": False}


def definition(expression: str, schema: Any) -> dict[str, Any]:
    return {"name": "w", "input": schema, "nodes": [{"id": "c", "type": "condition", "config": {"expression": expression}}]}


def problems(expression: str, schema: Any = SCHEMA) -> list[str]:
    return [problem.message for problem in check(definition(expression, schema), {}).problems]


def warnings(expression: str, schema: Any = SCHEMA) -> list[str]:
    checked = check(definition(expression, schema), {})
    assert checked.definition is not None, checked.problems
    return [problem.message for problem in doubtful_names(checked.definition)]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("input.amuont > 1", "`input.amuont` at column 1: the schema names no `amuont`; did you mean `amount`?"),
        ("input['amuont'] > 1", "did you mean `amount`?"),
        ("has(input.name) && input.amuont == 1", "`input.amuont` at column 20: the schema names no `amuont`; did you mean `amount`?"),
        ("input.address.stret == 'x'", "did you mean `street`?"),
        ("input.lines[0].pirce > 1", "did you mean `price`?"),
        ("input.lines.exists(x, x.pirce > 1)", "`x.pirce` at column 23: the schema names no `pirce`; did you mean `price`?"),
        ("input.lines.filter(x, true)[0].prise > 1", "did you mean `price`?"),
        ("input.tree.tree.amuont > 1", "did you mean `amount`?"),
    ],
)
def test_a_mistyped_field_of_the_input_is_a_warning_with_the_nearest_name(expression: str, said: str) -> None:
    assert problems(expression) == []
    (found,) = warnings(expression)
    assert said in found


@pytest.mark.parametrize(
    "expression",
    [
        "input.amount > 1",
        "input.something_else > 1",
        "has(input.amuont)",
        "input.?amuont.orValue(1) > 0",
        "input.extra.mor == 1",
        "input.name.size() > 1",
        "[1].exists(input, input.amuont > 1)",
        "data.amuont > 1",
    ],
)
def test_what_may_be_meant_so_is_left_alone(expression: str) -> None:
    assert problems(expression) == []
    assert warnings(expression) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("input.amuont > 1", "`input.amuont`: no such key `amuont` (there are: amount, "),
        ("input.amount + 'x' == 'y'", "`input.amount + 'x'`: `+` does not take (double, string)"),
        ("!input.name", "CEL has no truthiness"),
        ("input.name.amount > 1", "`input.name` is a string and has no fields"),
        ("input.lines.price > 1", "`input.lines` is a list and has no fields"),
        ("input.amount.startsWith('x')", "`startsWith` is not for a double"),
        ("input.lines[0].price.exists(x, x)", "`exists` goes over lists and maps"),
    ],
)
def test_what_can_only_fail_by_the_schema_is_a_problem(expression: str, said: str) -> None:
    (found,) = problems(expression, CLOSED)
    assert said in found


@pytest.mark.parametrize(
    "expression",
    [
        "true || input.amuont > 1",
        "has(input.amuont) ? input.amuont > 1 : false",
        "input.lines.all(x, x.price + 'a' == '')",
        "input.either.?x.hasValue()",
        "input.amount + 1 > 0.5",
        "input.amount in ['x'] || input.amount == 'x'",
        "input.either == null || size(input.either) > 1",
    ],
)
def test_what_the_evaluator_would_take_is_never_refused(expression: str) -> None:
    assert problems(expression, CLOSED) == []


@pytest.mark.parametrize("schema", [True, None, {}, {"properties": True}, {"type": "objekt"}, {"$ref": "#/nowhere"}, {"$ref": "#"}])
def test_a_schema_that_says_nothing_changes_nothing(schema: Any) -> None:
    found = check(definition("input.amuont > 1", schema), {}).problems
    assert [problem for problem in found if problem.rule == "expression"] == []
