"""An error names the part of the expression, what was found, and what to write instead."""

from __future__ import annotations

import pytest

from contracts.errors import ExpressionError
from domain.expressions import program

NAMES = {
    "input": {
        "a": 2, "big": 2**53 + 1, "long": 2**4095, "s": "x", "n": None, "l": [1, 2], "e": [], "m": {"k": 1}, "z": 0,
        "order": {"amount": 1, "id": 2}, "items": [{"p": 1}, {"q": 2}], "wide": {f"key_{i}": i for i in range(20)},
    },
    "nodes": {"charge": {"output": {"id": 1}}},
    "vars": {},
}  # fmt: skip


def message_of(source: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        program(source).evaluate(NAMES)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.order.amuont", "`input.order.amuont`: no such key `amuont` (there are: amount, id)"),
        ("1 + input.order.amuont.x", "`input.order.amuont`: no such key `amuont` (there are: amount, id)"),
        ('input["order"]["x"] == 1', '`input["order"]["x"]`: no such key `x` (there are: amount, id)'),
        ("input.m[input.s]", "`input.m[input.s]`: no such key `x` (there are: k)"),
        ("input.items[1].p", "`input.items[1].p`: no such key `p` (there are: q)"),
        ("input.items.map(x, x.p + x.r)", "`x.r`: no such key `r` (there are: p)"),
        ("nodes.chrage.output", "`nodes.chrage`: no such key `chrage` (there are: charge)"),
        ("vars.x", "`vars.x`: no such key `x` (it is empty)"),
        ("input.order.q == 1 || input.m.q == 1", "`input.order.q`: no such key `q` (there are: amount, id)"),
        ("input.m == null || input.m.q == 1", "`input.m.q`: no such key `q` (there are: k)"),
        (
            "input.n.x",
            "`input.n.x`: `input.n` is null and has no fields; write `input.n.?x.orValue(…)`, or ask `has(input.n.x)` first",
        ),
        ("input.s.x.y", "`input.s.x`: `input.s` is a string and has no fields"),
    ],
)
def test_a_missing_key_is_named_with_the_keys_there_are(source: str, expected: str) -> None:
    assert message_of(source) == expected


def test_at_most_eight_keys_are_shown_and_the_nearest_first() -> None:
    assert "(there are: key_1, key_10, " in message_of("input.wide.kye_1")
    assert message_of("input.wide.kye_1").endswith(" and 12 more)")


def test_an_output_that_may_be_missing_can_be_asked_for() -> None:
    assert message_of("nodes.charge.error.type").endswith("the node may not have ended so, ask `has(nodes.charge.error)` first")


def test_a_name_that_is_not_bound_is_unknown_at_this_place() -> None:
    assert message_of("signal.id == 1") == "`signal` is not known at this place (known are: input, nodes, vars)"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "1 + input.big * 1.5",
            "`input.big * 1.5`: no double is exactly 9007199254740993; write `num(input.big)` where the nearest one will do",
        ),
        ("2.0 * (1.5 - input.l)", "`1.5 - input.l`: `-` does not take (double, list)"),
        ("5.5 % input.a", "`5.5 % input.a`: `%` does not take (double, int); it is for ints"),
        ("input.s + input.a", "`input.s + input.a`: `+` does not take (string, int); write `string(input.a)` to make a string"),
        ("input.n + 1", "`input.n + 1`: `+` does not take (null, int); `input.n` is null, ask `input.n != null` first"),
        ("input.a < input.s", "`input.a < input.s`: `<` does not take (int, string); write `num(input.s)` to make a number"),
        ("-input.s", "`-input.s`: `-` does not take (string)"),
        ("size(input.a)", "`size(input.a)`: `size` does not take (int)"),
        (
            "input.a.startsWith('x')",
            "`input.a.startsWith('x')`: `startsWith` is not for an int with (string); write `string(input.a).startsWith(…)`",
        ),
        ("input.a.map(x, x)", "`input.a.map(x, x)`: `map` goes over lists and maps, `input.a` is an int"),
        (
            "'x' in input.s",
            "`'x' in input.s`: `in` looks into lists and the keys of maps, `input.s` is a string; write `input.s.contains('x')`",
        ),
        ("int(input.s)", '`int(input.s)`: cannot read "x" as an int'),
        ("timestamp(input.s)", '`timestamp(input.s)`: cannot read "x" as a timestamp'),
        ("input.s[0]", "`input.s[0]`: only lists and maps are read by [ ], found a string"),
        ("input.l['a']", "`input.l['a']`: a list is read by an int, found a string"),
    ],
)
def test_a_wrong_type_is_named_with_what_to_write(source: str, expected: str) -> None:
    assert message_of(source) == expected


@pytest.mark.parametrize(
    ("source", "operand", "example"),
    [
        ("input.a > 1 && input.s", "input.s", 'input.s != ""'),
        ("input.a || false", "input.a", "input.a != 0"),
        ("!input.l", "input.l", "size(input.l) > 0"),
        ("input.n ? 1 : 2", "input.n", "input.n != null"),
        ("true && (false || input.m)", "input.m", "size(input.m) > 0"),
    ],
)
def test_what_is_neither_true_nor_false_is_named(source: str, operand: str, example: str) -> None:
    assert message_of(source).startswith(f"`{operand}` is ")
    assert message_of(source).endswith(f"and CEL has no truthiness: compare, e.g. `{example}`")


@pytest.mark.parametrize("macro", ["all", "exists", "filter", "exists_one"])
def test_a_macro_that_asks_for_true_or_false_says_so(macro: str) -> None:
    assert message_of(f"input.l.{macro}(x, x)") == "`x` is an int, and CEL has no truthiness: compare, e.g. `x != 0`"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + input.a / input.z", "`input.a / input.z`: division by zero: `input.z` is 0"),
        ("input.a % 0", "`input.a % 0`: division by zero: `0` is 0"),
        ("input.l[5] == 1", "`input.l[5]`: no item 5 in a list of 2 (there are: 0 to 1)"),
        ("input.e[0]", "`input.e[0]`: no item 0 in a list of 0 (there are: none, it is empty)"),
        ("[input.a].map(x, x * input.long)[0]", "`x * input.long`: the number gets longer than 4,096 bits"),
        ("1.0e308 * 10.0 * input.a", "`1.0e308 * 10.0`: the result is infinite, which JSON cannot hold"),
        ("input.s.matches('(')", "`input.s.matches('(')`: invalid regular expression: missing ): ("),
        ("input.s.charAt(9)", "`input.s.charAt(9)`: no place 9 in a text of 1 characters (there are: 0 to 1)"),
        ("math.greatest(input.s, 1)", "`math.greatest(input.s, 1)`: `greatest` does not take (string, int)"),
        ("math.least([1, input.s])", "`math.least([1, input.s])`: only numbers can be compared so, found (int, string)"),
        ("input.s.?x.orValue(1)", "`input.s.?x`: `.?` and `[?…]` read maps and lists, found a string; ask `type(x) == map` first"),
        ("input.l.join(',')", "`input.l.join(',')`: only strings are joined, found an int; write `.map(x, string(x))` before"),
        ("'%d'.format([input.s])", "`'%d'.format([input.s])`: `%d` is not for string"),
        ("{'a': 1, input.order.id == 2 ? 'a' : 'b': 2}", "`{'a': 1, input.order.id == 2 ? 'a' : 'b': 2}`: the key `a` comes twice"),
        ("{1: 1, '1': 2}", "`{1: 1, '1': 2}`: two keys of a map have the text `1`; write other ones"),
        (
            "input.s == 'x' && input.n.y",
            "`input.n.y`: `input.n` is null and has no fields; write `input.n.?y.orValue(…)`, or ask `has(input.n.y)` first",
        ),
        ("input.?q.value()", "`input.?q.value()`: there is no value in this optional; write `.orValue(…)`"),
    ],
)
def test_what_cannot_be_done_is_named(source: str, expected: str) -> None:
    assert message_of(source) == expected


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("order.id == 1", "unknown name `order` at column 1"),
        ("order.id == 1", "did you mean `input.order`?"),
        ("inptu.x", "did you mean `input`?"),
        ("variables.x", "did you mean `vars`?"),
        ("input.a\n  + foo.x", "unknown name `foo` at line 2, column 5"),
        ("foo(1)", "`foo(1)` at column 1: unknown function `foo`"),
        ("input.s.startWith('x')", "unknown function `startWith`; did you mean `startsWith`?"),
        ("size()", "`size` does not take so many arguments, write `size(string|bytes|list|map)`"),
        ("1 +", "the expression ends too early"),
        ("(1", "a `)` is missing"),
        ("[1, 2", "the expression ends too early"),
        ("'abc", "a string is not closed"),
        ("input.a b", "at column 9: unexpected `b`"),
        ("input.a @ 1", "at column 9: `@` has no meaning here"),
        ("'a' + 1", "`+` does not take (string, int); write `string(1)` to make a string"),
        ("!'a'", "CEL has no truthiness"),
        ("'a' ? 1 : 2", "CEL has no truthiness"),
        ("size(1)", "`size` does not take (int)"),
        ("'a'.exists(x, true)", "`exists` goes over lists and maps, `'a'` is a string"),
        ("exists(input.l, x, true)", "`exists` is a macro, write `list.exists(x, …)`"),
        ("trim(input.s)", "`trim` is a method, write `string.trim()`"),
        ("input.s.matches('(')", "`input.s.matches('(')`: invalid regular expression: missing ): ("),
        ("'\\q'", "there is no escape `\\q`"),
        ("1e400", "`1e400` is too large for a double"),
        ("as", "`as` is reserved in CEL"),
        ("", "the expression is empty"),
        ("  ", "the expression is empty"),
    ],
)
def test_what_cannot_be_compiled_is_said_in_one_line(source: str, part: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        program(source).check()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "INVALID_ARGUMENT" not in str(caught.value)
