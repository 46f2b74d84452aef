"""The circuit breakers of a log, as a process knows them: what goes by which, and how each stands; from the resources alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from contracts.breakers import BREAKERS, CLOSED, STATES, BreakerMatch, BreakerRule, BreakerTold, Place, rules, tolds
from contracts.commands import BreakerLimits
from contracts.failure import NEVER_RETRIED_BY_DEFAULT, Failure, matches
from contracts.resources import Resource
from domain.expressions import parse_duration
from workers.partition.resources import Resources

T = TypeVar("T")


class Rule(NamedTuple):
    """What goes by a breaker, and when it opens."""

    match: BreakerMatch
    limits: BreakerLimits


_NOT_COUNTED: Final = (*NEVER_RETRIED_BY_DEFAULT, "cancelled")


class BreakerBook:
    """What owners ask before they hand an activity out. Asked from any thread; each answer is whole."""

    def __init__(self, resources: Resources | None = None) -> None:
        self._resources = resources
        self.rules: Mapping[str, Rule] = {}
        self.told: Mapping[str, BreakerTold] = {}
        self.shut: Mapping[str, BreakerTold] = {}
        """Of those that there are, the ones that are not closed."""
        self.number = 0
        """Another one where anything has changed."""
        self.wanted: Mapping[str, BreakerTold] | None = None
        """How breakers stand by the one who keeps them, where that is this process: what is to be told."""
        self._hearers: list[Callable[[], None]] = []
        if resources is not None:
            resources.hear(self._heard)
            self._read(resources)

    def hear(self, then: Callable[[], None]) -> None:
        """Call back when anything has changed, in whichever thread reads of it."""
        self._hearers.append(then)

    def _heard(self, resource: Resource) -> None:
        if self._resources is not None and resource.kind in (BREAKERS, STATES):
            self._read(self._resources)
            self._tell()

    def keep(self, standing: Mapping[str, BreakerTold]) -> None:
        """So breakers stand by their owner, which is here; what differs is to be told."""
        if standing != self.wanted:
            self.wanted = dict(standing)
            self._tell()

    def _tell(self) -> None:
        for then in self._hearers:
            then()

    def _read(self, resources: Resources) -> None:
        self.rules = {name: _rule(found) for name, found in _read_all(rules, resources.all(BREAKERS)).items()}
        self.told = _read_all(tolds, resources.all(STATES))
        self.shut = {name: told for name, told in self.told.items() if told.state != "closed" and name in self.rules}
        self.number += 1

    def stands(self, name: str) -> BreakerTold:
        """How a breaker stands, as far as is known here."""
        return self.told.get(name, CLOSED)

    def names_of(self, kind: str, config: Callable[[], bytes], among: Collection[str]) -> tuple[str, ...]:
        """Which of these breakers an activity goes by. Its config is asked for where a breaker is about a host or a credential."""
        found, place = [], None
        for name in among:
            rule = self.rules.get(name)
            if rule is None or rule.match.kind not in (None, kind):
                continue
            if rule.match.host is not None or rule.match.credential is not None:
                place = place_in(config()) if place is None else place
                if not _is_at(rule, place):
                    continue
            found.append(name)
        return tuple(found)


def standing(resources: Resources) -> Mapping[str, int]:
    """How many breakers stand how."""
    tolds_by_name = _read_all(tolds, resources.all(STATES))
    return Counter(tolds_by_name.get(one.name, CLOSED).state for one in resources.all(BREAKERS))


def is_counted(failure: Failure, retryable: bool) -> bool:
    """Whether a failure says something of what an activity goes to: what another try may get right."""
    return retryable and not any(matches(pattern, failure.type) for pattern in _NOT_COUNTED)


def place_in(config: bytes) -> Place:
    """Where an activity goes, by its config as JSON; what is not said is empty."""
    try:
        found = msgspec.json.decode(config)
    except msgspec.DecodeError:
        return Place()
    if not isinstance(found, dict):
        return Place()
    credential = found.get("credential")
    return Place(_host(found), credential if isinstance(credential, str) else "")


def _host(config: dict[str, object]) -> str:
    url, host = config.get("url"), config.get("host")
    try:
        named = urlsplit(url).hostname if isinstance(url, str) else host
    except ValueError:
        named = None
    return named.rstrip(".").lower() if isinstance(named, str) else ""


def _rule(found: BreakerRule) -> Rule:
    return Rule(found.match, BreakerLimits(found.failures, parse_duration(found.window), parse_duration(found.cool_down)))


def _is_at(rule: Rule, place: Place) -> bool:
    match = rule.match
    return (match.host is None or match.host.rstrip(".").lower() == place.host) and match.credential in (None, place.credential)


def _read_all(decoder: msgspec.json.Decoder[T], found: list[Resource]) -> dict[str, T]:
    """By their names; what a newer build has written is passed over."""
    read: dict[str, T] = {}
    for one in found:
        try:
            read[one.name] = decoder.decode(one.value or b"")
        except msgspec.DecodeError:
            continue
    return read
