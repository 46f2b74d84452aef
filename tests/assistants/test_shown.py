"""What an assistant is shown of an answer: never more than it can read, and the way to all of the rest."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.assistants.shown import SHOWN_BYTES_MAX, part_of, shown
from contracts.errors import InvalidInput
from contracts.values import encode

LEFT_OUT = re.compile(r"part=(\S+)(?: start=(\d+))?")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=3_000),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=200), inner, max_size=40),
    max_leaves=60,
)


def test_what_is_short_is_shown_as_it_is() -> None:
    assert shown({"a": [1, "b", None]}) == '{"a":[1,"b",null]}'
    assert shown("a text\nof two lines") == "a text\nof two lines"


@settings(max_examples=60)
@given(VALUES)
def test_whatever_the_answer_is_it_is_never_too_long(value: Any) -> None:
    text = shown(value)
    assert len(text.encode()) <= SHOWN_BYTES_MAX
    if not isinstance(value, str):
        json.loads(text)


@pytest.mark.parametrize(
    "value", ["ä" * 100_000, '"\\' * 50_000, {"x" * 90_000: 1}, [["x" * 30_000] * 5], {str(n): "y" * 90 for n in range(5_000)}]
)
def test_what_is_long_in_odd_ways_is_never_too_long(value: Any) -> None:
    assert len(shown(value).encode()) <= SHOWN_BYTES_MAX


def test_a_large_value_does_not_hide_the_small_ones() -> None:
    found = json.loads(shown({"large": "x" * 100_000, "nodes": [{"path": f"n{n}", "output": n} for n in range(50)], "status": "failed"}))
    assert (found["status"], len(found["nodes"])) == ("failed", 50)
    assert "of 100,000 characters are left out: part=/large start=" in found["large"]


def test_a_list_is_read_to_its_end_by_what_each_answer_says() -> None:
    rows = [{"n": n, "text": "x" * 200} for n in range(1_000)]
    read, start, asked = list[Any](), 0, 0
    while len(read) < len(rows):
        *some, last = json.loads(shown({"rows": rows, "next": None}, "/rows", start))
        asked += 1
        read += some
        if isinstance(last, dict):
            read.append(last)
        else:
            found = LEFT_OUT.search(last)
            assert found is not None
            assert found[1] == "/rows"
            start = int(found[2])
    assert (read, asked > 5) == (rows, True)


def test_a_text_is_read_to_its_end() -> None:
    whole = "".join(f"{n} ä\n" for n in range(20_000))
    read, start = "", 0
    while (found := LEFT_OUT.search(text := shown({"s": whole}, "/s", start))) is not None:
        read, start = whole[: int(found[2])], int(found[2])
        assert text.startswith(whole[len(read) - len(text.partition("…")[0]) : len(read)])
    assert read + text == whole


@pytest.mark.parametrize(("pointer", "value"), [("", {"a/b": [{"~": 7}]}), ("/a~1b/0", {"~": 7}), ("/a~1b/0/~0", 7)])
def test_a_part_is_named_by_a_json_pointer(pointer: str, value: Any) -> None:
    assert part_of({"a/b": [{"~": 7}]}, pointer) == value


@pytest.mark.parametrize(
    ("pointer", "start", "said"),
    [
        ("a", 0, "begins with `/`"),
        ("/b", 0, "has no `b`; it has: a, c"),
        ("/a/2", 0, "it has: 2 items"),
        ("/a/-1", 0, "it has: 2 items"),
        ("/c/x", 0, "no parts"),
        ("/a", 3, "`/a` has 2 items"),
        ("/c", 1, "no list and no text"),
        ("/a/99999999999999999999", 0, "2 items"),
    ],
)
def test_a_part_that_is_not_there_is_refused_with_what_there_is(pointer: str, start: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        shown({"a": [1, 2], "c": 5}, pointer, start)


def test_the_marks_of_a_whole_are_counted_in() -> None:
    nested: Any = "x" * 50_000
    for n in range(60):
        nested = {f"k{n}": nested, "small": n}
    assert len(encode(json.loads(shown(nested)))) <= SHOWN_BYTES_MAX
