"""Alarms and the watch over what blocks."""

import threading
from functools import partial
from typing import Any

import pytest

from workers.running.activity_error import ActivityError
from workers.running.alarms import CANCELLED_MAX, Alarms
from workers.running.attempt import Attempt
from workers.running.watch import Watch, seconds_of

WAIT_S = 20.0


def test_alarms_ring_in_the_order_of_their_times() -> None:
    alarms, all_set, is_over = Alarms(), threading.Event(), threading.Event()
    rung: list[float] = []

    def hold_up() -> None:
        assert all_set.wait(WAIT_S)

    alarms.after(0.0, hold_up)  # none rings before the last one is set, however slow that goes
    for seconds in (0.04, 0.01, 0.02):
        alarms.after(seconds, partial(rung.append, seconds))
    alarms.after(0.5, is_over.set)
    all_set.set()
    assert is_over.wait(WAIT_S)
    assert rung == [0.01, 0.02, 0.04]


def test_a_cancelled_alarm_does_not_ring_and_is_cleared_away() -> None:
    alarms, rung, is_over = Alarms(), [], threading.Event()
    for _ in range(CANCELLED_MAX + 1):
        alarms.after(0.01, lambda: rung.append(1)).cancel()
    alarms.after(0.02, is_over.set)
    assert is_over.wait(WAIT_S)
    assert rung == []


def test_an_alarm_that_fails_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    alarms, is_over = Alarms(), threading.Event()
    alarms.after(0.0, lambda: [][0])
    alarms.after(0.01, is_over.set)
    assert is_over.wait(WAIT_S)
    assert "an alarm's call failed" in caplog.text


def test_a_watch_stops_what_takes_too_long(attempt: Attempt) -> None:
    stopped = threading.Event()
    with Watch(attempt, 0.01, stopped.set) as watch:
        assert stopped.wait(WAIT_S)
    assert watch.is_late


def test_a_watch_stops_what_is_cancelled_and_nothing_after_its_end(attempt: Attempt) -> None:
    first, second = threading.Event(), threading.Event()
    with Watch(attempt, 60, first.set):
        pass
    with Watch(attempt, 60, second.set) as watch:
        attempt.cancel()
        assert second.is_set()
    assert (first.is_set(), watch.is_late) == (False, False)


def test_a_watch_keeps_the_heartbeat_going(attempt: Attempt, clock: Any) -> None:
    class Beating:
        is_cancelled = False

        def __init__(self) -> None:
            self.beats = threading.Semaphore(0)
            self.on_cancel = attempt.on_cancel

        def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
            self.beats.release()

    context: Any = Beating()
    with Watch(context, 60, lambda: None):
        assert context.beats.acquire(timeout=WAIT_S)
        assert context.beats.acquire(timeout=WAIT_S)


def test_a_duration_that_is_none_names_its_field() -> None:
    assert seconds_of("1m30s", "timeout") == 90
    with pytest.raises(ActivityError, match=r"config\.timeout: expected a duration"):
        seconds_of("90", "timeout")
