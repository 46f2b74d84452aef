"""Sketches: at most 1/128 off, and the same whatever is added to what and in which order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.sketch import VALUE_MAX, Sketch, bucket_of, middle_of

VALUES = st.lists(st.integers(0, 2**45), max_size=60)


def sketch_of(values: list[int]) -> Sketch:
    made = Sketch()
    for value in values:
        made.add(value)
    return made


@given(st.integers(0, VALUE_MAX))
def test_a_value_is_found_again_to_a_part_in_128(value: int) -> None:
    assert abs(middle_of(bucket_of(value)) - value) <= value / 128


def test_buckets_rise_without_a_gap() -> None:
    buckets = [bucket_of(value) for value in range(100_000)]
    assert set(range(buckets[-1] + 1)) == set(buckets)
    assert buckets == sorted(buckets)


@given(VALUES, st.integers(1, 7), st.randoms(use_true_random=False))
def test_parts_add_up_to_the_same_bytes_in_any_order(values: list[int], parts: int, chance: random.Random) -> None:
    packed = [sketch_of(values[part::parts]).packed() for part in range(parts)]
    chance.shuffle(packed)
    merged = Sketch()
    for one in packed:
        merged.add_packed(one)
    assert merged.packed() == sketch_of(values).packed()
    assert merged.total == sum(min(value, VALUE_MAX) for value in values)
    assert merged.count == len(values)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_that_of_the_values(values: list[int], share: float) -> None:
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    found = sketch_of(values).percentile(share)
    assert found is not None
    assert abs(found - exact) <= exact / 128


@pytest.mark.parametrize(
    ("value", "counts_as"), [(-1, 0), (-(2**80), 0), (VALUE_MAX, VALUE_MAX), (VALUE_MAX + 1, VALUE_MAX), (2**200, VALUE_MAX)]
)
def test_what_is_beyond_counts_as_the_nearest(value: int, counts_as: int) -> None:
    made = sketch_of([value])
    assert (made.total, made.counts) == (counts_as, {bucket_of(counts_as): 1})


def test_of_nothing_there_is_no_percentile() -> None:
    assert Sketch().percentile(0.5) is None
    assert Sketch().packed() == b""
