"""The read model `executions`: a row about each, and where in the journal its decisions lie. Lists show the latest created first.

Values are never copied: whoever wants those of an execution, its nodes or its history, reads its own decisions and no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from contracts.ports.read_models import Changes, Condition, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, texts_of
from contracts.times import rfc3339
from domain.definition.graph import Graph
from domain.execution.history import Unreadable
from domain.execution.state import Execution
from projections.execution_columns import search_of
from projections.filter import Filter
from projections.read_model import ReadModel, Visit
from projections.trail import Trail, pack_offsets, unpack_offsets
from projections.waiting import as_value, waiting_for

UNREADABLE: Final = "unreadable"
"""The error of an execution whose history cannot be read on."""
WAITING_ITEMS_MAX: Final = 10
"""So many things that an execution waits for stand in its row."""
OPEN: Final = frozenset({"created", "scheduled", "running", "paused", "incident"})
"""The statuses of executions that have not ended."""
SELDOM: Final = frozenset({"failed", "cancelled", "terminated", "quarantined"})
"""The statuses in which few executions stay: ended otherwise than most, or set aside, which is no end."""

_json: Final = msgspec.json.Encoder().encode


class ExecutionRecord(NamedTuple):
    """A row about an execution. `number` is the offset of its first decision, so rows sort by creation; `position` follows its last.

    Times are milliseconds since 1970, 0 where there is none. `waiting_for` and `search` are JSON. `offsets` says where its
    last decisions lie, `PieceRecord` where those before.
    """

    number: int
    execution: str
    workflow: str
    version: int
    status: str
    outcome: str | None
    parent: str | None
    created_at: int
    started_at: int
    ended_at: int
    events: int
    position: int
    error: str | None
    error_message: str | None
    waiting_for: str
    search: str | None
    offsets: bytes = b""


class PieceRecord(NamedTuple):
    """A row about where so many decisions of an execution lie, and which versions they are of: see `Piece`. Older rows do not say it."""

    number: int
    piece: int
    offsets: bytes
    first: int = 0
    rolled: int = 0
    rolled_at: int = 0


IS_OPEN: Final = Index("open", ("status",), "ended_at = 0")
IS_SELDOM: Final = Index("seldom", ("status",), f"status IN ({', '.join(repr(status) for status in sorted(SELDOM))})")
EXECUTIONS: Final = Table(
    name="executions",
    row=ExecutionRecord,
    key=("number",),
    fixed=("execution", "workflow", "version", "parent", "created_at"),
    unique=("execution",),
    filters=frozenset({"workflow", "parent", "created_at", "status"}),
    indexes=(Index("by_workflow", ("workflow",)), Index("by_parent", ("parent",), "parent IS NOT NULL"), IS_OPEN, IS_SELDOM),
    time="created_at",
    is_latest_first=True,
    is_in_order=True,
    counted="status",
)
PIECES: Final = Table(name="pieces", row=PieceRecord, key=("number", "piece"))


def executions_where(
    workflow: str | None = None,
    statuses: Iterable[str] = (),
    parent: str | None = None,
    created_after: int | None = None,
    created_before: int | None = None,
    after: Cursor | None = None,
    limit: int = 50,
    filter_: Filter | None = None,
) -> Query[ExecutionRecord]:
    """The list of executions; times are milliseconds since 1970."""
    where = ALWAYS if filter_ is None else filter_.where
    asked = (
        Condition("workflow", "=", workflow),
        Condition("parent", "=", parent),
        Condition("created_at", ">=", created_after),
        Condition("created_at", "<", created_before),
        Condition("status", "IN", (wanted := tuple(statuses)) or None),
    )
    within = _within(wanted or texts_of(where, "status"))
    return Query(EXECUTIONS, tuple(one for one in asked if one.value is not None), within, after, limit, where)


def _within(statuses: Iterable[str]) -> Index | None:
    """The index that has all executions of these statuses, and leaves most others out."""
    wanted = frozenset(statuses)
    if not wanted:
        return None
    return IS_OPEN if wanted <= OPEN else IS_SELDOM if wanted <= SELDOM else None


def offsets_of(record: ExecutionRecord, pieces: Iterable[PieceRecord], first: int = 0, last: int | None = None) -> list[int]:
    """The offsets of an execution's decisions, in their order: as many as are needed to tell of its versions `first` to `last`.

    They begin with a decision that sums up what was before, at or before `first`, or with the first one, and may go on beyond
    `last`. Pieces that were read after the row may hold what it holds, too.
    """
    wanted: list[PieceRecord] = []
    begins = 0
    for piece in pieces:
        if last is not None and piece.first > last:
            break
        if 0 < piece.rolled <= first:
            begins = piece.rolled_at
            wanted.clear()
        wanted.append(piece)
    else:
        wanted.append(PieceRecord(record.number, -1, record.offsets))
    offsets: list[int] = []
    for piece in wanted:
        known = offsets[-1] if offsets else begins - 1
        offsets += [offset for offset in unpack_offsets(record.number, piece.offsets) if offset > known]
    return offsets


def time_of(time_ms: int) -> str | None:
    """The time as JSON shows it; None where there is none."""
    return rfc3339(time_ms) if time_ms else None


def record_value(record: ExecutionRecord) -> dict[str, Any]:
    """A row of the list, as JSON shows it."""
    error = None if record.error is None else {"type": record.error, "message": record.error_message}
    return {
        "execution_id": record.execution,
        "workflow": record.workflow,
        "version": record.version,
        "status": record.status,
        "outcome": record.outcome,
        "error": error,
        "parent": record.parent,
        "created_at": time_of(record.created_at),
        "started_at": time_of(record.started_at),
        "ended_at": time_of(record.ended_at),
        "events": record.events,
        "waiting_for": [as_value(item) for item in msgspec.json.decode(record.waiting_for)],
        "search": search_of(record.search),
        "position": record.position,
    }


def error_of(state: Execution) -> dict[str, Any] | None:
    """Why an execution did not end well, as a failure: its own, or that it was stopped, and the reason."""
    if state.failure is not None:
        return state.failure.as_value()
    if state.quarantine is not None:
        return {"type": "quarantined", "message": state.quarantine, "details": None, "node": "", "attempt": 0, "cause": None}
    if state.status in ("cancelled", "terminated", "quarantined"):
        message = state.reason or f"the execution was {state.status}"
        return {"type": state.status, "message": message, "details": None, "node": "", "attempt": 0, "cause": None}
    return None


def execution_record(state: Execution, graph: Graph, trail: Trail, position: int) -> ExecutionRecord:
    """The row of an execution as it is now."""
    error = error_of(state)
    waiting = waiting_for(state, graph)[:WAITING_ITEMS_MAX]
    return ExecutionRecord(
        number=trail.number,
        execution=state.execution,
        workflow=state.workflow,
        version=state.workflow_version,
        status=state.status,
        outcome=state.outcome,
        parent=None if state.parent is None else state.parent.execution,
        created_at=state.created_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        events=state.version,
        position=position,
        error=None if error is None else error["type"],
        error_message=None if error is None else error["message"].replace("\0", "\ufffd"),
        waiting_for=_json(waiting).decode() if waiting else "[]",
        search=None if state.search is None else state.search.decode(),
        offsets=pack_offsets(trail.number, trail.offsets),
    )


def _finish(changes: Changes, visit: Visit) -> None:
    folded, trail = visit.folded, visit.trail
    changes.put(EXECUTIONS, execution_record(folded.state, folded.graph, trail, visit.position))
    for piece in visit.pieces:
        changes.put(PIECES, PieceRecord(trail.number, piece.number, pack_offsets(trail.number, piece.offsets), *piece[2:]))


def _set_aside(changes: Changes, number: int, found: Unreadable, is_new: bool) -> None:
    """The row of an execution whose history cannot be read on: quarantined, with the reason."""
    if is_new:
        blank = ExecutionRecord(number, found.execution, "", 0, "", None, None, 0, 0, 0, 0, 0, None, None, "[]", None)
        changes.put(EXECUTIONS, blank)
    reason = found.reason[:1_000]
    changes.change(
        EXECUTIONS, (number,), status="quarantined", position=found.offset + 1, error=UNREADABLE, error_message=reason, waiting_for="[]"
    )


READ_MODEL: Final = ReadModel(
    name="executions", version=1, shape="a3cd90644fc341fa", tables=(EXECUTIONS, PIECES), finish=_finish, set_aside=_set_aside
)
