"""`schedule`: due by a cron line in a time zone, at an interval, or once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from contracts.definitions import Duration
from contracts.errors import Problem
from contracts.times import rfc3339
from contracts.triggers import TriggerDefinition
from domain.expressions import parse_duration, parse_time
from domain.triggers.cron import cron_fault, zone_of
from domain.triggers.kind import TriggerKind
from domain.triggers.moments import Moments, moments_of

EVERY_MS_MIN: Final = 1_000
"""No interval is shorter."""
CATCH_UP_MAX: Final = 1_000
CATCH_UP_DEFAULT: Final = 100
_SOME_TIME: Final = 1_767_225_600_000
"""2026-01-01: a line is looked at as of then, so that it is right or wrong for ever; one that is due at all is within four years."""
_FIVE_FIELDS: Final = "write five fields (minute, hour, day, month, weekday), or six with seconds first, like `0 2 * * 1-5`"


class Schedule(TriggerKind):
    """Knows when it is due."""

    name = "schedule"
    summary = "is due by a cron line in a time zone, at an interval, or once"
    gives = ("due",)

    class Config(TriggerDefinition):
        """When it is due: one of `cron`, `every` and `at`; and what becomes of the times that were missed."""

        cron: str | None = Field(default=None, min_length=1, max_length=200, description="five fields, or six with seconds first")
        time_zone: str = Field(default="UTC", min_length=1, max_length=100, description="an IANA name, like Europe/Berlin; of `cron`")
        every: Duration | None = None
        anchor: str | None = Field(default=None, description="RFC 3339: `every` counts from here; else from 1970")
        at: str | None = Field(default=None, description="RFC 3339: once")
        starts: str | None = Field(default=None, description="RFC 3339: it is not due before")
        ends: str | None = Field(default=None, description="RFC 3339: it is not due after")
        jitter: Duration | None = None
        catch_up: Literal["none", "last", "all"] = "none"
        catch_up_limit: int = Field(default=CATCH_UP_DEFAULT, ge=1, le=CATCH_UP_MAX)

        @model_validator(mode="after")
        def _one_form(self) -> Schedule.Config:
            if sum(one is not None for one in (self.cron, self.every, self.at)) != 1:
                raise ValueError("expected one of `cron`, `every` and `at`")
            return self

    def problems(self, config: Any) -> Iterator[Problem]:
        """A line, a zone, a time that is none; an interval that is too short; an end before the beginning."""
        for name in ("anchor", "at", "starts", "ends"):
            yield from _time_problems(name, getattr(config, name))
        if config.every is not None and parse_duration(config.every) < EVERY_MS_MIN:
            yield Problem("every", "out_of_range", f"`every`: expected a second or more, found `{config.every}`", "write `1s`")
        if config.anchor is not None and config.every is None:
            yield Problem("anchor", "config", "`anchor` is what `every` counts from, and there is no `every`", "remove `anchor`")
        yield from _cron_problems(config)
        both = config.starts and config.ends and _is_time(config.starts) and _is_time(config.ends)
        if both and parse_time(config.ends) < parse_time(config.starts):
            yield Problem("ends", "config", f"`ends` is before `starts` ({config.starts})", "write a later time")

    def moments(self, name: str, config: Any) -> Moments:
        """Its times."""
        return moments_of(
            name, config.cron, config.time_zone, config.every, config.anchor, config.at, config.starts, config.ends, config.jitter
        )  # fmt: skip

    def given(self, due: int) -> dict[str, Any]:
        """What stands in `trigger` of what is due."""
        return {"due": rfc3339(due)}

    def by_hand(self, body: Any, key: str | None, now_ms: int) -> dict[str, Any]:
        """By hand it is due now."""
        return self.given(now_ms)


SCHEDULE: Final = Schedule()


def _cron_problems(config: Any) -> Iterator[Problem]:
    try:
        zone = zone_of(config.time_zone)
    except ValueError as error:
        yield Problem("time_zone", "time_zone", str(error), "write an IANA name, like `Europe/Berlin` or `UTC`")
        return
    if config.cron is None:
        if config.time_zone != "UTC":
            yield Problem(
                "time_zone", "config", "`time_zone` is that of a `cron` line, and there is none", "remove it: times carry their zone"
            )
        return
    fault = cron_fault(config.cron, zone, _SOME_TIME)
    if fault is not None:
        yield Problem("cron", "cron", f"`{config.cron}`: {fault[:1].lower()}{fault[1:]}", _FIVE_FIELDS)


def _time_problems(name: str, text: str | None) -> Iterator[Problem]:
    if text is None:
        return
    try:
        parse_time(text)
    except ValueError as error:
        yield Problem(name, "time", f"`{name}`: {error}", "write an RFC 3339 time with its zone, like `2026-12-01T08:00:00Z`")


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True
