"""The read model `incidents`: what needs a person, and how it was resolved. Lists show the oldest first."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from contracts import events as e
from contracts.events import Event
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Condition, Index, Query, Table
from projections.executions import time_of
from projections.read_model import ReadModel, Visit

INCIDENTS_MAX: Final = 1_000
"""So many a list shows at most."""


class IncidentRecord(NamedTuple):
    """A row about an incident; `action` says how it was resolved, `error` is the failure as JSON."""

    number: int
    incident: str
    execution: str
    path: str
    error: str
    raised_at: int
    resolved_at: int = 0
    action: str = ""


IS_OPEN: Final = Index("open", (), "resolved_at = 0")
INCIDENTS: Final = Table(
    name="incidents",
    row=IncidentRecord,
    key=("number", "incident"),
    filters=frozenset({"number"}),
    indexes=(IS_OPEN,),
    time="raised_at",
)


def incidents_where(is_open: bool, number: int | None = None) -> Query[IncidentRecord]:
    """The list of incidents, of all executions or of the one with this number; `is_open`: of those alone that are not resolved."""
    conditions = () if number is None else (Condition("number", "=", number),)
    return Query(INCIDENTS, conditions, IS_OPEN if is_open else None, limit=INCIDENTS_MAX)


def incident_value(incident: IncidentRecord) -> dict[str, Any]:
    """An incident, as JSON shows it."""
    return {
        "execution_id": incident.execution,
        "incident": incident.incident,
        "path": incident.path,
        "error": msgspec.Raw(incident.error.encode()),
        "raised_at": time_of(incident.raised_at),
        "resolved_at": time_of(incident.resolved_at),
        "action": incident.action or None,
    }


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    state, number = visit.folded.state, visit.trail.number
    match event:
        case e.IncidentRaised():
            found = state.incidents[event.incident]
            error = msgspec.json.encode(found.failure.as_value()).decode()
            changes.put(INCIDENTS, IncidentRecord(number, event.incident, state.execution, event.path, error, found.raised_at))
        case e.IncidentResolved():
            changes.change(INCIDENTS, (number, event.incident), resolved_at=decision.now, action=event.action)


READ_MODEL: Final = ReadModel(
    name="incidents",
    version=2,
    shape="22b6e99e25a0c2c3",
    tables=(INCIDENTS,),
    events=frozenset({e.IncidentRaised, e.IncidentResolved}),
    take=_take,
)
