"""The conformance suite of `contracts/ports/clock.py`."""

from __future__ import annotations

import time

import pytest

from contracts.ports.clock import Clock
from infra.clock import ManualClock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(1_763_700_000_000)], ids=["system", "manual"])
def test_the_time_is_whole_milliseconds_of_this_age(clock: Clock) -> None:
    assert isinstance(clock.now(), int)
    assert 1_700_000_000_000 < clock.now() < 4_000_000_000_000


def test_the_system_clock_tells_the_time_of_the_machine() -> None:
    before = int(time.time() * 1000)
    now = SystemClock().now()
    assert before <= now <= time.time() * 1000


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(start=5_000)
    assert [clock.now(), clock.now()] == [5_000, 5_000]
    clock.advance(250)
    assert clock.now() == 5_250


def test_a_manual_clock_may_jump_backwards_as_a_real_one_does() -> None:
    clock = ManualClock(start=5_000)
    clock.set(1_000)
    assert clock.now() == 1_000


def test_a_manual_clock_does_not_pass_time_backwards() -> None:
    with pytest.raises(AssertionError, match="-1 ms is backwards"):
        ManualClock().advance(-1)
