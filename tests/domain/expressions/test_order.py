"""The same expression over the same values gives the same bytes, in whichever process."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ExpressionError
from contracts.values import encode
from domain.expressions import program
from domain.expressions.order import guarded

MAP = {"m": {"e": 1, "a": 2, "d": {"z": 1, "b": 2}, "c": 4, "b": 5, "f": 6}, "l": [3, 1, 2], "maps": [{"b": 1, "a": 2}]}

SOURCES = [
    "{'z': 1, 'm': input, 'a': [{'q': 1, 'b': 2}]}",
    "input.l.map(x, {'z': x, 'b': x, 'm': input.m})",
    "[input.m, input.m].filter(x, x.a == 2)",
    "input.m.exists(k, k == 'a') && input.m.all(k, size(k) == 1)",
    "input.maps.map(x, x)",
    "input.?m.orValue({})",
]


@pytest.mark.parametrize("source", SOURCES)
def test_every_process_gives_the_same_bytes(source: str) -> None:
    imports = "from domain.expressions import program; from contracts.values import encode"
    code = f"{imports}; print(encode(program({source!r}).evaluate({{'input': {MAP!r}}})))"
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout for _ in range(4)}
    assert len(found) == 1


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
    ],
)
def test_lists_are_walked_as_before(source: str, value: Any) -> None:
    assert program(source).evaluate({"input": MAP}) == value


def test_a_name_that_is_only_called_so_is_no_macro() -> None:
    assert guarded("input.map == 1") == "input.map == 1"
    assert program("input.map + input.filter").evaluate({"input": {"map": 1, "filter": 2}}) == 3
