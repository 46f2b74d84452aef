"""Which executions a bulk operation is about, and how they stand: read from the rows of one partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.ports.read_models import Query, ReadModels
from contracts.ports.where import Field, Is, OneOf, all_of
from domain.bulk.action import Row
from projections.executions import ExecutionRecord
from projections.incidents import IncidentRecord

AT_ONCE: Final = 5_000
"""So many executions are looked up by one statement."""
ALL: Final = 2**40


def picked(
    models: ReadModels, query: Query[ExecutionRecord], incidents: Query[IncidentRecord] | None, is_narrowed: bool = True
) -> list[Row]:
    """The executions of a list, the first created first, each with those of its open incidents that are in a list.

    With `is_narrowed` those alone that have one.
    """
    if incidents is None:
        return _rows(models, query, {})
    known = _by_number(models, incidents)
    if not is_narrowed:
        return _rows(models, query, known)
    found: list[Row] = []
    numbers = sorted(known)
    for first in range(0, len(numbers), AT_ONCE):
        if len(found) >= query.limit:
            break
        of = OneOf(Field("number"), tuple(numbers[first : first + AT_ONCE]))
        found += _rows(models, query._replace(where=all_of(query.where, of), limit=query.limit - len(found)), known)
    return found


def incidents_of(models: ReadModels, execution: str, incidents: Query[IncidentRecord]) -> list[str]:
    """The ids of the incidents in a list that are of an execution."""
    of = all_of(incidents.where, Is(Field("execution", True), "=", execution))
    return [incident.incident for incident in models.select(incidents._replace(where=of, limit=ALL))]


def _by_number(models: ReadModels, incidents: Query[IncidentRecord]) -> Mapping[int, list[str]]:
    known: dict[int, list[str]] = {}
    for number, incident, *_ in _columns(models, incidents._replace(limit=ALL, only=("number", "incident"))):
        known.setdefault(number, []).append(incident)
    return known


def _rows(models: ReadModels, query: Query[Any], known: Mapping[int, Sequence[str]]) -> list[Row]:
    found = _columns(models, query._replace(only=("number", "execution", "status")))
    return [Row(execution, status, known.get(number, ())) for number, execution, status, *_ in reversed(found)]


def _columns(models: ReadModels, query: Query[Any]) -> Sequence[tuple[Any, ...]]:
    """Tuples, as `only` asks."""
    return models.select(query)
