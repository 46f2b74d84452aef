"""Chance: what ids are made of."""

from __future__ import annotations

from infra.chance import Chance


def test_no_number_comes_twice_also_not_over_the_end_of_a_block() -> None:
    chance = Chance()
    numbers = [chance.bits() for _ in range(5_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(0 <= number < 1 << 40 for number in numbers)


def test_two_draw_different_numbers() -> None:
    one, other = Chance(), Chance()
    assert not {one.bits() for _ in range(100)} & {other.bits() for _ in range(100)}
