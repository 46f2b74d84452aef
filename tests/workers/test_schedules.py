"""Schedules: each time at which one is due is started once, or as `catch_up` says, whatever is killed and however the clock jumps."""

from __future__ import annotations

import os
import random
import tracemalloc
from typing import Any, Final

import pytest

from contracts import codec
from contracts.resources import ResourceWritten
from contracts.times import rfc3339
from contracts.triggers import PAUSES, TRIGGERS
from domain.triggers.moments import jitter_of, times_between
from domain.triggers.schedule import SCHEDULE
from tests.workers.scheduling import DAY, HOUR, MINUTE, NOW, Played

YEAR: Final = 365 * DAY
SCHEDULES: Final = int(os.environ.get("REFOLD_SCHEDULES", "60"))
"""`make schedules` plays a thousand."""


def moments(name: str, **config: Any) -> Any:
    return SCHEDULE.moments(name, SCHEDULE.Config.model_validate({"id": "x", "type": "schedule", **config}))


def due_at(*times: int) -> list[str]:
    return [rfc3339(NOW + one) for one in times]


def test_it_starts_at_each_time_and_waits_in_between() -> None:
    played = Played()
    played.make("hourly", every="1h")
    played.pass_time(NOW + 3 * HOUR)
    assert played.causes("hourly") == due_at(HOUR, 2 * HOUR, 3 * HOUR)
    assert played.asked["hourly"] == 3
    assert [at for _, _, at in played.at] == [NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]


def test_a_jitter_is_less_than_it_says_and_the_same_for_ever() -> None:
    assert (jitter_of("a", 0), jitter_of("a", 300_000), jitter_of("b", 300_000)) == (0, 162_250, 87_946)
    played = Played()
    played.make("a", every="1h", jitter="5m")
    played.pass_time(NOW + HOUR + 5 * MINUTE)
    assert played.at == [("a", rfc3339(NOW + HOUR), NOW + HOUR + 162_250)]


@pytest.mark.parametrize(
    ("catch_up", "expected", "skipped"),
    [
        ({"catch_up": "none"}, [], [("missed", 10)]),
        ({"catch_up": "last"}, [10], [("missed", 9)]),
        ({"catch_up": "all"}, [*range(1, 11)], []),
        ({"catch_up": "all", "catch_up_limit": 3}, [8, 9, 10], [("missed", 7)]),
    ],
)
def test_what_was_missed_is_made_up_for_as_it_says(catch_up: dict[str, Any], expected: list[int], skipped: list[tuple[str, int]]) -> None:
    played = Played()
    played.make("hourly", every="1h", **catch_up)
    played.move()
    played.begin()
    played.move(10 * HOUR + 30 * MINUTE)
    assert played.causes("hourly") == due_at(*(HOUR * one for one in expected))
    assert played.skipped("hourly") == skipped
    played.pass_time(NOW + 11 * HOUR)
    assert played.causes("hourly")[-1:] == due_at(11 * HOUR)


def test_what_is_less_than_a_minute_late_was_not_missed() -> None:
    played = Played()
    played.make("x", every="1h")
    played.move()
    played.move(HOUR + MINUTE - 1)
    assert played.causes("x") == due_at(HOUR)
    played.begin().move(HOUR + 1)
    assert (played.causes("x"), played.skipped("x")) == (due_at(HOUR), [("missed", 1)])


def test_a_clock_that_is_set_back_fires_nothing_twice_and_begins_again_where_it_was() -> None:
    played = Played()
    played.make("hourly", every="1h", catch_up="all")
    played.pass_time(NOW + 3 * HOUR)
    for _ in range(2):
        played.clock.set(NOW + HOUR - 1)
        played.pass_time(NOW + 3 * HOUR)
        played.begin()
    assert played.causes("hourly") == due_at(HOUR, 2 * HOUR, 3 * HOUR)
    played.pass_time(NOW + 4 * HOUR)
    assert (played.causes("hourly")[3:], played.asked["hourly"]) == (due_at(4 * HOUR), 4)


def test_one_that_was_changed_fires_no_time_from_before_and_one_that_was_not_misses_none() -> None:
    played = Played()
    played.make("changed", every="1h", catch_up="all")
    played.make("same", every="1h", catch_up="all")
    played.pass_time(NOW + HOUR)
    played.clock.advance(HOUR)  # nobody is there
    played.make("changed", every="30m", catch_up="all")
    played.make("same", every="1h", catch_up="all")
    played.begin().pass_time(NOW + 2 * HOUR + 30 * MINUTE)
    assert played.causes("changed") == due_at(HOUR, 2 * HOUR + 30 * MINUTE)
    assert played.causes("same") == due_at(HOUR, 2 * HOUR)


def test_one_that_is_paused_passes_over_what_comes_due_and_goes_on_when_it_is_resumed() -> None:
    played = Played()
    played.make("hourly", every="1h", catch_up="all")
    played.pass_time(NOW + HOUR)
    played.resources.write(PAUSES, "hourly", b"{}", "ada")
    played.pass_time(NOW + 4 * HOUR)
    assert len(played.schedules) == 0
    played.resources.delete(PAUSES, "hourly", "ada")
    played.begin().pass_time(NOW + 5 * HOUR)
    assert played.causes("hourly") == due_at(HOUR, 5 * HOUR)


def test_one_that_was_deleted_or_is_over_waits_no_more() -> None:
    played = Played()
    played.make("gone", every="1h")
    played.make("once", at=rfc3339(NOW + HOUR))
    played.make("ends", every="1h", starts=rfc3339(NOW + 2 * HOUR), ends=rfc3339(NOW + 3 * HOUR))
    played.pass_time(NOW + HOUR)
    played.resources.delete(TRIGGERS, "gone", "ada")
    played.pass_time(NOW + DAY)
    assert {name: played.causes(name) for name in ("gone", "once", "ends")} == {
        "gone": due_at(HOUR), "once": due_at(HOUR), "ends": due_at(2 * HOUR, 3 * HOUR),
    }  # fmt: skip
    assert (len(played.schedules), played.schedules.next_due()) == (0, None)


def test_a_moment_in_the_past_is_never_due() -> None:
    played = Played()
    played.make("once", at=rfc3339(NOW - 1), catch_up="all")
    played.pass_time(NOW + DAY)
    assert played.causes("once") == []


def test_what_cannot_be_started_now_is_tried_again_until_it_is() -> None:
    played = Played()
    played.make("hourly", every="1h")
    left = [5]

    def fails() -> bool:
        left[0] -= 1
        return left[0] >= 0

    played.fails = fails
    played.pass_time(NOW + HOUR + 10_000)
    assert played.causes("hourly") == due_at(HOUR)
    assert played.at[0][2] == NOW + HOUR + 5_000


def test_of_more_times_than_there_is_room_for_those_that_had_room_are_not_asked_for_again() -> None:
    played = Played()
    played.make("often", every="1s", catch_up="all")
    room: dict[int, int] = {}

    def fails() -> bool:
        now = played.clock.now()
        room[now] = room.get(now, 0) + 1
        return room[now] > 2  # two have room at a time, be it for a start that there is already

    played.fails = fails
    played.move()
    played.move(7_000)  # nobody was there: seven are due together
    played.pass_time(NOW + 20_000)
    assert played.causes("often") == due_at(*range(1_000, 21_000, 1_000))


@pytest.mark.parametrize("room", [0, 1])
def test_what_is_tried_again_is_counted_once(room: int) -> None:
    played = Played()
    played.make("hourly", every="1h", catch_up="all", catch_up_limit=3)
    asked = [0]

    def fails() -> bool:
        asked[0] += 1
        return room < asked[0] <= 10

    played.fails = fails
    played.move()
    played.move(10 * HOUR + 2 * MINUTE)  # ten were missed, and of three that are started so many have room
    played.pass_time(NOW + 10 * HOUR + 3 * MINUTE)
    counted = played.resources.triggers.metrics
    assert (counted.fired, counted.missed, counted.refused) == (3, 7, 0)
    assert played.skipped("hourly") == [("missed", 7)]


def test_killed_between_the_start_and_its_note_it_is_the_same_start_again() -> None:
    played = Played()
    played.make("hourly", every="1h", catch_up="last")
    played.dies_before_noting = True
    played.pass_time(NOW + HOUR)
    played.dies_before_noting = False
    played.begin().move(2_000)
    assert (played.causes("hourly"), played.asked["hourly"]) == (due_at(HOUR), 2)
    played.started.clear()  # the execution was removed long since
    played.begin().move(1_000)
    assert played.causes("hourly") == []


def test_an_input_that_cannot_be_filled_in_starts_nothing_and_says_why() -> None:
    played = Played()
    played.make("odd", every="1h", input={"x": "{{ int(trigger.due) }}"})
    played.pass_time(NOW + 2 * HOUR)
    assert [reason for reason, _ in played.skipped("odd")] == ["expression", "expression"]
    assert played.causes("odd") == []


LINES: Final = [
    {"cron": "0 2 * * *"}, {"cron": "30 2 * * 1-5"}, {"cron": "0 0 1 * *"}, {"cron": "*/30 1 * * 0"}, {"cron": "15 3 L * *"},
    {"cron": "0 12 * * 1#1"}, {"cron": "0 30 2 * * 0"}, {"every": "3d"}, {"every": "36h", "anchor": "2026-11-30T05:00:00+02:00"},
    {"at": "2027-06-01T00:00:00Z"},
]  # fmt: skip
ZONES: Final = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")


def a_schedule(number: int) -> dict[str, Any]:
    config: dict[str, Any] = dict(LINES[number % len(LINES)])
    if "cron" in config:
        config["time_zone"] = ZONES[number // len(LINES) % len(ZONES)]
    if number % 3 == 0:
        config["jitter"] = "20m"
    return config | {"catch_up": ("none", "last", "all")[number // 7 % 3], "catch_up_limit": 1_000}


def test_many_schedules_over_a_year_with_kills_and_jumps_are_each_due_once_or_as_they_say() -> None:
    chance = random.Random(7)
    played = Played()
    configs = {f"s{number}": a_schedule(number) for number in range(SCHEDULES)}
    for name, config in configs.items():
        played.make(name, **config)
    now, down = NOW, 0
    while now < NOW + YEAR:
        until = min(NOW + YEAR, now + chance.randrange(DAY, 20 * DAY))
        played.dies_before_noting = chance.random() < 0.2  # it dies with what it started last not noted
        if not played.dies_before_noting:
            played.pass_time(until)
        else:
            played.move(until - now)
        played.dies_before_noting = False
        if chance.random() < 0.3:
            played.clock.set(until - chance.randrange(HOUR))  # set back
            played.move()
        down = chance.randrange(3 * DAY) if chance.random() < 0.5 else 0
        now = min(NOW + YEAR, until + down)
        played.clock.set(now)
        played.begin()
    played.pass_time(now)
    found: dict[str, list[str]] = {name: [] for name in configs}
    for name, cause in played.started.values():
        found[name].append(cause)
    for name, config in configs.items():
        schedule = moments(name, **config)
        all_ = [rfc3339(due) for due in times_between(schedule, NOW, NOW + YEAR - schedule.jitter_ms, 10**6)]
        assert len(set(found[name])) == len(found[name]), f"{name}: twice"
        assert set(found[name]) <= set(all_), f"{name}: at a time at which it is not due"
        if config["catch_up"] == "all":
            assert sorted(found[name]) == all_, f"{name}: missed"


def test_ten_thousand_that_wait_take_a_kilobyte_each_and_are_not_looked_at() -> None:
    played = Played()
    for number in range(10_000):
        content = b'{"workflow":"w","trigger":{"type":"schedule","cron":"%d 2 * * 1-5","time_zone":"Europe/Berlin"}}' % (number % 60)
        played.log.append("resources", {0: [codec.pack(ResourceWritten(TRIGGERS, f"s{number}", content, 1, "ada", NOW))]})
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    played.begin().move()
    taken = sum(one.size_diff for one in tracemalloc.take_snapshot().compare_to(before, "filename"))
    tracemalloc.stop()
    assert len(played.schedules) == 10_000
    assert taken / 10_000 <= 1_024, f"{taken / 10_000:.0f} bytes each"
    looked: list[str] = []
    played.schedules._take_up = lambda name, now: looked.append(name)  # type: ignore[method-assign]  # who would be looked at
    for _ in range(1_000):
        played.move(1)
    assert looked == []
