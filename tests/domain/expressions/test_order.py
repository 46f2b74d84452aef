"""The same expression over the same values gives the same bytes, in whichever process; maps keep the order of their source."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ExpressionError
from contracts.values import encode
from domain.expressions import program

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
    "input.m.map(k, k) + input.m.filter(k, input.m[k] != 1)",
    "input.m.transformMap(k, v, [k, v])",
    "'%s %s %f'.format([input.m, [input.mixed], 0.1])",
    "[1.0 / 3.0, 1e21, 1e-7, 123456789.125, -0.0].map(x, string(x))",
    "timestamp('2026-01-31T12:00:00.25+01:00')",
    "sets.equivalent(input.m.map(k, k), ['f', 'b', 'c', 'd', 'a', 'e'])",
    "{1: 'a', true: 'b', 2u: 'c'}",
    "[3, 1, 2.5, -1].sort().map(x, string(x)).join(' ')",
]
FAILING = [
    "input.mixed.all(k, input.mixed[k] > 0)",
    "input.mixed.exists(k, input.mixed[k] > 100)",
    "input.mixed.exists_one(k, input.mixed[k] > 0)",
    "input.maps.all(x, x.exists(k, x[k] + k == 1))",
    "{'a': 1.0 / 0.0, 'b': -1.0 / 0.0, 'c': [type(1)]}",
    "int(dyn({'z': 1, 'b': 2, 'a': 3, 'c': 4}))",
    "input.x || input.y",
    "input.nope.b + vars.z",
    "vars.z",
    "input.wide.exists(k, k == 'k7' || input.many.all(x, input.many.all(y, x >= 0)))",
    "timestamp('2026-01-31T12:00:00Z').getHours(input.zone)",
]
MIXED: Final[dict[str, Any]] = {"e": 1, "a": "x", "d": None, "c": 4, "b": [5], "f": True, "g": 1.5, "h": {"z": 1}}
MORE: Final[dict[str, Any]] = {"mixed": MIXED, "wide": {f"k{i}": i for i in range(60)}, "many": list(range(300)), "zone": "localtime"}
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
    """What all sources give in several processes, each with another hash seed and another zone."""
    said = []
    for i, zone in enumerate(("UTC", "Asia/Tokyo", "America/New_York", "UTC", "UTC")):
        found = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=repr(({"input": MAP | MORE, "error": None, "data": 1}, SOURCES + FAILING)),
            capture_output=True,
            check=True,
            text=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": str(i), "TZ": zone, "TZDIR": "/nowhere" if i > 2 else ""},
        )
        said.append(found.stdout.splitlines())
    return said


@pytest.mark.parametrize("at", range(len(SOURCES + FAILING)), ids=SOURCES + FAILING)
def test_every_process_says_the_same(at: int) -> None:
    everything = said_in_fresh_processes()
    assert {len(lines) for lines in everything} == {len(SOURCES + FAILING)}
    assert len({lines[at] for lines in everything}) == 1


@given(st.permutations(list(MAP["m"])))
def test_maps_keep_the_order_of_their_source(keys: list[str]) -> None:
    shuffled: dict[str, Any] = {"m": {key: MAP["m"][key] for key in keys}}
    once = program("{'z': input.m, 'a': input.m.d, 'keys': input.m.map(k, k)}").evaluate({"input": shuffled})
    assert encode(once) == encode({"z": shuffled["m"], "a": {"z": 1, "b": 2}, "keys": keys})


@given(st.permutations(list(MAP["m"])))
def test_a_path_and_what_is_computed_give_the_same_bytes(keys: list[str]) -> None:
    names = {"input": {"m": {key: MAP["m"][key] for key in keys}}}
    sources = [
        "input.m",
        "(input).m",
        "input['m']",
        "input.?m",
        "dyn(input.m)",
        "[input.m][0]",
        "true ? input.m : 1",
        "cel.bind(x, input.m, x)",
    ]
    assert len({encode(program(source).evaluate(names)) for source in sources}) == 1


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("input.m.map(k, k)", ["e", "a", "d", "c", "b", "f"]),
        ("input.m.filter(k, k > 'b')", ["e", "d", "c", "f"]),
        ("input.m.map(k, k != 'd', input.m[k])", [1, 2, 4, 5, 6]),
        ("input.maps.map(x, x.map(k, x[k]))", [[1, 2]]),
        ("input.m.transformList(k, v, k != 'd', k + string(v))", ["e1", "a2", "c4", "b5", "f6"]),
        ("input.maps[0].transformMap(k, v, v * 2)", {"b": 2, "a": 4}),
        ("input.maps[0].transformMapEntry(k, v, {string(v): k})", {"1": "b", "2": "a"}),
        ("input.l.transformMap(i, x, x > 1, x)", {"0": 3, "2": 2}),
        ("input.l.all(i, x, x > i - 2)", True),
        ("input.m.exists(k, v, k == 'f' && v == 6)", True),
        ("input.l.sort()", [1, 2, 3]),
        ("input.l.sortBy(x, -x)", [3, 2, 1]),
        ("'%s'.format([input.maps[0]])", "{a: 2, b: 1}"),
        ("{'b': 1} + {'a': 2, 'b': 3}", {"b": 3, "a": 2}),
    ],
)
def test_macros_go_over_a_map_in_its_order(source: str, value: Any) -> None:
    assert encode(program(source).evaluate({"input": MAP})) == encode(value)


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
        ("1 in [1, 2].map(x, x)", True),
        ("input.?none.?b.orValue([1]).map(x, x)", [1]),
        ("input // a comment )\n .l // and another\n .map(x, x)", [3, 1, 2]),
        ("[[1, 2], [3]].map(map, map.map(size, size + 1).exists(string, string == 2))", [True, False]),
        ("input.l" + ".map(x, x)" * 25, [3, 1, 2]),
        ("-input.l.map(x, x)[0] - .input.l.map(x, x)[1]", -4),
        ("[1, 2].map(x, [3, 4].map(x, x * 10) + [x])", [[30, 40, 1], [30, 40, 2]]),
        ("cel.bind(x, 5, [1].map(x, x) + [x])", [1, 5]),
        ("[9].map(math, math + 1)", [10]),
        ("input.m.exists_one(k, k > 'e')", True),
        ("{'q': 1, 'b': 2}.all(k, k in ['b', 'q'])", True),
        ("{}.exists(k, true)", False),
        ("true || input.m.all(k, k)", True),
        ("input.huge.exists(k, input.huge[k] > 1.0)", True),
        ("{input.l[0]: 'x'}[3]", "x"),
        ("{1: 'low', 2: 'high'}[2]", "high"),
        ("{(true ? 'a' : 'b'): {true ? 'c' : 'd': 1}, 'e': true ? 1 : 2}", {"a": {"c": 1}, "e": 1}),
        ("{?'a': input.?nothing, ?'b': input.?l, 'c': input.l[?9].orValue(1)}", {"b": [3, 1, 2], "c": 1}),
        ("[?input.?nothing, ?input.?l, 1]", [[3, 1, 2], 1]),
        ("[optional.none(), optional.of(2)].unwrapOpt()", [2]),
        ("input.?l.optMap(x, x[0] + 1)", 4),
        ("base64.encode(b'abc') + string(base64.decode('YWJj'))", "YWJjabc"),
        ("input.map.filter + input.all", 3),
    ],
)
def test_expressions_give_their_values(source: str, value: Any) -> None:
    names = {"input": {**MAP, **MORE, "huge": {"a": 10**30, "b": 2**63}, "map": {"filter": 1}, "all": 2}}
    assert program(source).evaluate(names) == value


@given(st.permutations(sorted(MIXED)), st.sampled_from(["all", "exists", "exists_one"]), st.sampled_from(["> 3", "== 'x'", "+ 1 == 2"]))
def test_what_fails_first_in_a_map_is_told(keys: list[str], macro: str, question: str) -> None:
    one = program(f"input.{macro}(k, input[k] {question})")
    names = {"input": {key: MIXED[key] for key in keys}}

    def said() -> Any:
        try:
            return one.evaluate(names)
        except ExpressionError as error:
            return str(error)

    assert said() == said()


@pytest.mark.parametrize("source", ["{1: 'a', '1': 'b'}", "{true: 1, 'true': 2}", "[{-0: 1, 'x': {}, '0': 2}]"])
def test_keys_of_one_map_in_a_result_have_different_texts(source: str) -> None:
    with pytest.raises(ExpressionError, match="two keys of a map have the text"):
        program(source).evaluate({})
    assert program(f"size({source})").evaluate({})


@pytest.mark.parametrize("source", ["{'a': 1, 'a': 2}", "{1: 'a', 1u: 'b'}", "{input.k: 1, 'k': 2}"])
def test_no_key_is_written_twice(source: str) -> None:
    with pytest.raises(ExpressionError, match="comes twice"):
        program(source).evaluate({"input": {"k": "k"}})


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
