"""The read model `executions`: a row about each, and where in the journal its decisions lie. Lists show the latest created first.

Values are never copied: whoever wants those of an execution, its nodes or its history, reads its own decisions and no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from contracts import values
from contracts.events import DefinitionChanged, Event
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, Field, Is, OneOf, Where, all_of
from contracts.system import SYSTEM_WORKFLOWS, is_system
from contracts.times import rfc3339
from domain.definition.graph import Graph
from domain.execution.history import Unreadable
from domain.execution.state import Erased, Execution
from projections.execution_columns import TAG_TABLE, search_of, tags_of
from projections.filter import Filter
from projections.read_model import WAITING_ITEMS_MAX, ReadModel, Visit
from projections.trail import pack_offsets, unpack_offsets
from projections.waiting import as_value

UNREADABLE: Final = "unreadable"
"""The error of an execution whose history cannot be read on."""
ERASED: Final = "erased"
"""The error of an execution that was erased."""
_json: Final = msgspec.json.Encoder().encode


class ExecutionRecord(NamedTuple):
    """A row about an execution. `number` is the offset of its first decision, so rows sort by creation; `position` follows its last.

    Times are milliseconds since 1970, 0 where there is none; `duration` is from its start to its end. `waiting_for`, `search` and
    `tags` are JSON. `offsets` says where its last decisions lie, `PieceRecord` where those before.
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
    root: str | None = None
    trigger_kind: str | None = None
    trigger_id: str | None = None
    tags: str | None = None
    duration: int | None = None
    is_test: int = 0
    forked_from: str | None = None
    forked_at: int = 0


class TagRecord(NamedTuple):
    """A row about a tag of an execution's definition."""

    number: int
    tag: str
    created_at: int


class PieceRecord(NamedTuple):
    """A row about where so many decisions of an execution lie, and which versions they are of: see `Piece`. Older rows do not say it."""

    number: int
    piece: int
    offsets: bytes
    first: int = 0
    rolled: int = 0
    rolled_at: int = 0


EXECUTIONS: Final = Table(
    name="executions",
    row=ExecutionRecord,
    key=("number",),
    fixed=(
        "execution",
        "workflow",
        "parent",
        "created_at",
        "search",
        "root",
        "trigger_kind",
        "trigger_id",
        "is_test",
        "forked_from",
        "forked_at",
    ),
    unique=("execution",),
    indexes=(
        Index("by_time"),
        Index("by_workflow", ("workflow",)),
        Index("by_version", ("workflow", "version")),
        Index("by_status", ("status",)),
        Index("by_outcome", ("outcome",), "outcome IS NOT NULL"),
        Index("by_error", ("error",), "error IS NOT NULL"),
        Index("by_parent", ("parent",), "parent IS NOT NULL"),
        Index("by_root", ("root",), "root IS NOT NULL"),
        Index("by_trigger", ("trigger_kind",), "trigger_kind IS NOT NULL"),
        Index("by_trigger_id", ("trigger_id",), "trigger_id IS NOT NULL"),
        Index("by_start", ("started_at",)),
        Index("by_end", ("ended_at",)),
        Index("by_duration", ("duration",), "duration IS NOT NULL"),
        Index("of_tests", (), "is_test = 1"),
        Index("by_source", ("forked_from",), "forked_from IS NOT NULL"),
    ),
    time="created_at",
    is_latest_first=True,
    counted="status",
    counted_where="is_test = 0",
)
PIECES: Final = Table(name="pieces", row=PieceRecord, key=("number", "piece"))
TAGS: Final = Table(
    name=TAG_TABLE,
    row=TagRecord,
    key=("number", "tag"),
    fixed=("created_at",),
    indexes=(Index("by_tag", ("tag",)),),
    time="created_at",
    is_latest_first=True,
)


def executions_where(
    workflow: str | None = None,
    statuses: Iterable[str] = (),
    parent: str | None = None,
    created_after: int | None = None,
    created_before: int | None = None,
    after: Cursor | None = None,
    limit: int = 50,
    filter_: Filter | None = None,
    *,
    is_oldest_first: bool = False,
) -> Query[ExecutionRecord]:
    """The list of executions, the latest created first unless asked otherwise; times are milliseconds since 1970."""
    created, wanted = Field("created_at"), tuple(statuses)
    asked: list[Where] = []
    asked += [] if workflow is None else [Is(Field("workflow", True), "=", workflow)]
    asked += [] if parent is None else [Is(Field("parent", True), "=", parent)]
    asked += [] if created_after is None else [Is(created, ">=", created_after)]
    asked += [] if created_before is None else [Is(created, "<", created_before)]
    asked += [OneOf(Field("status", True), wanted)] if wanted else []
    where = all_of(*asked, ALWAYS if filter_ is None else filter_.where)
    return Query(EXECUTIONS, after=after, limit=limit, where=where, is_turned=is_oldest_first)


R = TypeVar("R", bound=tuple[Any, ...])

USERS_ONLY: Final = OneOf(Field("workflow", is_text=True), SYSTEM_WORKFLOWS, False)
"""What is no workflow of the engine's own."""


NO_TESTS: Final = Is(Field("is_test"), "=", 0)
"""What is no test run."""
_NAMES_TESTS: Final = re.compile(r"\btest\b")


def asks_for_tests(filter_: str | None) -> bool:
    """Whether a list with this filter is meant to show test runs: it names them."""
    return filter_ is not None and _NAMES_TESTS.search(filter_) is not None


def listed(query: Query[ExecutionRecord], workflow: str | None, filter_: str | None, has_system: bool = False) -> Query[ExecutionRecord]:
    """The query without what lists leave out unless they are asked for it: the engine's own workflows, and test runs."""
    left_out: list[Where] = [] if has_system or asks_for_system(workflow, filter_) else [USERS_ONLY]
    return query._replace(where=all_of(query.where, *left_out, without_tests(filter_)))


def without_tests(filter_: str | None) -> Where:
    """What is no test run, unless the filter asks for them."""
    return ALWAYS if asks_for_tests(filter_) else NO_TESTS


def but_tests(query: Query[R], filter_: str | None) -> Query[R]:
    """The query of any list with a column of tests, without what is about a test run, unless the filter asks for them."""
    return query._replace(where=all_of(query.where, without_tests(filter_)))


def asks_for_system(workflow: str | None, filter_: str | None) -> bool:
    """Whether a list that names a workflow, or has this filter, is meant to show the engine's own: it names one."""
    return (workflow is not None and is_system(workflow)) or (filter_ is not None and any(name in filter_ for name in SYSTEM_WORKFLOWS))


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
        "tags": tags_of(record.tags),
        "status": record.status,
        "outcome": record.outcome,
        "error": error,
        "parent": record.parent,
        "root": record.root,
        "trigger": None if record.trigger_kind is None else {"kind": record.trigger_kind, "id": record.trigger_id},
        "created_at": time_of(record.created_at),
        "started_at": time_of(record.started_at),
        "ended_at": time_of(record.ended_at),
        "duration_ms": record.duration,
        "test": bool(record.is_test),
        "forked_from": source_value(record.forked_from, record.forked_at),
        "events": record.events,
        "waiting_for": [as_value(item) for item in msgspec.json.decode(record.waiting_for)],
        "search": search_of(record.search),
        "position": record.position,
    }


def source_value(execution: str | None, at: int) -> dict[str, Any] | None:
    """Which execution one was forked from, and after which event of that, as JSON shows it."""
    return None if execution is None else {"execution_id": execution, "at": at}


def error_of(state: Execution) -> dict[str, Any] | None:
    """Why an execution did not end well, as a failure: its own, or that it was stopped, and the reason."""
    if state.erased is not None:
        return _of_erased(state.erased)
    if state.failure is not None:
        return state.failure.as_value()
    if state.quarantine is not None:
        return {"type": "quarantined", "message": state.quarantine, "details": None, "node": "", "attempt": 0, "cause": None}
    if state.status in ("cancelled", "terminated", "quarantined"):
        message = state.reason or f"the execution was {state.status}"
        return {"type": state.status, "message": message, "details": None, "node": "", "attempt": 0, "cause": None}
    return None


def _of_erased(erased: Erased) -> dict[str, Any]:
    """That an execution was erased stands where its error would: when, by whom and why."""
    at = rfc3339(erased.at)
    message = f"erased at {at} by {erased.by or 'the engine'}" + (f": {erased.reason}" if erased.reason else "")
    details = {"at": at, "by": erased.by or None, "reason": erased.reason}
    return {"type": ERASED, "message": message, "details": details, "node": "", "attempt": 0, "cause": None}


def execution_record(visit: Visit) -> ExecutionRecord:
    """The row of an execution as it is now."""
    state, trail, position = visit.folded.state, visit.trail, visit.position
    error, origin = error_of(state), origin_of(state, visit.folded.graph)
    waiting = visit.waiting()[:WAITING_ITEMS_MAX]
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
        root=origin.root,
        trigger_kind=origin.trigger_kind,
        trigger_id=origin.trigger_id,
        tags=origin.tags,
        duration=state.ended_at - (state.started_at or state.created_at) if state.ended_at else None,
        is_test=origin.is_test,
        forked_from=origin.forked_from,
        forked_at=origin.forked_at,
    )


class Origin(NamedTuple):
    """Where an execution comes from; `tags` is JSON."""

    root: str | None
    trigger_kind: str | None
    trigger_id: str | None
    tags: str | None
    is_test: int
    forked_from: str | None
    forked_at: int


def origin_of(state: Execution, graph: Graph) -> Origin:
    """Where it comes from. Not told is a trigger without a text `type` (`kind`, once), or in a blob, as it is large."""
    tags = graph.definition.tags
    root = None if state.parent is None else state.parent.topmost
    kind, id_ = _trigger_of(state.trigger)
    source, at = (None, 0) if state.forked is None else (state.forked.source, state.forked.version)
    shown = _json(list(dict.fromkeys(map(_stored, tags)))).decode() if tags else None
    return Origin(root, kind, id_, shown, int(state.test is not None), source, at)


def _trigger_of(trigger: bytes | None) -> tuple[str | None, str | None]:
    if trigger is None or values.is_reference(trigger) or not isinstance(found := values.decode(trigger), dict):
        return None, None
    type_, kind, id_ = (_stored(one) if isinstance(one := found.get(name), str) else None for name in ("type", "kind", "id"))
    kind = type_ if type_ is not None else kind
    return kind, None if kind is None else id_


def _stored(text: str) -> str:
    """A text as a database holds it."""
    return text.replace("\0", "\ufffd")


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    """By another version an execution has the tags of that."""
    number, state = visit.trail.number, visit.folded.state
    changes.clear(TAGS, number)
    for tag in tags_of(origin_of(state, visit.folded.graph).tags):
        changes.put(TAGS, TagRecord(number, tag, state.created_at))


def _finish(changes: Changes, visit: Visit) -> None:
    trail, record = visit.trail, execution_record(visit)
    key = record[:1]
    stored = visit.before.get(EXECUTIONS.name, {}).get(key)
    if stored is None:
        changes.put(EXECUTIONS, record)
        for tag in tags_of(record.tags):
            changes.put(TAGS, TagRecord(trail.number, tag, record.created_at))
    else:  # so that no index is touched by whose columns nothing has changed
        named = zip(EXECUTIONS.row._fields, record, stored, strict=True)
        changes.change(EXECUTIONS, key, **{name: value for name, value, before in named if value != before})
    visit.before[EXECUTIONS.name] = {key: record}
    for piece in visit.pieces:
        changes.put(PIECES, PieceRecord(trail.number, piece.number, pack_offsets(trail.number, piece.offsets), *piece[2:]))
    visit.pieces.clear()


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
    name="executions",
    version=5,
    shape="6428a191a313db51",
    tables=(EXECUTIONS, PIECES, TAGS),
    events=frozenset({DefinitionChanged}),
    take=_take,
    finish=_finish,
    set_aside=_set_aside,
)
