"""Cron lines with a time zone: when one is due next after a time. The rules are those of the library `cronsim`; see the reference.

Whoever asks from any time on gets the same times: at the end of summer time the library may name one again that has passed,
which is left out here.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

REPEATED_MAX: Final = 4_000
"""So many times that have passed are left out: an hour of seconds, and more."""
ZONE_LENGTH_MAX: Final = 100


@lru_cache(1_000)
def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name. Raises ValueError for one that there is not."""
    if name == "UTC":
        return UTC
    try:
        if len(name) > ZONE_LENGTH_MAX or not name.isascii():
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone `{name[:100]}`") from None


def cron_fault(line: str, zone: tzinfo, now_ms: int) -> str | None:
    """What is wrong with a line; None where nothing is."""
    try:
        CronSim(line, datetime.fromtimestamp(now_ms / 1000, zone))
    except CronSimError as error:
        return str(error)
    except (AssertionError, ValueError, TypeError, OverflowError):
        return "it cannot be read"
    return None if cron_after(line, zone, now_ms) is not None else "it is never due"


def cron_after(line: str, zone: tzinfo, after_ms: int) -> int | None:
    """When a line is due next, later than a time, both in milliseconds since 1970; None where it is not within 50 years."""
    try:
        times = CronSim(line, datetime.fromtimestamp(after_ms // 1000, zone))
        for _ in range(REPEATED_MAX):
            if (due := round(next(times).timestamp()) * 1000) > after_ms:
                return due
    except (StopIteration, OverflowError, ValueError):
        pass
    return None
