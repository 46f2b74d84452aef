"""The read model `node_runs`: the nodes of all executions that have begun and not ended, and the runs of nodes that have failed.

Lists show those of the latest created execution first, and of one the last path first: that never changes while a row is there,
however often its node is tried again. A run that has failed stays, also where an error edge took it, or the node did better later.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.commands import FailActivity
from contracts.events import Event, carried_failure
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS
from domain.execution.facts.runs import UNPLACED
from domain.execution.history import Unreadable
from domain.execution.paths import is_undo, locate
from domain.execution.state import Execution
from domain.expressions.values import Moment
from projections.executions import time_of
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, fields, flag, text, time, whole
from projections.read_model import ReadModel, RunWas, Visit
from projections.run_events import MOVES

RUN_STATUSES: Final = ("queued", "active", "retrying", "incident", "stopping", "lingering", "failed")
MESSAGE_CHARS_MAX: Final = 1_000
"""So much of a message stands in a row."""


class NodeRunRecord(NamedTuple):
    """A row about a run of a node. `since` is when its attempt began, or, of one that has failed, when it did; milliseconds since 1970.

    What has failed and what is open are two rows, also where the path runs again under the same number.
    """

    number: int
    path: str
    attempt: int
    has_failed: int
    created_at: int
    execution: str
    workflow: str
    version: int
    node: str
    type: str
    status: str
    since: int
    error: str | None
    error_message: str | None
    is_test: int = 0


NODE_RUNS: Final = Table(
    name="node_runs",
    row=NodeRunRecord,
    key=("number", "path", "attempt", "has_failed"),
    fixed=("created_at", "execution", "workflow", "node", "type", "is_test"),
    indexes=(
        Index("by_time"),
        Index("by_execution", ("execution",)),
        Index("by_workflow", ("workflow",)),
        Index("by_status", ("status",)),
        Index("by_since", ("since",)),
        Index("by_error", ("error",), "error IS NOT NULL"),
    ),
    time="created_at",
    is_latest_first=True,
)
COLUMNS: Final[Columns] = {
    "execution_id": text("execution", says="the execution"),
    "workflow": text("workflow", says="the name of its workflow"),
    "version": whole("version", says="the version of its workflow"),
    "path": text("path", says="the path of the run: `each[3]/charge`"),
    "node": text("node", says="the id of the node in the definition: `charge`"),
    "type": text("type", says="the kind of the node, `compensation` of an undoing"),
    "status": text("status", choices=RUN_STATUSES, says=", ".join(f"`{one}`" for one in RUN_STATUSES)),
    "attempt": whole("attempt", says="which try it is, from 1 on"),
    "since": time("since", says="when this attempt began, or when the run failed"),
    "error": fields(
        "error",
        type=text("error", says="why it is tried again, needs a person, or has failed: in a word"),
        message=text("error_message", is_nullable=True, says="the same for people"),
    ),
    "created_at": time("created_at", says="when the execution was created"),
    "test": flag("is_test", says="whether its execution is a test run; a filter that names this shows those, too"),
}


def node_run_filter(source: str, now_ms: int) -> Filter:
    """A filter of node runs; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


def node_runs_where(after: Cursor | None = None, limit: int = 50, filter_: Filter | None = None) -> Query[NodeRunRecord]:
    """The list of node runs."""
    return Query(NODE_RUNS, after=after, limit=limit, where=ALWAYS if filter_ is None else filter_.where)


def node_run_value(record: NodeRunRecord) -> dict[str, Any]:
    """A run, as JSON shows it."""
    return {
        "execution_id": record.execution,
        "workflow": record.workflow,
        "version": record.version,
        "path": record.path,
        "node": record.node,
        "type": record.type,
        "status": record.status,
        "attempt": record.attempt,
        "since": time_of(record.since),
        "error": None if record.error is None else {"type": record.error, "message": record.error_message},
        "created_at": time_of(record.created_at),
    }


def node_run_names(record: NodeRunRecord) -> dict[str, Any]:
    """The values of the columns of a row, as our language has them."""
    value = node_run_value(record)
    times = {"since": Moment(record.since * MS) if record.since else None, "created_at": Moment(record.created_at * MS)}
    return {**value, **times, "test": bool(record.is_test)}


def _was(state: Execution, path: str) -> RunWas | None:
    """What a run is like, of all that may change: its attempt, its status, since when, and the failure that is shown."""
    run = state.runs.get(path)
    if run is None:
        return None
    failure = run.last_failure if run.status in ("retrying", "incident") else None
    return run.attempt, run.status, run.started_at or run.scheduled_at, failure


def _before(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    """An event changes the run that it names: the first one finds it as it is stored."""
    if visit.is_new:
        return
    path, runs = event.path, visit.runs
    if path not in runs:
        runs[path] = _was(visit.folded.state, path)


def _before_scope_is_left(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    """The run that the scope belongs to may end."""
    if visit.is_new:
        return
    state = visit.folded.state
    owner = state.scopes[event.scope].owner
    visit.runs.setdefault(owner, _was(state, owner))


def _before_end(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    """All runs may end."""
    state = visit.folded.state
    for path in () if visit.is_new else state.runs:
        visit.runs.setdefault(path, _was(state, path))


def _before_change(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    """What is open may be called otherwise, and is of another version: all of it is stored anew."""
    state = visit.folded.state
    for path in () if visit.is_new else state.runs:
        was = visit.runs.get(path, _was(state, path))
        visit.runs[path] = None if was is None else (was[0], "", 0, None)


def _finish(changes: Changes, visit: Visit) -> None:
    """Of the runs that events were about, what has come or is other is stored, and what is open no longer goes."""
    state, number = visit.folded.state, visit.trail.number
    runs = dict.fromkeys(state.runs) if visit.is_new else visit.runs
    visit.is_new = False
    for path, was in runs.items():
        now = _was(state, path)
        if now == was:
            continue
        if was is not None and (now is None or now[0] != was[0]):
            changes.remove(NODE_RUNS, (number, path, was[0], 0))
        if now is not None:
            changes.put(NODE_RUNS, _open_row(visit, path, now))
    visit.runs.clear()


def _open_row(visit: Visit, path: str, now: RunWas) -> NodeRunRecord:
    state, graph = visit.folded.state, visit.folded.graph
    node, (attempt, status, since, failure) = graph.nodes[state.runs[path].node].definition, now
    return NodeRunRecord(
        visit.trail.number, path, attempt, 0, state.created_at, state.execution, state.workflow, state.workflow_version, node.id,
        "compensation" if is_undo(path) else node.type, status, since,
        None if failure is None else failure.type, None if failure is None else _shown(failure.message),
        int(state.test is not None),
    )  # fmt: skip


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    """A run has failed, or a fork goes on with runs that no event of it names.

    The body of what has failed is still open; which attempt it was, only the report of an activity says, else the body.
    """
    if isinstance(event, e.PastTakenUp):
        for path in () if visit.is_new else visit.folded.state.runs:
            visit.runs.setdefault(path, None)
        return
    if isinstance(event, e.DefinitionChanged):
        for path in () if visit.is_new else visit.folded.state.runs:
            visit.runs.setdefault(path, None)
        return
    assert isinstance(event, e.NodeFailed)
    folded, path, command = visit.folded, event.path, decision.command
    state = folded.state
    failure = event.failure or carried_failure(command) or UNPLACED
    node, kind, attempt = path.rpartition("/")[2], "compensation", 1
    if not is_undo(path):
        scope, found = locate(folded.graph, state, path)
        node, kind, attempt = found.definition.id, found.definition.type, max(scope.used, scope.tried + 1)
    if isinstance(command, FailActivity) and command.path == path:
        attempt = command.attempt
    changes.put(
        NODE_RUNS,
        NodeRunRecord(
            visit.trail.number, path, attempt, 1, state.created_at, state.execution, state.workflow, state.workflow_version, node, kind,
            "failed", decision.now, failure.type, _shown(failure.message), int(state.test is not None),
        ),
    )  # fmt: skip


def _shown(message: str) -> str:
    return message[:MESSAGE_CHARS_MAX].replace("\0", "\ufffd")


def set_aside(changes: Changes, number: int, found: Unreadable, is_new: bool) -> None:
    """What an execution does whose history cannot be read on, nobody knows."""
    changes.clear(NODE_RUNS, number)


_ENDS: Final[set[type[Event]]] = {
    e.ExecutionCompleted,
    e.ExecutionFailed,
    e.ExecutionCancelled,
    e.ExecutionTerminated,
    e.ExecutionQuarantined,
}
"""The events that may end all of them."""

READ_MODEL: Final = ReadModel(
    name="node_runs",
    version=3,
    shape="8a5b2791726aeb02",
    tables=(NODE_RUNS,),
    may_lag=True,
    events=frozenset({e.NodeFailed, e.PastTakenUp, e.DefinitionChanged}),
    take=_take,
    take_before={
        **dict.fromkeys(MOVES, _before),
        e.ScopeLeft: _before_scope_is_left,
        **dict.fromkeys(_ENDS, _before_end),
        e.DefinitionChanged: _before_change,
    },
    finish=_finish,
    set_aside=set_aside,
)
