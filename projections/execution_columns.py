"""What executions are filtered by: the columns with their names and kinds, and a row as a filter sees it."""

from __future__ import annotations

from typing import Any, Final, get_args

from contracts import values
from domain.execution.state import Status
from domain.expressions.values import Moment, Span
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, Search, Texts, fields, flag, optional_whole, text, time, whole

STATUSES: Final[tuple[str, ...]] = get_args(Status)
SEARCH_TABLE: Final = "search_values"
TAG_TABLE: Final = "execution_tags"
WAIT_TABLE: Final = "waiting"
INSIDE: Final = frozenset({"activity", "nodes"})
"""What an execution waits for that is on its way within it."""
COLUMNS: Final[Columns] = {
    "execution_id": text("execution", says="the id"),
    "workflow": text("workflow", says="the name of the workflow"),
    "version": whole("version", says="the version of the workflow"),
    "tags": Texts(TAG_TABLE, "tag", says="the `tags` of its definition: `'billing' in tags`"),
    "status": text("status", choices=STATUSES, says="`created`, `scheduled`, `running`, `paused`, `incident`, or how it ended"),
    "outcome": text("outcome", is_nullable=True, says="the outcome by which it ended"),
    "error": fields(
        "error",
        type=text("error", says="what is wrong, in a word"),
        message=text("error_message", is_nullable=True, says="the same for people"),
    ),
    "parent": text("parent", is_nullable=True, says="the execution that started it as a child"),
    "root": text("root", is_nullable=True, says="the topmost execution above it; none for one that has no parent"),
    "trigger": fields(
        "trigger_kind",
        kind=text("trigger_kind", says="what started it: the `type` of its trigger"),
        id=text("trigger_id", is_nullable=True, says="which of these: the `id` of its trigger"),
    ),
    "created_at": time("created_at", says="when it was created"),
    "started_at": time("started_at", says="when it began"),
    "ended_at": time("ended_at", says="when it ended"),
    "duration": optional_whole("duration", "duration", says="from its start to its end"),
    "waits_for": Texts(
        WAIT_TABLE, "waits_for", says="what it waits for, as `waits_for` of waits: `'task' in waits_for`, people", is_once=False
    ),
    "events": whole("events", says="how many events its history has"),
    "search": Search(SEARCH_TABLE),
    "test": flag("is_test", says="whether it is a test run; a filter that names this shows those, too"),
    "forked_from": text("forked_from", is_nullable=True, says="the execution that it was forked from; none for one that is no fork"),
}
"""By the names that a list shows."""


def execution_filter(source: str, now_ms: int) -> Filter:
    """A filter of executions; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


def names_of(row: Any) -> dict[str, Any]:
    """The values of the columns of a row, stored or folded, as our language has them."""
    error = row.error if not isinstance(row.error, str) else {"type": row.error, "message": row.error_message}
    search = search_of(row.search)
    return {
        "execution_id": row.execution,
        "workflow": row.workflow,
        "version": row.version,
        "tags": tags_of(row.tags),
        "status": row.status,
        "outcome": row.outcome,
        "error": None if error is None else {"type": error["type"], "message": _stored(error["message"])},
        "parent": row.parent,
        "root": row.root,
        "trigger": None if row.trigger_kind is None else {"kind": row.trigger_kind, "id": row.trigger_id},
        "created_at": _time(row.created_at),
        "started_at": _time(row.started_at),
        "ended_at": _time(row.ended_at),
        "duration": None if row.duration is None else Span(row.duration * MS),
        "waits_for": waits_of(row.waiting_for),
        "events": row.events,
        "search": None if search is None else {name: _stored(value) for name, value in search.items()},
        "test": bool(row.is_test),
        "forked_from": row.forked_from,
    }


def search_of(search: str | None) -> dict[str, Any] | None:
    """The search values as they were recorded; none where they are so many that they lie in a blob."""
    if search is None or values.is_reference(content := search.encode()):
        return None
    found: dict[str, Any] = values.decode(content)
    return found


def tags_of(tags: str | None) -> list[str]:
    """The tags as they are stored."""
    found: list[str] = [] if tags is None else values.decode(tags.encode())
    return found


def waits_of(waiting: Any) -> list[str]:
    """The sorts of what an execution waits for from outside, of a row that is stored or folded."""
    items = values.decode(waiting.encode()) if isinstance(waiting, str) else waiting
    return [item["for"] for item in items if item["for"] not in INSIDE]


def _stored(value: Any) -> Any:
    """A text as read models hold it."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _time(time_ms: int) -> Moment | None:
    return Moment(time_ms * MS) if time_ms else None
