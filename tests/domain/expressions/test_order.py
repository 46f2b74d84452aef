"""The same expression over the same values gives the same bytes, in whichever process."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ExpressionError
from contracts.values import encode
from domain.expressions import program
from domain.expressions.cel import CelEngine
from domain.expressions.engine import EngineRefusal
from domain.expressions.order import guarded

MAP: Final[dict[str, Any]] = {
    "m": {"e": 1, "a": 2, "d": {"z": 1, "b": 2}, "c": 4, "b": 5, "f": 6},
    "l": [3, 1, 2],
    "maps": [{"b": 1, "a": 2}],
}

SOURCES = [
    "{'z': 1, 'm': input, 'a': [{'q': 1, 'b': 2}]}",
    "input.l.map(x, {'z': x, 'b': x, 'm': input.m})",
    "[input.m, input.m].filter(x, x.a == 2)",
    "input.m.exists(k, k == 'a') && input.m.all(k, size(k) == 1)",
    "input.maps.map(x, x)",
    "input.?m.orValue({})",
]


FAILING = [
    "input.mixed.all(k, input.mixed[k] > 0)",
    "input.mixed.exists(k, input.mixed[k] > 100)",
    "input.mixed.exists_one(k, input.mixed[k] > 0)",
    "input.maps.all(x, x.exists(k, x[k] + k == 1))",
    "{'a': 1.0 / 0.0, 'b': -1.0 / 0.0, 'c': [type(1)]}",
    "{'a': [optional.none()], 'b': 1.0 / 0.0, 'c': type(1)}",
    "int(dyn({'z': 1, 'b': 2, 'a': 3, 'c': 4}))",
    "input.x || input.y",
    "input.nope.b + vars.z",
    "vars.z",
    "input.wide.exists(k, k == 'k7' || input.many.all(x, input.many.all(y, x >= 0)))",
    "timestamp('2026-01-31T12:00:00Z').getHours(input.zone)",
    "'%s %s %f'.format([input.m, [input.mixed], 0.1])",
    "string(1.0 / 3.0)",
    "timestamp('2026-01-31T12:00:00.25+01:00')",
]
MIXED: Final[dict[str, Any]] = {"e": 1, "a": "x", "d": None, "c": 4, "b": [5], "f": True, "g": 1.5, "h": {"z": 1}}
MORE: Final[dict[str, Any]] = {"mixed": MIXED, "wide": {f"k{i}": i for i in range(60)}, "many": list(range(120)), "zone": "localtime"}
SCRIPT = """
import sys
from contracts.errors import ExpressionError
from contracts.values import encode
from domain.expressions import program
names, sources = eval(sys.stdin.read())
for source in sources:
    try:
        print(encode(program(source).evaluate(names)))
    except ExpressionError as error:
        print(error)
"""


@cache
def said_in_fresh_processes() -> list[list[str]]:
    """What all sources give in several processes, each with another seed, another zone and other keys first."""
    said = []
    for i, zone in enumerate(("UTC", "Asia/Tokyo", "America/New_York", "UTC", "UTC")):
        given = {"input": turned(MAP | MORE, i), "error": None, "data": 1}
        found = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=repr((turned(given, i), SOURCES + FAILING)),
            capture_output=True,
            check=True,
            text=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": str(i), "TZ": zone, "TZDIR": "/nowhere" if i > 2 else ""},
        )
        said.append(found.stdout.splitlines())
    return said


def turned(value: Any, times: int) -> Any:
    """The same JSON with the keys of all maps in another order."""
    if isinstance(value, list):
        return [turned(item, times) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    at = times % max(1, len(keys))
    return {key: turned(value[key], times) for key in keys[at:] + keys[:at]}


@pytest.mark.parametrize("at", range(len(SOURCES + FAILING)), ids=SOURCES + FAILING)
def test_every_process_says_the_same(at: int) -> None:
    everything = said_in_fresh_processes()
    assert {len(lines) for lines in everything} == {len(SOURCES + FAILING)}
    assert len({lines[at] for lines in everything}) == 1


@given(st.permutations(list(MAP["m"])))
def test_the_order_of_keys_that_come_in_makes_no_difference(keys: list[str]) -> None:
    shuffled: dict[str, Any] = {"m": {key: MAP["m"][key] for key in keys}}
    once = program("{'all': input.m, 'one': input.m.d}").evaluate({"input": shuffled})
    walked = {key: MAP["m"][key] for key in sorted(keys)} | {"d": {"b": 2, "z": 1}}
    assert encode(once) == encode({"all": walked, "one": {"b": 2, "z": 1}})


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("input.m.map(k, k)", "input.m.map(k, k)"),
        ("size(input.m.filter(k, k != 'a')) > 1", "input.m.filter(k, k != 'a')"),
        ("input.maps.map(x, x.map(k, k))", "x.map(k, k)"),
        ("{'b': 1, 'a': 2}.map(k, k)", "{'b': 1, 'a': 2}.map(k, k)"),
        ("dyn(input.m).map(k, true, k)", "dyn(input.m).map(k, true, k)"),
        ("input['m'].map(k, k)[0]", "input['m'].map(k, k)"),
        ("input.l.map(x, x).size() + {}.map(k, k).size()", "{}.map(k, k)"),
        ("input.l.map(map, {'a': 1}.map(k, k))", "{'a': 1}.map(k, k)"),
        ("input.?m.orValue({}).filter(k, true)", "input.?m.orValue({}).filter(k, true)"),
        ("input.?maps.orValue([])[0].map(k, k)", "input.?maps.orValue([])[0].map(k, k)"),
        ("input.l.filter(x, input.m.filter(k, true).size() > x)", "input.m.filter(k, true)"),
        ("google.protobuf.Struct{fields: {'z': google.protobuf.Value{number_value: 1.0}}}.map(k, k)", "a map has no order"),
    ],
)
def test_a_list_is_never_made_of_a_maps_keys(source: str, part: str) -> None:
    with pytest.raises(ExpressionError, match="a map has no order") as refused:
        program(source).evaluate({"input": MAP})
    assert part in str(refused.value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("input.l.map(x, x * 2)", [6, 2, 4]),
        ("input.l.filter(x, x > 1).map(x, x + 1)", [4, 3]),
        ("[[1, 2], [3]].map(x, x.map(y, y + 1))", [[2, 3], [4]]),
        ("(input.l + [4]).map(x, x).size()", 4),
        ("[1, 2].map(x, [x, x].filter(y, y == x).size() == 2)", [True, True]),
        ("input.l.map(x, x > 1, x * 10)", [30, 20]),
        ("'a,b'.split(',').map(x, x + '!')", ["a!", "b!"]),
        ("size(input.l.map(x, input.m.d.z + x))", 3),
        ("input.maps[0].a + input.l.map(x, x)[1]", 3),
        ("1 in [1, 2].map(x, x)", True),
        ("1 in (input.l).map(x, x) && !(4 in input.l.filter(x, x > 0))", True),
        ("input.?none.?b.orValue([1]).map(x, x)", [1]),
        ("input.?l.orValue([]).map(x, x)[?7].orValue(5)", 5),
        ("input // a comment )\n .l // and another\n .map(x, x)", [3, 1, 2]),
        ("[[1, 2], [3]].map(map, map.map(size, size + 1).exists(string, string == 2))", [True, False]),
        ("input.l" + ".map(x, x)" * 25, [3, 1, 2]),
        ("[[9, 9]].exists(y, size(y) > 0) ? input.l.map(x, x) : []", [3, 1, 2]),
        ("input.l.all(y, y > 1) || input.l.filter(x, input.m.exists(k, k == 'a')).map(x, x).exists(y, y == 2)", True),
        ("-input.l.map(x, x)[0] - .input.l.map(x, x)[1]", -4),
        ("'map(' + 'a.b'.split('.').map(x, x + '.map(').join('')", "map(a.map(b.map("),
    ],
)
def test_lists_are_walked_as_before(source: str, value: Any) -> None:
    assert program(source).evaluate({"input": MAP}) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("input.m.exists(k, k == 'a') && !input.m.exists(k, k == 'z')", True),
        ("input.m.exists_one(k, k > 'e')", True),
        ("{'q': 1, 'b': 2}.all(k, k in ['b', 'q'])", True),
        ("{}.exists(k, true)", False),
        ("input.maps.map(x, x.exists(k, x[k] == 2))", [True]),
        ("input.maps.all(x, x.all(k, input.m.exists(j, j == k)))", True),
        ("input.mixed.exists(k, input.mixed[k] == 4)", True),
        ("input.mixed.all(k, input.mixed[k] == 'x')", False),
        ("true || input.m.all(k, k)", True),
        ("input.huge.exists(k, input.huge[k] > 1.0)", True),
        ("input.huge.exists(k, input.huge[k] + 1.0 > 1.0)", True),
        ("{input.l[0]: 'x'}[3]", "x"),
        ("[{'p': 1}, {'q': 2}].map(x, x.exists(k, k == 'q'))", [False, True]),
    ],
)
def test_a_question_about_a_map_is_answered(source: str, value: Any) -> None:
    names = {"input": {**MAP, **MORE, "huge": {"a": 10**30, "b": 2**63}}}
    assert program(source).evaluate(names) == value


@pytest.mark.parametrize(
    "source", ["{input.key: 'x', 'b': 2}.exists(k, k == 'z')", "{1: 'x'}.all(k, k == 1)", "{string(input.l[0]): 1}.all(k, true)"]
)
def test_a_question_about_a_map_with_other_keys_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError, match="some keys of this one are computed or no strings") as refused:
        program(source).evaluate({"input": {**MAP, "key": "computed"}})
    assert f"`{source}`: " in str(refused.value)


@given(st.permutations(sorted(MIXED)), st.sampled_from(["all", "exists", "exists_one"]), st.sampled_from(["> 3", "== 'x'", "+ 1 == 2"]))
def test_what_fails_in_a_map_is_always_the_same(keys: list[str], macro: str, question: str) -> None:
    def said(keys: list[str]) -> Any:
        try:
            return program(f"input.{macro}(k, input[k] {question})").evaluate({"input": {key: MIXED[key] for key in keys}})
        except ExpressionError as error:
            return str(error)

    assert said(keys) == said(sorted(keys))


@pytest.mark.parametrize(
    "source",
    ["{1: 'a', '1': 'b'}", "{1: 'a', 1u: 'b'}", "{0x1: 'a', true: 'b'}", "'%s'.format([{true: 1, 'true': 2}])", "{-0: 1, 'x': {}, '0': 2}"],
)
def test_keys_of_one_map_have_different_texts(source: str) -> None:
    with pytest.raises(ExpressionError, match="two keys of a map have the text"):
        program(source).check()


@pytest.mark.parametrize("source", ["{input.k: 1, 'b': 2}", "{'b': 2, input.k: {'x': 3}}", "{input.k: 1, input.n: 2}"])
def test_computed_keys_of_several_are_strings(source: str) -> None:
    with pytest.raises(ExpressionError, match="the computed ones must be strings"):
        program(source).evaluate({"input": {"k": 1, "n": "1"}})
    assert program(source).evaluate({"input": {"k": "k", "n": "n"}})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{1: 'low', 2: 'high'}[2]", "high"),
        ("{'a': {'b': 1, 'c': 2}, 'c': {'b': 3}}", {"a": {"b": 1, "c": 2}, "c": {"b": 3}}),
        ("{(true ? 'a' : 'b'): {true ? 'c' : 'd': 1}, 'e': true ? 1 : 2}", {"a": {"c": 1}, "e": 1}),
        ("{?'a': input.?nothing, ?'b': input.?l, 'c': input.l[?9].orValue(1)}", {"b": [3, 1, 2], "c": 1}),
        ("{'x' + 'y': 1, input.m.d.z == 1 ? 'q' : 'r': 2}", {"q": 2, "xy": 1}),
        ("{input.?m.?e.orValue(0) == 1 ? 'yes' : 'no': [1, {'z': 2}], 'b': {}}", {"b": {}, "yes": [1, {"z": 2}]}),
    ],
)
def test_maps_are_written_out_as_before(source: str, value: Any) -> None:
    assert program(source).evaluate({"input": MAP}) == value


@pytest.mark.parametrize("zone", ["localtime", "Asia/Tokyo", "", "GMT", "file:Asia/Tokyo", "/etc/localtime", "libc:localtime", "+99:99"])
def test_a_time_zone_that_the_machine_knows_is_refused(zone: str) -> None:
    constant, computed = (f"timestamp('2026-01-31T12:00:00Z').getHours({text})" for text in (f"'{zone}'", "input.z"))
    with pytest.raises(ExpressionError, match="write an offset like"):
        program(constant).check()
    with pytest.raises(ExpressionError, match="write an offset like") as refused:
        program(computed).evaluate({"input": {"z": zone}})
    assert str(refused.value).startswith(f"`{computed}`: ")


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 12), ("+02:00", 14), ("-05:30", 6), ("01:00", 13)])
def test_a_time_zone_may_be_an_offset(zone: str, hours: int) -> None:
    assert program(f"timestamp('2026-01-31T12:00:00Z').getHours('{zone}')").evaluate({}) == hours
    assert program("timestamp('2026-01-31T12:00:00Z').getHours(input.z)").evaluate({"input": {"z": zone}}) == hours
    assert program("timestamp('2026-01-31T12:00:00Z').getHours()").evaluate({}) == 12


HIDDEN_USES = ["cel.bind(a, 1, a)", "refold_keys", "input.l.map(refold_keys, refold_keys)", "[1].exists(refold_it, refold_zone)"]


@pytest.mark.parametrize("source", HIDDEN_USES)
def test_nobody_else_binds_values_or_sees_the_hidden_variables(source: str) -> None:
    with pytest.raises(ExpressionError):
        program(source).check()


def test_macros_with_two_variables_are_not_there() -> None:
    for macro in ("all", "exists", "existsOne", "transformList", "transformMap"):
        with pytest.raises(ExpressionError):
            program(f"input.m.{macro}(k, v, k == v)").check()


WORDS = """
    input.l input.m input.?l .?m .orValue([]) .map(x, .filter(x, .exists(x, .all(x, x x) true true) size( [ ] ( ) { } 'a': 'b' 1 in
    + == && ? : .l [0] [?0] dyn( .getHours( 'UTC' timestamp('2026-01-31T12:00:00Z') , ?'k': .split(',') -
"""


@cache
def engine() -> CelEngine:
    return CelEngine()


@given(st.lists(st.sampled_from(WORDS.split()), min_size=2, max_size=14).map(" ".join))
def test_what_compiles_as_written_compiles_with_questions(source: str) -> None:
    refusal = ""
    with suppress(RuntimeError):
        engine()._environment.compile(source)
        try:
            engine().compile(source)
        except EngineRefusal as refused:
            refusal = str(refused)
    assert "ERROR: <input>" not in refusal


def test_a_name_that_is_only_called_so_is_no_macro() -> None:
    assert guarded("input.map == 1").source == "input.map == 1"
    assert program("input.map + input.filter").evaluate({"input": {"map": 1, "filter": 2}}) == 3
