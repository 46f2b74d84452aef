"""Cron lines: the same times whoever asks from when, one after the other, and what the library is known to do."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta, tzinfo
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from domain.triggers.cron import cron_after, cron_fault, zone_of
from domain.triggers.moments import Moments, last_times
from tests.domain.transitions import LINES, ZONES, transitions

NOW = 1_767_225_600_000


ASKED: Final = [*LINES, "0,30 1 * * *", "*/7 0-3 * * *", "15 */2 * * *", "0 0 * * *"]
OVER_AN_HOUR: Final = ("Australia/Lord_Howe", "15 */2 * * *")
"""The library goes on by whole hours, and so past an hour that begins half an hour later (`findings/cronsim-half-hour.sh`)."""


@pytest.mark.parametrize(("name", "line"), [one for one in product([*ZONES, "UTC"], ASKED) if one != OVER_AN_HOUR])
def test_around_transitions_whoever_asks_from_any_time_on_gets_the_same_times(name: str, line: str) -> None:
    zone = zone_of(name)
    moments = [at for at, _ in transitions(zone)][:4] if isinstance(zone, ZoneInfo) else [datetime.fromtimestamp(NOW / 1000, zone)]
    for at in moments:
        begin, end = (round((at + timedelta(hours=hours)).timestamp() * 1000) for hours in (-5, 5))
        times, due = [], cron_after(line, zone, begin)
        while due is not None and due < end:
            times.append(due)
            due = cron_after(line, zone, due)
        assert times == sorted(set(times))
        for asked in range(begin, end, 7 * 60_000):
            following = cron_after(line, zone, asked)
            rest = times[bisect_right(times, asked) :]
            assert following == rest[0] if rest else following is None or following >= end, (at, asked)


def test_on_lord_howe_island_the_library_goes_past_an_hour_when_the_clock_is_set_back() -> None:
    zone, line = zone_of(OVER_AN_HOUR[0]), OVER_AN_HOUR[1]
    before, within = (round(datetime(2027, 4, 4, hour, 20, tzinfo=zone).timestamp() * 1000) for hour in (0, 2))
    assert [_hour(cron_after(line, zone, asked), zone) for asked in (before, within - 15 * 60_000)] == [4, 2]


def _hour(due: int | None, zone: tzinfo) -> int:
    assert due is not None
    return datetime.fromtimestamp(due / 1000, zone).hour


@pytest.mark.parametrize(
    ("line", "is_right"),
    [
        ("0 0 30 2 1", True), ("0 0 30 2 *", False), ("0 0 31 4,6,9,11 *", False), ("0 0 * * FRI#2", True), ("0 0 * * 5L", True),
        ("0 0 * * FRIL", False), ("0 0 LW * *", True), ("0 0 15W * *", False), ("0 0 1 1 * 2027", False), ("* * * * * *", True),
        ("0 0 */31 * 1#2", False), ("0 0 29 2 *", True), ("", False), ("@daily", False), ("60 * * * *", False), ("0 0 * * 7", True),
        ("*/0 * * * *", False), ("L/2 * * * *", False), ("0 0 L/2 * 5L/2", False), ("０ 0 * * *", False), ("0 0 * * 1#6", False),
        ("1-0 * * * *", False), ("0 0 * * ,", False), ("0" * 200 + " 0 * * *", True), ("\x00 0 * * *", False),
    ],
)  # fmt: skip
def test_a_line_is_taken_or_refused(line: str, is_right: bool) -> None:
    assert (cron_fault(line, zone_of("UTC"), NOW) is None) == is_right


@pytest.mark.parametrize("name", ["Europe/Berln", "", "../etc/passwd", "/etc/localtime", "\x00", "x" * 10_000, "Europe", "ü"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_of(name)


def test_both_days_are_one_or_the_other_but_where_one_begins_with_a_star() -> None:
    def days(line: str, most: int) -> list[int]:
        found = [NOW - 1]
        while len(found) <= most:
            found.append(cron_after(line, zone_of("UTC"), found[-1]) or 0)
        return [datetime.fromtimestamp(one / 1000, zone_of("UTC")).day for one in found[1:]]

    assert days("0 0 */2 * 1", 3) == [5, 19, 9]
    assert days("0 0 13 * 5", 6) == [2, 9, 13, 16, 23, 30]
    assert days("0 0 30 2 1", 4) == [2, 9, 16, 23]


@pytest.mark.parametrize("step", [1_000, 60_000, 3_600_000, 30 * 86_400_000])
@pytest.mark.parametrize("most", [1, 2, 100])
def test_the_last_times_of_a_range_are_found_however_many_there_are(step: int, most: int) -> None:
    moments = Moments(lambda ms: (ms // step + 1) * step, 0)
    until = 50 * 366 * 86_400_000
    found = last_times(moments, 0, until, most)
    last = until // step
    assert found == [step * one for one in range(max(1, last - most + 1), last + 1)]
