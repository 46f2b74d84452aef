"""What is shared, repeated or built to be slow costs no more than it is charged: none of this would end in time else."""

from __future__ import annotations

from contextlib import suppress

import pytest

from contracts.errors import ExpressionError
from domain.expressions import program
from domain.expressions.values import UInt, bare, key_of
from tests.calls import calls_of

ONE_HASH = 2**61 - 1
"""All multiples of it have the same hash in Python."""
TEXT = "é" * 2_000


@pytest.mark.parametrize(
    "source",
    [
        "lists.range(5000).map(x, input.text)",
        "lists.range(5000).map(x, {input.text: x})",
        "lists.range(500).map(y, lists.range(5).map(x, input.text))",
        "lists.range(20000).map(x, input.text)",
    ],
)
def test_a_text_that_stands_in_many_places_is_looked_at_once(source: str) -> None:
    def evaluate() -> None:
        with suppress(ExpressionError):  # the last one is over a bound
            program(source).evaluate({"input": {"text": TEXT}})

    assert calls_of("encode", evaluate) <= 4


@pytest.mark.parametrize("kind", [int, UInt])
@pytest.mark.parametrize("sign", [1, -1])
def test_keys_of_maps_do_not_share_a_hash(kind: type[int], sign: int) -> None:
    numbers = [kind(sign * number * ONE_HASH) for number in range(1, 1_001)]
    keys = [key_of(number) for number in numbers]
    assert len(set(map(hash, keys))) > 990
    assert [(bare(key), type(bare(key))) for key in keys] == [(number, kind) for number in numbers]


def test_distinct_ints_of_one_hash_are_told_apart_in_time() -> None:
    items = [number * ONE_HASH for number in range(60_000)]
    assert program("input.distinct()").evaluate({"input": [*items, *items[:100]]}) == items


def test_a_long_key_is_the_same_key_however_its_number_is_written() -> None:
    for key in ("2305843009213693952", "2305843009213693952u", "2305843009213693952.0"):
        assert program(f"{{2305843009213693952: 'a'}}[{key}]").evaluate({}) == "a"
        assert program(f"[2305843009213693952, {key}].distinct().size()").evaluate({}) == 1
    assert program("{-2305843009213693952: 'a'}").evaluate({}) == {"-2305843009213693952": "a"}
    assert program("{18446744073709551615u: 1}.exists(k, type(k) == uint && k == 18446744073709551615u)").evaluate({}) is True


@pytest.mark.parametrize("part", ["ab" + "a" * 1_000_000, "a" * 1_000_000 + "b", "a" * 500_000 + "b" + "a" * 500_000])
def test_a_text_is_sought_from_the_end_in_time(part: str) -> None:
    for text, found in (("a" * 2_000_000, -1), (f"x{part}x{part}x", 2 + len(part))):
        assert program("input.text.lastIndexOf(input.part)").evaluate({"input": {"text": text, "part": part}}) == found


@pytest.mark.parametrize("part", ["", "b", "ab", "b" * 20, "ab" * 20])
@pytest.mark.parametrize("start", [0, 1, 7, 40, 81])
def test_the_last_place_is_that_of_python(part: str, start: int) -> None:
    text = "ab" * 40 + "b"
    names = {"input": {"text": text, "part": part, "start": start}}
    assert program("input.text.lastIndexOf(input.part)").evaluate(names) == text.rfind(part)
    assert program("input.text.lastIndexOf(input.part, input.start)").evaluate(names) == text.rfind(part, 0, start + len(part))


@pytest.mark.parametrize("source", ["{true: 1, true: 2}", "[1, 2].transformMapEntry(i, x, {true: x})"])
def test_a_key_that_comes_twice_is_said_as_it_is_written(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        program(source).evaluate({})
    assert str(caught.value) == f"`{source}`: the key `true` comes twice"
