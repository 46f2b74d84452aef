"""The answer: the columns of a trace behind a version, with what they refer to, as JSON."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from projections.trace.fold import STATES, TraceFold
from projections.trace.grown import Grown


def answer_of(fold: TraceFold, execution: str, since: int, limit: int, there: int | None = None) -> dict[str, Any]:
    """Up to `limit` events behind the version `since`, what changed with them, and what was come upon with them.

    Of the latter `from` says how many there were before: numbers count from the first of all. `there` is the last event of the
    history, of which no more may be folded than is asked for.
    """
    since = min(since, fold.version)
    last = min(fold.version, since + limit)
    places, exits = fold.places, fold.exits
    grown: dict[str, Grown[Any]] = {"names": places.names, "nodes": places.nodes, "edges": exits.edges, "exits": exits.exits}
    first = {name: one.known_at(since) if since else 0 for name, one in grown.items()}
    first_place = places.known_at(since) if since else 0
    return {
        "execution_id": execution,
        "after": since,
        "version": last,
        "last": fold.version if there is None else there,
        "time": fold.times[max(since, 1) - 1],
        "types": fold.types,
        "commands": fold.commands,
        "states": STATES,
        "from": {**first, "places": first_place},
        **{name: one.items[first[name] : one.known_at(last)] for name, one in grown.items()},
        "places": _places(fold, first_place, places.known_at(last)),
        "events": _events(fold, since, last),
        "changes": _changes(fold, since, last),
    }


def _places(fold: TraceFold, first: int, end: int) -> dict[str, list[int]]:
    places = fold.places
    return {
        "parent": places.parent_steps[first:end].tolist(),
        "name": places.name[first:end].tolist(),
        "number": places.number_steps[first:end].tolist(),
        "node": places.node[first:end].tolist(),
    }


def _events(fold: TraceFold, since: int, last: int) -> dict[str, list[int]]:
    return {
        "time": list(_steps(fold.times[since:last], fold.times[max(since, 1) - 1])),
        "type": fold.type_codes[since:last].tolist(),
        "place": list(_steps(fold.event_places[since:last], 0)),
        "command": fold.command_codes[since:last].tolist(),
    }


def _changes(fold: TraceFold, since: int, last: int) -> dict[str, list[int]]:
    first, end = fold.changes_to(since), fold.changes_to(last)
    return {
        "version": list(_steps(fold.change_versions[first:end], since)),
        "place": list(_steps(fold.change_places[first:end], 0)),
        "state": fold.change_states[first:end].tolist(),
        "attempt": fold.change_attempts[first:end].tolist(),
        "exit": fold.change_exits[first:end].tolist(),
    }


def _steps(column: array[int], before: int) -> Iterator[int]:
    """Each value as the difference from the one before."""
    for value in column:
        yield value - before
        before = value
