"""The check of values: what may come in, and what is said of the rest."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from contracts.errors import InvalidInput, Problem
from contracts.value_check import DEPTH_MAX, DIGITS_MAX, check, depth_of
from contracts.values import decode, encode, written, written_again
from domain.expressions import VALUE_DEPTH_MAX
from tests.odd_json import may_come_in, meant, odd

HALF = rb'"\ud83d"'


@settings(max_examples=300, deadline=None)
@given(odd)
def test_what_was_read_is_written_again_as_what_is_looked_at_wholly(value: bytes) -> None:
    if not may_come_in(value):
        return
    seen = {"body": decode(value), "by": None}
    assert outcome(written_again, seen) == outcome(written, seen)


def outcome(write: Callable[[Any], bytes], value: Any) -> bytes | list[Problem]:
    try:
        return write(value)
    except InvalidInput as refused:
        return list(refused.problems)


def test_what_becomes_too_deep_by_being_put_together_is_refused() -> None:
    deepest = decode(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert written_again(deepest) == written(deepest)
    with pytest.raises(InvalidInput, match="nested"):
        written_again({"body": deepest})


@settings(max_examples=300, deadline=None)
@given(odd)
def test_what_may_come_in_is_read_as_it_is_meant_and_the_rest_is_refused_with_a_place(value: bytes) -> None:
    if not may_come_in(value):
        with pytest.raises(InvalidInput) as refused:
            check(value, "/input")
        problem = refused.value.problems[0]
        assert problem.rule in ("depth", "number", "character")
        assert problem.path.startswith("/input")
        assert "expected" in problem.message
        return
    assert _same(decode(value), meant(value))
    assert _same(decode(encode(decode(value))), meant(value))


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one) == json.dumps(other)  # tells -0.0 from 0, and 1 from 1.0


@pytest.mark.parametrize(
    ("value", "path", "rule"),
    [
        (b"1e400", "", "number"),
        (b'{"a":[0,{"b":-1e309}]}', "/a/1/b", "number"),
        (b'{"a/b":{"~":1e400}}', "/a~1b/~0", "number"),
        (b'["x",[[],{}],%s]' % HALF, "/2", "character"),
        (b'{"a":1,%s:2}' % HALF, "", "character"),
        (b'[1,"' + b"7" * 5_000 + b'",' + b"7" * (DIGITS_MAX + 1) + b"]", "/2", "number"),
        (b"[0," + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"]", "/1" + "/0" * (DEPTH_MAX - 1), "depth"),
        (b"[1,]", "", "json"),
        (b"NaN", "", "json"),
        (b"@sha256:00:1", "", "json"),
        (b'"\xff"', "", "json"),
        (b"", "", "json"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: bytes, path: str, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(value)
    assert refused.value.problems[0][:2] == (path, rule)


def test_the_limits_are_reached_and_not_passed() -> None:
    for good in (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, b"9" * DIGITS_MAX, b'"' + b"9" * 10_000 + b'"', rb'"\\ud83d"'):
        assert check(good) is good
    assert (10**DIGITS_MAX).bit_length() <= 4_097
    assert int(b"9" * DIGITS_MAX).bit_length() <= 4_096
    assert DEPTH_MAX == VALUE_DEPTH_MAX


def test_a_refused_value_is_looked_at_no_further_than_a_bound() -> None:
    value = b"[" + b"1," * 200_000 + b"1e400]"
    with pytest.raises(InvalidInput, match="out of range"):
        check(value, "/input")


def test_depth_counts_no_brackets_in_texts() -> None:
    assert depth_of(rb'{"[[[\"[[[":["]]}}"],"a":[[1],[2]]}') == 3


def test_what_a_program_gives_is_a_value_or_refused() -> None:
    assert written({"a": None, "b": (1, 2**64)}) == b'{"a":null,"b":[1,18446744073709551616]}'
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    for wrong in (math.inf, [None, {"a": math.nan}], "\ud800", object(), {(1,): 2}, 10**5_000, cyclic):
        with pytest.raises(InvalidInput):
            written(wrong)


def test_deciding_stands_nowhere_on_a_stack_that_is_too_short() -> None:
    import domain.execution.decide

    assert domain.execution.decide is not None
    assert sys.getrecursionlimit() >= 20 * DEPTH_MAX
