"""Habits from JavaScript and Python get an error that says what to write instead."""

from __future__ import annotations

import pytest

from contracts.errors import ExpressionError
from domain.expressions import program

NAMES = {"input": {"a": 1, "s": "abc", "l": [1, 2], "and": True, "length": 5, "deep": {"or": 1}}}


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("input.a === 1", "write `==`"),
        ("input.a !== 1", "write `!=`"),
        ("input.a = 1", "write `==` to compare"),
        ("input.a += 1", "an expression cannot assign"),
        ("input.a and true", "write `&&`"),
        ("input.a or true", "write `||`"),
        ("not input.a", "write `!`"),
        ("1 not in input.l", "write `!(x in list)`"),
        ("input.a is null", "write `==`"),
        ("input.a is not null", "write `!=`"),
        ("input.l.map(x => x * 2)", "no arrow functions"),
        ("input.l.map(lambda x: x)", "no lambda"),
        ("input.s.length > 2", "write `size(input.s)`"),
        ("input.l.length", "write `size(input.l)`"),
        ("input.deep.length", "write `size(input.deep)`"),
        ("[1].length", "write `size([1])`"),
        ("input.s.length()", "write `size(x)`"),
        ("len(input.l)", "write `size(x)`"),
        ("input.a?.b", "write `a.?b`"),
        ("input.a ?? 3", "write `a.?b.orValue(c)`"),
        ("`total ${input.a}`", "write `'a' + string(b)`"),
        ("`total`", "no template literals"),
        ("f'total {input.a}'", "no f-strings"),
        ("typeof input.a", "write `type(x) == string`"),
        ("input.a == undefined", "write `null`"),
        ("input.a == None", "write `null`"),
        ("input.a == nil", "write `null`"),
        ("True", "write `true`"),
        ("input.a == False", "write `false`"),
        ("input.s.includes('a')", "write `text.contains(part)`"),
        ("input.s.toLowerCase()", "write `.lowerAscii()`"),
        ("input.s.toUpperCase()", "write `.upperAscii()`"),
        ("input.s.upper()", "write `.upperAscii()`"),
        ("input.l.push(3)", "write `list + [x]`"),
        ("new Date()", "there is no clock"),
        ("Date.now()", "there is no clock"),
        ("now()", "there is no clock"),
        ("Math.random()", "there is no randomness"),
        ("Math.max(1, 2)", "write `math.greatest(a, b)`"),
        ("Math.floor(1.5)", "write `math.round(x)`"),
        ("parseInt('1')", "write `int(x)`"),
        ("parseFloat('1')", "write `num(x)`"),
        ("str(1)", "write `string(x)`"),
        ("loop.index", "write `iteration.item`"),
        ("loop.index", "`iteration.parent`"),
        ("input.a++", "write `x + 1`"),
        ("input.a & input.b", "write `&&`"),
        ("input.s | upper", "write `||`"),
        ("1 if input.a else 2", "write `condition ? a : b`"),
        ("$json.a", "names have no `$`"),
        ("input.l.reduce(a, b)", "a `transform` node"),
    ],
)
def test_a_habit_is_answered_with_what_to_write(source: str, advice: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        program(source).evaluate(NAMES)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "input.and",
        "input.length == 5",
        "input.deep.or + 1",
        "'a === b and not c'",
        "input.s.indexOf('b') == 1 // not `so`; a ?? b",
        "input.`and`",
    ],
)
def test_what_only_looks_like_a_habit_is_left_alone(source: str) -> None:
    program(source).evaluate(NAMES)


def test_a_habit_inside_a_string_is_not_blamed_for_another_error() -> None:
    with pytest.raises(ExpressionError, match="unknown name `order`"):
        program("order.x == 'a === b'").check()
