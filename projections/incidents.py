"""The read model `incidents`: what needs a person, why, and how it was resolved. Lists show the oldest first.

Incidents have the same cause that have the same workflow, node, type of error, and message but for the words with a digit in them.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from contracts import events as e
from contracts.events import Event
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Cursor, Group, Index, Query, Table
from contracts.ports.where import ALWAYS, Field, Is, all_of
from domain.execution.history import Folded
from domain.execution.paths import is_undo, locate, undone_node
from domain.expressions.values import Moment
from projections.executions import time_of
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, fields, flag, text, time
from projections.read_model import ReadModel, Visit

SHAPE_CHARS_MAX: Final = 200
"""So much of a message tells a cause from others."""
MESSAGE_CHARS_MAX: Final = 1_000
"""So much of a message is filtered by."""
CAUSES_MAX: Final = 100
"""So many causes are told, those with the most incidents first."""
_VARYING: Final = re.compile(r"[\w.:+-]*\d(?:[\w.:+-]*\w)?")


class IncidentRecord(NamedTuple):
    """A row about an incident; `action` says how it was resolved, `error` is the failure as JSON, of which `type` and `message` are."""

    number: int
    incident: str
    execution: str
    path: str
    error: str
    raised_at: int
    resolved_at: int = 0
    action: str | None = None
    workflow: str = ""
    node: str = ""
    type: str = ""
    message: str = ""
    shape: str = ""
    is_test: int = 0

    @property
    def failure(self) -> dict[str, Any]:
        """The failure, with its details."""
        found: dict[str, Any] = msgspec.json.decode(self.error)
        return found


IS_OPEN: Final = Index("open", (), "resolved_at = 0")
CAUSE: Final = ("workflow", "node", "type", "shape")
"""What incidents have in common that have the same cause."""
INCIDENTS: Final = Table(
    name="incidents",
    row=IncidentRecord,
    key=("number", "incident"),
    fixed=("execution", "error", "raised_at", "workflow", "type", "message", "shape", "is_test"),
    filters=frozenset({"number"}),
    indexes=(
        IS_OPEN,
        Index("by_time"),
        Index("by_cause", CAUSE, "resolved_at = 0"),
        Index("by_workflow", ("workflow",)),
        Index("by_type", ("type",)),
        Index("by_execution", ("execution",)),
    ),
    time="raised_at",
)
COLUMNS: Final[Columns] = {
    "execution_id": text("execution", says="the execution"),
    "incident": text("incident", says="which incident of it"),
    "workflow": text("workflow", says="the name of its workflow"),
    "path": text("path", says="the path of the node, empty for the execution itself"),
    "node": text("node", says="the id of the node in the definition"),
    "error": fields(
        "type",
        type=text("type", says="what is wrong, in a word"),
        message=text("message", says="the same for people"),
        shape=text("shape", says="its message as the causes tell it: words with a digit in them are `#`"),
    ),
    "raised_at": time("raised_at", says="since when it needs a person"),
    "resolved_at": time("resolved_at", says="when it was resolved"),
    "action": text("action", is_nullable=True, says="how: `retry`, `skip`, `fail`"),
    "test": flag("is_test", says="whether its execution is a test run; a filter that names this shows those, too"),
}


def incident_filter(source: str, now_ms: int) -> Filter:
    """A filter of incidents; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


def incidents_where(is_open: bool, after: Cursor | None = None, limit: int = 50, filter_: Filter | None = None) -> Query[IncidentRecord]:
    """The list of incidents; `is_open`: of those alone that are not resolved."""
    where = ALWAYS if filter_ is None else filter_.where
    return Query(INCIDENTS, within=IS_OPEN if is_open else None, after=after, limit=limit, where=where)


def of_cause(group: Group, query: Query[IncidentRecord]) -> Query[IncidentRecord]:
    """The first incident of a cause."""
    same = (Is(Field(name, True), "=", value) for name, value in zip(CAUSE, group.values, strict=True))
    return query._replace(where=all_of(query.where, *same), limit=1)


def incident_value(incident: IncidentRecord) -> dict[str, Any]:
    """An incident, as JSON shows it."""
    return {
        "execution_id": incident.execution,
        "incident": incident.incident,
        "workflow": incident.workflow,
        "path": incident.path,
        "node": incident.node,
        "error": msgspec.Raw(incident.error.encode()),
        "raised_at": time_of(incident.raised_at),
        "resolved_at": time_of(incident.resolved_at),
        "action": incident.action or None,
    }


def incident_names(incident: IncidentRecord) -> dict[str, Any]:
    """The values of the columns of a row, as our language has them."""
    return {
        **incident_value(incident),
        "error": {"type": incident.type, "message": incident.message, "shape": incident.shape},
        "action": incident.action,
        "test": bool(incident.is_test),
        "raised_at": Moment(incident.raised_at * MS) if incident.raised_at else None,
        "resolved_at": Moment(incident.resolved_at * MS) if incident.resolved_at else None,
    }


def cause_value(group: Group, example: IncidentRecord | None) -> dict[str, Any]:
    """A cause, as JSON shows it."""
    workflow, node, type_, shape = group.values
    shown = None if example is None else {"execution_id": example.execution, "incident": example.incident, "message": example.message}
    return {
        "workflow": workflow,
        "node": node,
        "type": type_,
        "message": shape,
        "count": group.size,
        "first": time_of(group.first),
        "last": time_of(group.last),
        "example": shown,
    }


def shape_of(message: str) -> str:
    """A message without what is different each time: `no order #` for `no order A-17`."""
    return _VARYING.sub("#", message[: 4 * SHAPE_CHARS_MAX])[:SHAPE_CHARS_MAX]


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    state, number = visit.folded.state, visit.trail.number
    match event:
        case e.IncidentRaised():
            failure = state.incidents[event.incident].failure
            message = failure.message[:MESSAGE_CHARS_MAX].replace("\0", "\ufffd")
            row = IncidentRecord(
                number, event.incident, state.execution, event.path, msgspec.json.encode(failure.as_value()).decode(),
                state.incidents[event.incident].raised_at, workflow=state.workflow, node=node_of(visit.folded, event.path),
                type=failure.type, message=message, shape=shape_of(message), is_test=int(state.test is not None),
            )  # fmt: skip
            changes.put(INCIDENTS, row)
        case e.IncidentResolved():
            changes.change(INCIDENTS, (number, event.incident), resolved_at=decision.now, action=event.action)
        case e.DefinitionChanged():
            for incident in state.incidents.values() if event.names else ():
                changes.change(INCIDENTS, (number, incident.incident), path=incident.path, node=node_of(visit.folded, incident.path))


def node_of(folded: Folded, path: str) -> str:
    """The id of the node in the definition; of an undoing, of what is undone."""
    if not path or is_undo(path):
        return undone_node(path).rpartition("/")[2]
    return locate(folded.graph, folded.state, path)[1].definition.id


READ_MODEL: Final = ReadModel(
    name="incidents",
    version=4,
    shape="7414d26229c1ce4a",
    tables=(INCIDENTS,),
    events=frozenset({e.IncidentRaised, e.IncidentResolved, e.DefinitionChanged}),
    take=_take,
)
