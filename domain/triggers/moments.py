"""Moments of a schedule: when it is due next after a time, and which of its times lie between two.

A time is `due` when its cron line, its interval or its one moment says; it is *to fire* a little later, by its jitter, which
derives from the trigger's name. All times are in milliseconds since 1970.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from contracts.times import rfc3339
from domain.expressions import parse_duration, parse_time
from domain.triggers.cron import cron_after, zone_of

After: TypeAlias = Callable[[int], int | None]
_WINDOW_MS: Final = 60_000
_WINDOW_MAX_MS: Final = 60 * 366 * 24 * 3600 * 1000


class Moments(NamedTuple):
    """A schedule as it is asked for times."""

    after: After
    """When it is due next, later than a time; None where it never is again."""
    jitter_ms: int
    """By so much later than it is due it fires."""


def moments_of(
    name: str, cron: str | None, zone: str, every: str | None, anchor: str | None, at: str | None,
    starts: str | None, ends: str | None, jitter: str | None,
) -> Moments:  # fmt: skip
    """The times of a schedule that was found right; its jitter is the same for ever."""
    first, last = _time(starts), _time(ends)
    if at is not None:
        once = parse_time(at)
        after: After = lambda ms: once if once > ms else None  # noqa: E731 - one of three
    elif every is not None:
        step, base = parse_duration(every), _time(anchor) or 0
        after = lambda ms: base + ((ms - base) // step + 1) * step  # noqa: E731
    else:
        line, tz = cron or "", zone_of(zone)
        after = lambda ms: cron_after(line, tz, ms)  # noqa: E731
    return Moments(lambda ms: _within(after, ms, first, last), jitter_of(name, 0 if jitter is None else parse_duration(jitter)))


def _within(after: After, ms: int, first: int | None, last: int | None) -> int | None:
    due = after(ms if first is None else max(ms, first - 1))
    return None if due is None or (last is not None and due > last) else due


def _time(text: str | None) -> int | None:
    return None if text is None else parse_time(text)


def jitter_of(name: str, most_ms: int) -> int:
    """By how much a trigger of a name is late: less than `most_ms`, the same for ever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % most_ms if most_ms else 0


def next_times(moments: Moments, after_ms: int, most: int) -> list[int]:
    """The next times at which it is due, later than a time, as far as there are any."""
    found: list[int] = []
    while len(found) < most and (due := moments.after(found[-1] if found else after_ms)) is not None:
        found.append(due)
    return found


def times_between(moments: Moments, after_ms: int, until_ms: int, most: int) -> list[int]:
    """The first times later than one and not later than another; no more than so many."""
    found: list[int] = []
    while len(found) < most and (due := moments.after(found[-1] if found else after_ms)) is not None and due <= until_ms:
        found.append(due)
    return found


def last_times(moments: Moments, after_ms: int, until_ms: int, most: int) -> list[int]:
    """The last times later than one and not later than another, in order; no more than so many, however many there are between."""
    window = _WINDOW_MS
    while True:
        begin = max(after_ms, until_ms - window)
        found = _all_between(moments, begin, until_ms)
        if begin == after_ms or len(found) >= most or window > _WINDOW_MAX_MS:
            return found[-most:]
        window *= 2 if found else 8


def _all_between(moments: Moments, after_ms: int, until_ms: int) -> list[int]:
    """Whoever doubles the window finds at most twice as many as are wanted, and one window's worth."""
    found: list[int] = []
    due = moments.after(after_ms)
    while due is not None and due <= until_ms:
        found.append(due)
        due = moments.after(due)
    return found


def cause_of(due: int) -> str:
    """The cause of a firing: the time at which it was due."""
    return rfc3339(due)
