"""One expression: results are JSON, numbers follow the rules, nothing of the outside is in reach."""

from __future__ import annotations

import pytest

from contracts.errors import ExpressionError
from domain.expressions import program, value

NAMES = {
    "input": {"amount": 12, "text": "12.5", "name": "Ada", "none": None, "items": [{"price": 2}, {"price": 3}], "huge": 10**30},
    "nodes": {"charge": {"output": {"id": "c1"}}},
}


def value_of(source: str, **names: object) -> object:
    return program(source).evaluate({**NAMES, **names})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.amount > 10", True),
        ("input.amount > 10.5", True),
        ("nodes.charge.output.id", "c1"),
        ("input.items.map(x, x.price * 2)", [4, 6]),
        ("input.items.filter(item, item.price > 2)", [{"price": 3}]),
        ("has(nodes.ship) ? 1 : 2", 2),
        ("input.?missing.orValue(7)", 7),
        ("'a,b'.split(',')", ["a", "b"]),
        ("math.greatest(1, 5, 3)", 5),
        ("size(input.items)", 2),
        (".input.amount", 12),
        ('input["name"].lowerAscii()', "ada"),
    ],
)
def test_an_expression_gives_its_value(source: str, expected: object) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("timestamp('2024-01-02T03:04:05Z')", "2024-01-02T03:04:05Z"),
        ("timestamp('2024-01-02T03:04:05.25+02:00')", "2024-01-02T01:04:05.25Z"),
        ("duration('1h')", "3600s"),
        ("duration('-1.5s')", "-1.5s"),
        ("[duration('90s')]", ["90s"]),
        ("b'abc'", "YWJj"),
        ("3u", 3),
        ("optional.none()", None),
        ("optional.of([1])", [1]),
        ("input.?none", None),
        ("input.?nothing", None),
        ("input.?amount // with a comment", 12),
        ("[?input.?nothing, 1]", [1]),
        ("input.items.last()", {"price": 3}),
        ("{1: 'a', 3: {2u: 'b', true: 'c'}}", {"1": "a", "3": {"2": "b", "true": "c"}}),
    ],
)
def test_a_result_is_plain_json(source: str, expected: object) -> None:
    found = value_of(source)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("source", ["1e308 * 10.0", "[-1e308 - 1e308]", "type(1)", "int", "[type(1)]", "{'a': {'b': string}}"])
def test_what_is_no_json_is_an_error(source: str) -> None:
    with pytest.raises(ExpressionError, match="the result is"):
        value_of(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[optional.of(3)]", [3]),
        ("{'a': optional.none()}", {"a": None}),
        ("[[1, {'b': [input.?x, input.?amount]}]]", [[1, {"b": [None, 12]}]]),
        ("[input.items.first()]", [{"price": 2}]),
        ("dyn([optional.none()])", [None]),
        ("optional.of([optional.of(1)])", [1]),
        ("optional.of(optional.of(duration('1s')))", "1s"),
    ],
)
def test_an_optional_in_a_result_is_its_value_or_null(source: str, expected: object) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize("source", ["num(dyn(optional.of(1)))", "num(dyn([optional.of(1)]))", "num({'a': optional.none()})"])
def test_an_optional_given_to_num_is_an_error(source: str) -> None:
    with pytest.raises(ExpressionError, match="num"):
        value_of(source)


@pytest.mark.parametrize(
    ("source", "expected"), [("num(input.amount) + 0.5", 12.5), ("num(input.text) > 10.5", True), ("num(3u)", 3.0), ("num(1.5)", 1.5)]
)
def test_num_makes_a_double_of_numbers_and_of_strings_that_are_numbers(source: str, expected: object) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize("text", ["x", "", "1_000", "1,5", "ten"])
def test_num_refuses_strings_that_are_not_numbers(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"cannot read .* as a double"):
        value_of("num(input.t)", input={"t": text})


def test_a_huge_integer_that_is_not_read_does_no_harm() -> None:
    assert value_of("input.amount + 1") == 13


@pytest.mark.parametrize("huge", [2**63, 2**64 + 1, 10**30 + 1, -(10**30)])
def test_an_integer_of_any_length_stays_exact(huge: int) -> None:
    names = {"list": [huge], "less": huge - 1}
    assert value_of("input.list[0] + 1", input=names) == huge + 1
    assert value_of("input.list[0] > input.less && !(input.less in input.list)", input=names) is True
    assert value_of("string(input.list[0])", input=names) == str(huge)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.amount * 1.25", 15.0),
        ("1.5 + input.amount", 13.5),
        ("input.amount / 5", 2),
        ("input.amount / 5.0", 2.4),
        ("size(input.items) > 1.5", True),
        ("1 == 1.0 && 1.0 in [1] && {1: 'a'}[1.0] == 'a'", True),
        ("9007199254740993 == 9007199254740992.0", False),
        ("9007199254740993 > 9007199254740992.0", True),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("2u + 1", 3),
        ("'%s'.format([12345.678])", "12345.678"),
        ("string(3.0)", "3"),
        ("'abc'.substring(1, 3)", "bc"),
    ],
)
def test_numbers_mix_and_compare_by_their_exact_value(source: str, expected: object) -> None:
    found = value_of(source)
    assert found == expected
    assert type(found) is type(expected)


def test_a_template_writes_a_number_as_json_does() -> None:
    assert value("{{ 3.0 }} {{ 12345.678 }} {{ [1.0, 2] }}").render({}) == "3.0 12345.678 [1.0,2]"


@pytest.mark.parametrize("source", ["9007199254740993 * 1.5", "9007199254740993 + 0.5", "1.5 - 9007199254740993"])
def test_an_int_that_no_double_holds_does_not_mix(source: str) -> None:
    with pytest.raises(ExpressionError, match="no double is exactly 9007199254740993"):
        value_of(source)


@pytest.mark.parametrize("source", ["1 / 0", "1 % 0", "1.0 / 0.0", "0.0 / 0.0", "1e308 * 1e308", "math.sqrt(-1)", "double('1e999')"])
def test_there_is_no_infinity_and_no_nan(source: str) -> None:
    with pytest.raises(ExpressionError):
        value_of(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.none.?x", None),
        ("input.none.?x.y.?z.orValue(5)", 5),
        ("has(input.none.x)", False),
        ("input.none[?'x'].orValue(1)", 1),
        ("input.?none.?x.hasValue()", False),
        ("input.none == null", True),
    ],
)
def test_what_asks_whether_something_is_there_passes_through_null(source: str, expected: object) -> None:
    assert value_of(source) == expected


def test_a_path_passes_a_huge_integer_on_as_it_is() -> None:
    assert value_of("input.huge") == 10**30


def test_a_string_that_is_not_unicode_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="Unicode"):
        value_of("input.x + 'a'", input={"x": "\ud800"})


@pytest.mark.parametrize("source", ["now()", "timestamp.now()", "random()", "math.random()", "uuid()", "Date.now()", "math.rand()"])
def test_there_is_no_clock_and_no_randomness(source: str) -> None:
    with pytest.raises(ExpressionError):
        program(source).check()


def test_check_says_nothing_of_values_and_evaluate_needs_no_check() -> None:
    program("input.anything.at.all == 1").check()
    with pytest.raises(ExpressionError):
        value_of("input.anything.at.all == 1")


def test_the_same_source_is_the_same_program() -> None:
    assert program("input.a + 1") is program("input.a + 1")


def test_names_that_are_not_read_are_never_looked_at() -> None:
    assert value_of("input.amount + 0", vars=object(), input={"amount": 1, "other": object()}) == 1


def test_a_name_read_whole_and_in_part_is_there_whole() -> None:
    assert value_of("size(input) + input.a.b", input={"a": {"b": 1}, "c": 2}) == 3
    assert value_of("input.a.b + size(input)", input={"a": {"b": 1}, "c": 2}) == 3
    assert value_of("input.a.b + size(input.a)", input={"a": {"b": 1, "c": 2}}) == 3
