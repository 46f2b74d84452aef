"""A circuit breaker: what goes by it, when it opens, and how it stands."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api.models import Time
from api.problems import ProblemItem
from api.resources.kind import Offered, ResourceKind
from api.service import Service
from contracts.breakers import BREAKERS as NAME
from contracts.breakers import CLOSED, STATES, rules, tolds
from contracts.errors import InvalidInput, Problem
from contracts.resources import Resource
from contracts.system import BREAKER
from contracts.times import rfc3339
from domain.definition.absent_check import missing_kind
from domain.expressions import parse_duration
from domain.nodes import CONTROL_KINDS

FAILURES_MAX: Final = 1_000
_NO_HOST: Final = re.compile(r"[\x00-\x20\x7f\s/:@?#\[\]]")
DURATION_MS_MIN: Final = 100
DURATION_MS_MAX: Final = 24 * 60 * 60 * 1000
_EXAMPLE: Final[Any] = {"match": {"host": "api.shop.example"}, "failures": 5, "window": "1m", "cool_down": "30s"}


class BreakerMatch(BaseModel):
    """Which activities go by a breaker: of what is named, all has to be so."""

    model_config = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, min_length=1, max_length=200, description="activities of this kind, as `http_request`")
    host: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="those whose config has a `url` to this host, or this `host`, whatever the port",
    )
    credential: str | None = Field(default=None, min_length=1, max_length=200, description="those that take this credential")


class Breaker(BaseModel):
    """After how many failures nothing more is tried for a while."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    match: BreakerMatch = Field(description="which activities go by it; at least one of `kind`, `host` and `credential`")
    failures: int = Field(default=5, ge=1, le=FAILURES_MAX, description="it opens at so many failures within the window")
    window: str = Field(default="1m", description="a duration, from 100 ms to a day")
    cool_down: str = Field(default="30s", description="after so long one attempt tries; a duration, from 100 ms to a day")


class BreakerStands(BaseModel):
    """How a breaker stands."""

    state: Literal["closed", "open", "half_open"] = Field(description="`open`: nothing goes by it; `half_open`: one at a time tries")
    since: Time | None = Field(description="since when; null of one that was never open")
    until: Time | None = Field(description="when it has cooled down; null of one that is not open, or was opened by hand")
    reason: str = Field(description="why it came to be so")
    is_by_hand: bool = Field(description="whether somebody opened it: then it stays open until somebody closes it")
    warnings: list[ProblemItem] = Field(
        description="what it is about and nobody has now: a kind that is not built in, and that no worker offers"
    )


def check_breaker(breaker: Breaker, now_ms: int) -> None:
    """Raise InvalidInput for one that is about nothing, and for durations that are none, or out of bounds."""
    problems = []
    if breaker.match == BreakerMatch():
        fix = "name a `kind`, a `host` or a `credential`"
        problems.append(Problem("/match", "empty", "nothing is said of what goes by the breaker", fix))
    if breaker.match.kind in CONTROL_KINDS:
        message = (
            f"`{breaker.match.kind}` is decided by the engine itself: no activity is of this kind, so nothing would ever go by the breaker"
        )
        problems.append(Problem("/match/kind", "kind", message, "name a kind of activities, as `http_request`"))
    if breaker.match.host is not None:
        problems += _host_problem(breaker.match.host)
    for name in ("window", "cool_down"):
        if (said := _wrong(getattr(breaker, name))) is not None:
            problems.append(Problem(f"/{name}", "duration", said, "as in 30s, 5m"))
    if problems:
        raise InvalidInput(problems)


def _host_problem(host: str) -> list[Problem]:
    """A name or an address alone is a host: no port belongs to it, nor the rest of a URL."""
    if not _NO_HOST.search(host) or _is_ipv6(host):
        return []
    try:
        named = urlsplit(host if "//" in host else f"//{host}").hostname
    except ValueError:
        named = None
    fix = f"write {named!r}: a breaker is about all ports of a host" if named and named != host else "write it as in 'api.shop.example'"
    return [Problem("/match/host", "host", f"expected a host alone, without a port or anything else of a URL, found {host!r}", fix)]


def _is_ipv6(host: str) -> bool:
    try:
        return bool(IPv6Address(host))
    except ValueError:
        return False


def _wrong(text: str) -> str | None:
    try:
        found = parse_duration(text)
    except ValueError as error:
        return str(error)
    return None if DURATION_MS_MIN <= found <= DURATION_MS_MAX else f"expected a duration from 100 ms to a day, found {text!r}"


async def stands(service: Service, found: Resource, offered: Offered) -> dict[str, Any]:
    """How a breaker stands, and what is worth a word about it, as JSON shows it."""
    told = next((tolds.decode(one.value or b"{}") for one in await service.resources(STATES) if one.name == found.name), CLOSED)
    return {
        "state": told.state,
        "since": rfc3339(told.since) if told.since else None,
        "until": rfc3339(told.until) if told.until else None,
        "reason": told.reason,
        "is_by_hand": told.is_by_hand,
        "warnings": [one.as_value() for one in _warnings(service, found, offered)],
    }


def _warnings(service: Service, found: Resource, offered: Offered) -> list[Problem]:
    """That nobody has the kind it is about: not wrong, as a worker may still come; looked at each time, as one may go, too."""
    try:
        kind = rules.decode(found.value or b"{}").match.kind
    except msgspec.DecodeError:  # a newer build has written it
        return []
    if kind is None or offered is None:
        return []
    return missing_kind(kind, "/match/kind", offered.union(service.activities))


BREAKERS: Final = ResourceKind(
    name=NAME, one="breaker", model=Breaker, right="steer", beside=BreakerStands, look=stands, system=BREAKER, check=check_breaker
)
