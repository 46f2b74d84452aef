"""Timestamps and durations: read from texts, written as texts, taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from domain.expressions.faults import Fault, Meter
from domain.expressions.values import NS, Moment, Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_ZONE = re.compile(r"([+-]?)([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_PART = re.compile(r"(\d*)(?:\.(\d*))?(h|ms|us|µs|ns|m|s)", re.ASCII)
_UNITS: Final = {"h": 3600 * NS, "m": 60 * NS, "s": NS, "ms": 10**6, "us": 1000, "µs": 1000, "ns": 1}
_DURATION_CHARS_MAX: Final = 100


def read_time(text: str) -> Moment:
    """The timestamp of an RFC 3339 text."""
    found = _TIME.fullmatch(text)
    if not found:
        raise Fault("unreadable", "timestamp", text)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Fault("unreadable", "timestamp", text) from None
    seconds = (local - _EPOCH) // timedelta(seconds=1)
    if found[8]:
        seconds -= int(f"{found[8]}1") * (int(found[9]) * 3600 + int(found[10]) * 60)
    return Moment(seconds * NS + int((found[7] or "").ljust(9, "0")))


def read_duration(text: str) -> Span:
    """The duration of a text like `1h30m`, `-1.5s` or `0`."""
    sign, rest = (-1 if text[:1] == "-" else 1), text.removeprefix("-") if text[:1] == "-" else text.removeprefix("+")
    if rest == "0":
        return Span(0)
    if not rest or len(rest) > _DURATION_CHARS_MAX:
        raise Fault("unreadable", "duration", text)
    total, at = 0, 0
    while at < len(rest):
        found = _PART.match(rest, at)
        if not found or not (found[1] or found[2]):
            raise Fault("unreadable", "duration", text)
        unit = _UNITS[found[3]]
        total += int(found[1] or 0) * unit + (int(found[2]) * unit // 10 ** len(found[2]) if found[2] else 0)
        at = found.end()
    return Span(sign * total)


def time_text(moment: Moment) -> str:
    """The timestamp in RFC 3339, in UTC, with no more decimals than there are."""
    seconds, part = divmod(moment.ns, NS)
    return f"{(_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()}{_decimals(part)}Z"


def duration_text(span: Span) -> str:
    """The duration in seconds: `3600s`, `-1.5s`."""
    seconds, part = divmod(abs(span.ns), NS)
    return f"{'-' if span.ns < 0 else ''}{seconds}{_decimals(part)}s"


def _decimals(part: int) -> str:
    return f".{part:09d}".rstrip("0") if part else ""


def _local(moment: Moment, zone: str | None) -> datetime:
    try:
        time = _EPOCH + timedelta(seconds=moment.ns // NS)
        return time if zone is None else time.astimezone(zone_of(zone))
    except OverflowError:
        raise Fault("range", "timestamp") from None


def zone_of(zone: str) -> timezone:
    """A time zone that is the same on all machines: `UTC`, or an offset; one without a sign lies in the east."""
    if zone == "UTC":
        return UTC
    found = _ZONE.fullmatch(zone)
    if not found:
        raise Fault("zone", zone)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


_OF_A_TIME: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda time: time.year,
    "getMonth": lambda time: time.month - 1,
    "getDate": lambda time: time.day,
    "getDayOfMonth": lambda time: time.day - 1,
    "getDayOfYear": lambda time: time.timetuple().tm_yday - 1,
    "getDayOfWeek": lambda time: (time.weekday() + 1) % 7,
    "getHours": lambda time: time.hour,
    "getMinutes": lambda time: time.minute,
    "getSeconds": lambda time: time.second,
}
_OF_A_DURATION: Final = {"getHours": 3600 * NS, "getMinutes": 60 * NS, "getSeconds": NS}
SAID: Final = {
    "getFullYear": "The year",
    "getMonth": "The month, from 0",
    "getDate": "The day of the month, from 1",
    "getDayOfMonth": "The day of the month, from 0",
    "getDayOfYear": "The day of the year, from 0",
    "getDayOfWeek": "The day of the week; Sunday is 0",
    "getHours": "The hour; of a duration all of its hours",
    "getMinutes": "The minute; of a duration all of its minutes",
    "getSeconds": "The second; of a duration all of its seconds",
    "getMilliseconds": "The milliseconds behind the second",
}
"""What each getter gives, in UTC or at the offset given."""
GETTERS: Final = (*_OF_A_TIME, "getMilliseconds")
"""The methods that take a time apart."""
GETTERS_OF_DURATIONS: Final = (*_OF_A_DURATION, "getMilliseconds")


def getter(name: str) -> Callable[..., int]:
    """The method of that name."""

    def get(meter: Meter, value: Any, zone: str | None = None) -> int:
        if type(value) is Span:
            if zone is not None:
                raise Fault("zone_of_duration", name)
            return _cut(value.ns, _OF_A_DURATION[name]) if name in _OF_A_DURATION else _cut(value.ns, 10**6, 1000)
        if name == "getMilliseconds":
            if zone is not None:
                zone_of(zone)
            return int(value.ns % NS // 10**6)
        return _OF_A_TIME[name](_local(value, zone))

    return get


def _cut(ns: int, unit: int, most: int = 0) -> int:
    """How many whole units, towards zero; with `most` only what is left of those."""
    units = abs(ns) // unit
    units = units % most if most else units
    return -units if ns < 0 else units
