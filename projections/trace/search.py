"""Searching a history: which of its events are of some types, nodes or paths, found in the columns of its trace."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

from projections.trace.fold import TraceFold

FAILURES: Final = frozenset({"NodeFailed", "NodeRetried", "IncidentRaised", "ChildFailed", "ExecutionFailed", "ExecutionQuarantined"})
"""The events that tell of something that went wrong."""
_SAY_THE_ATTEMPT: Final = frozenset({"NodeScheduled", "NodeStarted", "NodeRetried"})
_GO_ON_WITH_ALL: Final = frozenset({"PastTakenUp", "DefinitionChanged"})
"""The events with which runs go on that they do not name."""


class Sieve(NamedTuple):
    """Which events are wanted: of these types, at this path, of this node of the definition (in any iteration); None: of any."""

    types: frozenset[str] | None = None
    path: str | None = None
    node: str | None = None


def search(fold: TraceFold, sieve: Sieve, start: int, most: int) -> list[int]:
    """The versions of the first events from `start` on that are wanted."""
    types = None if sieve.types is None else {code for code, name in enumerate(fold.types) if name in sieve.types}
    places = _places(fold, sieve)
    found = (
        index + 1
        for index in range(start - 1, fold.version)
        if (types is None or fold.type_codes[index] in types) and (places is None or fold.event_places[index] in places)
    )
    return list(islice(found, most))


def _places(fold: TraceFold, sieve: Sieve) -> set[int] | None:
    places = None if sieve.node is None else fold.places.of_node(sieve.node)
    if sieve.path is None:
        return places
    at = fold.places.at(sieve.path)
    there = set() if at is None else {at}
    return there if places is None else there & places


def offsets_of(fold: TraceFold, versions: Iterable[int]) -> list[int]:
    """Where the decisions lie that these events are of."""
    return sorted({fold.offsets[bisect_right(fold.decisions, version) - 1] for version in versions})


def attempts_at(fold: TraceFold, versions: list[int]) -> dict[int, int | None]:
    """Of each of these events the attempt that its place was in, as the events before have said it."""
    wanted: dict[int, list[int]] = {}
    for version in versions:
        wanted.setdefault(fold.event_places[version - 1], []).append(version)
    said: dict[int, list[tuple[int, int]]] = {place: [] for place in wanted}
    for index in range(fold.changes_to(versions[-1]) if versions else 0):
        place, version, attempt = fold.change_places[index], fold.change_versions[index], fold.change_attempts[index]
        if place in said and _says_the_attempt(fold, place, version, attempt):
            said[place].append((version, attempt))
    return {version: _last(said[place], version) for place, asked in wanted.items() for version in asked}


def _says_the_attempt(fold: TraceFold, place: int, version: int, attempt: int) -> bool:
    """Whether this event tells in which attempt its place is; the one that takes up the past of a fork does so of all that runs in it."""
    kind = fold.types[fold.type_codes[version - 1]]
    return (kind in _SAY_THE_ATTEMPT and fold.event_places[version - 1] == place) or (kind in _GO_ON_WITH_ALL and attempt > 0)


def _last(said: list[tuple[int, int]], version: int) -> int | None:
    at = bisect_left(said, (version + 1, 0))
    return said[at - 1][1] if at else None
