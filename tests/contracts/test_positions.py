"""Positions and ids: what a caller holds in its hands names a place, and always the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import (
    ALPHABET,
    PARTITIONS_MAX,
    child_id,
    counted_in,
    is_execution_id,
    make_execution_id,
    make_key_id,
    partition_of,
)
from contracts.positions import OFFSET_MAX, Positions, partition_and_offset, position_of

PARTITIONS = st.integers(0, PARTITIONS_MAX - 1)
OFFSETS = st.integers(0, OFFSET_MAX)
COUNTS = st.integers(1, PARTITIONS_MAX)
TIMES = st.integers(0, 2**48 - 1)
CHANCE = st.integers(0, 2**40 - 1)
OWN = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,40}\Z") | st.text(ALPHABET, min_size=20, max_size=20)
"""Callers' ids, and many that look like ours."""


@given(PARTITIONS, OFFSETS)
def test_a_position_names_partition_and_offset_and_stays_a_number_that_an_api_takes(partition: int, offset: int) -> None:
    position = position_of(partition, offset)
    assert partition_and_offset(position) == (partition, offset)
    assert 0 <= position < 2**62 + PARTITIONS_MAX


@given(PARTITIONS, OFFSETS, OFFSETS)
def test_positions_of_a_partition_grow_with_its_offsets(partition: int, one: int, other: int) -> None:
    assert (position_of(partition, one) < position_of(partition, other)) == (one < other)


@given(OFFSETS, PARTITIONS)
def test_an_embedded_log_has_plain_offsets(offset: int, partition: int) -> None:
    assert Positions(is_divided=False).of(0, offset) == offset
    assert Positions(is_divided=False).partition_and_offset(offset) == (0, offset)
    divided = Positions(is_divided=True)
    assert divided.partition_and_offset(divided.of(partition, offset)) == (partition, offset)


@pytest.mark.parametrize("place", [(-1, 0), (PARTITIONS_MAX, 0), (0, -1), (0, OFFSET_MAX + 1)])
def test_a_place_that_is_none_has_no_position(place: tuple[int, int]) -> None:
    with pytest.raises(AssertionError):
        position_of(*place)


@given(TIMES, PARTITIONS, CHANCE, COUNTS)
def test_an_id_that_refold_makes_carries_its_partition_be_it_added_later_or_not(time: int, partition: int, chance: int, count: int) -> None:
    made = make_execution_id(time, partition, chance, count)
    assert partition_of(made, count) == partition
    assert partition_of(child_id(made, "a/b", 2), count) == partition
    assert is_execution_id(made) == (partition < count)


@given(OWN.filter(is_execution_id), COUNTS)
def test_a_callers_own_id_lives_in_a_partition_that_the_log_began_with(execution: str, count: int) -> None:
    assert 0 <= partition_of(execution, count) < count


def test_no_caller_can_have_an_id_of_a_partition_that_was_added() -> None:
    made = make_execution_id(1_760_000_000_000, 11, 7, 8)
    assert made[10] == "."
    assert not is_execution_id(made)
    assert is_execution_id(make_execution_id(1_760_000_000_000, 3, 7, 8))
    assert is_execution_id("order-7.2026")


@given(st.text(max_size=20), COUNTS)
def test_where_executions_of_a_workflow_are_counted_an_id_by_a_key_can_lie_and_no_caller_can_have_it(workflow: str, count: int) -> None:
    partition = counted_in(workflow, count)
    made = make_key_id("0123456789abcdef" * 2, partition)
    assert 0 <= partition < count
    assert partition_of(made, count) == partition_of(child_id(made, "a/b", 2), count) == partition
    assert not is_execution_id(made)
    assert is_execution_id(make_key_id("0123456789abcdef" * 2))


def test_callers_ids_spread_over_the_partitions() -> None:
    assert {partition_of(f"order-{number}", 8) for number in range(200)} == set(range(8))


@given(TIMES, TIMES, PARTITIONS, PARTITIONS, CHANCE, COUNTS)
def test_ids_sort_by_time(one: int, other: int, first: int, second: int, chance: int, count: int) -> None:
    if one < other:
        assert make_execution_id(one, first, chance, count) < make_execution_id(other, second, chance, count)
