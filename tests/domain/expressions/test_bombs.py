"""No expression takes the process with it: each is refused or stopped, quickly."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ExpressionError
from domain.expressions import SOURCE_CHARS_MAX, program

NAMES = {"input": {"l": list(range(500)), "s": "x" * 1_000, "m": {"a": 1}}, "item": {"x": None}, "vars": {"x": {"a": [1]}}}


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 5


def refused(source: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        program(source).evaluate(NAMES)
    return str(caught.value)


def test_nested_macros_over_big_lists_are_stopped() -> None:
    assert "more than 10,000 steps" in refused("input.l.map(a, input.l.map(b, input.l.map(c, 1)))")


def test_one_macro_over_a_list_within_the_budget_is_fine() -> None:
    assert program("size(input.l.map(a, a + 1))").evaluate(NAMES) == 500


def test_a_long_source_is_refused_and_one_at_the_limit_is_not() -> None:
    assert program("'" + "x" * (SOURCE_CHARS_MAX - 2) + "'").evaluate({}) == "x" * (SOURCE_CHARS_MAX - 2)
    assert "the most is 4,000" in refused("'" + "x" * (SOURCE_CHARS_MAX - 1) + "'")
    assert "the most is 4,000" in refused("1" * 10_000_000)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 1_900 + "1" + ")" * 1_900,
        "[" * 1_900 + "1" + "]" * 1_900,
        "{'a':" * 600 + "1" + "}" * 600,
        "+".join(["1"] * 1_900),
        "input" + ".a" * 1_900,
        "input" + "[0]" * 1_300,
        "size(" * 600 + "1" + ")" * 600,
        "true?1:" * 500 + "1",
        "input.l" + ".map(x,x)" * 400,
    ],
)
def test_a_deep_source_is_refused(source: str) -> None:
    assert "deep" in refused(source)


@pytest.mark.parametrize(
    "source", ["(" * 3_999, "[" * 3_999, "{" * 3_999, "'" * 3_999, '"""' * 1_333, "a." * 1_999, "?" * 3_999, "b'''" * 999, "\\" * 3_999]
)
def test_a_broken_source_is_refused(source: str) -> None:
    assert refused(source)
    assert isinstance(program(source).references, tuple)


@pytest.mark.parametrize("sign", ["!", "-"])
def test_many_signs_do_no_harm(sign: str) -> None:
    program(sign * 3_990 + "input.m.a").check()


def test_macros_that_double_a_value_again_and_again_are_refused() -> None:
    assert "copies of one value" in refused("[1]" + ".map(x, [x, x, x, x])" * 20)
    assert "copies of one value" in refused("['x']" + ".map(x, x + x)" * 20)


def test_macros_of_everyday_use_are_not_refused() -> None:
    program(
        "input.l.filter(i, i.a > 1 && i.b < 2).map(i, {'a': i.a, 'b': i.b, 'c': i.c, 'd': i.d}).exists(i, i.a == 1 || i.b == 2)"
    ).check()


def test_replacing_again_and_again_is_stopped() -> None:
    assert "copies of one value" in refused("'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 12)
    assert "copies of one value" in refused("'a'" + ".replace('', 'aaaaaaaaaa')" * 8)


@pytest.mark.parametrize(
    "source",
    [
        "[input.s].map(a, a.replace('x', a)).map(b, b.replace('x', b)).map(c, c.replace('x', c))",
        "[input.s].map(a, a.split('').join(a)).map(b, b.split('').join(b)).map(c, c.split('').join(c))",
        "input.s.replace('x', input.s).replace('x', input.s).replace('x', input.s)",
        "['" + "x" * 1_000 + "'].map(a, a.replace('x', a)).map(b, b.replace('x', b)).map(c, c.replace('x', c))",
    ],
)
def test_strings_multiplied_by_strings_are_stopped(source: str) -> None:
    assert "could make a string of" in refused(source)


def test_computed_replacements_of_everyday_use_are_not_refused() -> None:
    letter = "Dear {name} of {firm}, " + "x" * 20_000
    names = {"input": {"letter": letter, "name": "Ada", "firm": "Engines"}}
    filled = program("input.letter.replace('{name}', input.name).replace('{firm}', input.firm)").evaluate(names)
    assert filled.startswith("Dear Ada of Engines, ")


def test_nulls_and_strings_are_given_out_again_and_again_without_harm() -> None:
    names = {"input": {"n": [None] * 1_000, "s": "x" * 100}}
    for source in ("[null, {'a': null}, input.n]", "null", "[input.?s.orValue(1), null]", "input.n.map(x, x)", "[1.0 / 0.0, null]"):
        one = program(source)
        for _ in range(100):
            with suppress(ExpressionError):
                one.evaluate(names)
    before = sys.getrefcount(None)
    for _ in range(100):
        program("[null, input.n][1]").evaluate(names)
        program("null").evaluate(names)
    assert abs(sys.getrefcount(None) - before) < 1_000


def test_num_holds_on_to_nothing() -> None:
    text = "1" * 300
    before = sys.getrefcount(text)
    for _ in range(100):
        program("num(input.s) > 1.0").evaluate({"input": {"s": text}})
    assert sys.getrefcount(text) <= before + 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'banana'.replace('a', 'o')", "bonono"),
        ("'banana'.replace('a', 'o', 2)", "bonona"),
        ("'banana'.replace('a', 'o', -1)", "bonono"),
        ("'banana'.replace('a', 'o', 0)", "banana"),
        ("'abc'.replace('', '_')", "_a_b_c_"),
        ("'replace'.replace('replace', '.replace(')", ".replace("),
        ("{'replace': 1}.replace", 1),
    ],
)
def test_replace_is_that_of_cel(source: str, expected: object) -> None:
    assert program(source).evaluate({}) == expected


def test_replace_keeps_its_name_in_messages() -> None:
    assert refused("input.m.a.replace('a', 'b')").startswith("`input.m.a.replace('a', 'b')`: `replace` is not for an int")


def test_a_pattern_that_backtracks_elsewhere_does_not_here() -> None:
    assert program("('x' + input.s + 'y').matches('^(x+x+)+$')").evaluate(NAMES) is False


def test_names_nested_as_deep_as_json_can_be_do_no_harm() -> None:
    deep: dict[str, object] = {}
    for _ in range(900):
        deep = {"a": deep}
    assert program("input.a == input.a").evaluate({"input": deep}) is True


WORDS = """
    input input.l input.m.a item.x vars.x x optional.of( optional.none() .orValue( .?a [?'a'] .first() .last() .map(x, .filter(x, .all(x,
    [ ] ( ) { } 'a': 'a' 1 1u 1.5 true null + - * / == && || ! ? : , ?'k': num( size( string( dyn( type( b'x' .size() .join( .split(''),
    .replace('a', .format([ timestamp( duration('1h') in has( .optMap(x, .value() .hasValue() .unwrapOpt() optional.unwrap(
"""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
def test_any_words_are_evaluated_or_refused(source: str) -> None:
    one = program(source)
    assert isinstance(one.references, tuple)
    with suppress(ExpressionError):
        one.evaluate(NAMES)
