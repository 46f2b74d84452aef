"""The read model `analytics`: per workflow, version, node and hour how many began and ended how, and how long that took.

Rows are sums: each batch adds what its decisions bring. Times are those of the decisions, so what is decided late, or read late,
counts where it belongs, and rows come out the same however decisions are cut into batches. A row about the executions themselves
has the node `""`. Days are added up from their hours, and all partitions from each: sketches and counts add up exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from contracts import events as e
from contracts.events import Event
from contracts.journal import Decision
from contracts.ports.read_models import Addition, Changes, Condition, Index, Query, Table
from domain.execution.facts.tasks import memo_at
from domain.execution.state import Execution
from projections.read_model import ReadModel, Visit
from projections.sketch import Sketch

HOUR_MS: Final = 3_600_000
ROWS_MAX: Final = 20_000
"""So many rows are added up for one question."""
EXECUTIONS_NODE: Final = ""
_RUN: Final = re.compile(r"\[\d+\]|#\d+")

Ended: TypeAlias = e.NodeCompleted | e.NodeFailed | e.NodeCancelled | e.NodeSkipped
_Began: TypeAlias = e.NodeScheduled | e.NodeStarted | e.NodeQueued | e.NodeRetried | e.IncidentRaised
_json: Final = msgspec.json.Encoder(order="sorted").encode


class AnalyticsRecord(NamedTuple):
    """What happened to a node in an hour (milliseconds since 1970). `ended` is JSON: by status, then by outcome, how many.

    `duration` is of those that ended, from their start on; `queue` of attempts of activities from being scheduled until a worker
    said that it began; `waiting` of waits until their signal came; `resolving` of incidents until a person resolved them.
    """

    workflow: str
    hour: int
    version: int
    node: str
    started: int = 0
    retries: int = 0
    incidents: int = 0
    ended: str = "{}"
    duration: bytes = b""
    queue: bytes = b""
    waiting: bytes = b""
    resolving: bytes = b""


ANALYTICS: Final = Table(
    name="analytics",
    row=AnalyticsRecord,
    key=("workflow", "hour", "version", "node"),
    filters=frozenset({"workflow", "hour", "version", "node"}),
    indexes=(Index("by_hour", ("hour",)),),
    time="hour",
    is_sum=True,
)


class Tally:
    """What is added to a row: see `contracts.ports.read_models.Addition`."""

    __slots__ = ("duration", "ended", "incidents", "queue", "resolving", "retries", "started", "waiting")

    def __init__(self) -> None:
        self.started = self.retries = self.incidents = 0
        self.ended: dict[str, dict[str, int]] = {}
        self.duration, self.queue, self.waiting, self.resolving = Sketch(), Sketch(), Sketch(), Sketch()

    def add(self, record: AnalyticsRecord) -> None:
        """All that is in a row."""
        self.started += record.started
        self.retries += record.retries
        self.incidents += record.incidents
        for status, outcomes in msgspec.json.decode(record.ended).items():
            for outcome, count in outcomes.items():
                self.end(status, outcome, count)
        for name in ("duration", "queue", "waiting", "resolving"):
            packed = getattr(record, name)
            if packed:
                getattr(self, name).add_packed(packed)

    def end(self, status: str, outcome: str, count: int = 1) -> None:
        """So many ended so."""
        outcomes = self.ended.get(status)
        if outcomes is None:
            outcomes = self.ended[status] = {}
        outcomes[outcome] = outcomes.get(outcome, 0) + count

    def added_to(self, key: tuple[Any, ...], before: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """The row with this added; of one that is not there yet, this."""
        if before is not None:
            self.add(AnalyticsRecord(*before))
        counts = self.started, self.retries, self.incidents, _json(self.ended).decode()
        return (*key, *counts, *(sketch.packed() for sketch in (self.duration, self.queue, self.waiting, self.resolving)))


@lru_cache(maxsize=4096)
def node_of(path: str) -> str:
    """The node that a path is a run of, with the nodes around it: `loop/charge` of `loop[2]/charge#1`."""
    return _RUN.sub("", path) if "[" in path or "#" in path else path


class _Sums(dict[tuple[Any, ...], Addition]):
    """What is added to rows, by their keys; and the hours that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.hours: dict[tuple[str, int, int], _Hour] = {}


class _Hour(dict[str, Tally]):
    """What is added to the rows of a version of a workflow in an hour, by the paths of runs."""

    def __init__(self, sums: _Sums, workflow: str, version: int, begin: int) -> None:
        super().__init__()
        self.sums, self.workflow, self.version, self.begin, self.end = sums, workflow, version, begin, begin + HOUR_MS

    def __missing__(self, path: str) -> Tally:
        node = node_of(path)
        key = (self.workflow, self.begin, self.version, node)
        tally = self.sums.get(key)
        if tally is None:
            tally = self.sums[key] = Tally()
        assert isinstance(tally, Tally)
        if node == path:  # there are as many of those as nodes
            self[path] = tally
        return tally


def _hour(changes: Changes, visit: Visit, now: int) -> _Hour:
    """Where it is counted what happens to an execution now."""
    found: _Hour | None = visit.hour
    is_of_now = found is not None and found.begin <= now < found.end and found.version == visit.folded.state.workflow_version
    if found is None or not is_of_now or found.sums is not changes.sums.get(ANALYTICS):
        found = visit.hour = _hour_of(changes, visit.folded.state, now - now % HOUR_MS)
    return found


def _hour_of(changes: Changes, state: Execution, begin: int) -> _Hour:
    if state.test is not None:  # it counts nowhere
        return _Hour(_Sums(), state.workflow, state.workflow_version, begin)
    sums = changes.sums.get(ANALYTICS)
    if sums is None:
        sums = changes.sums[ANALYTICS] = _Sums()
    assert isinstance(sums, _Sums)
    of = (state.workflow, state.workflow_version, begin)
    if of not in sums.hours:
        sums.hours[of] = _Hour(sums, *of)
    return sums.hours[of]


def _node_ended(changes: Changes, visit: Visit, event: Ended, decision: Decision) -> None:
    state, now, path = visit.folded.state, decision.now, event.path
    run = state.runs.get(path)
    if run is not None and run.status == "lingering":  # it has ended before, and only its losers have not
        return
    tally, status = _hour(changes, visit, now)[path], _STATUS[type(event)]
    if status == "cancelled" and isinstance(event, e.NodeCancelled) and event.output is not None:
        status = "completed"
    tally.end(status, "")
    if run is not None:
        tally.duration.add(now - (run.started_at or run.scheduled_at or now))
    elif status != "skipped":  # decided inline: it began and ended in one
        tally.started += 1
        tally.duration.add(0)


def _node_began(changes: Changes, visit: Visit, event: _Began, decision: Decision) -> None:
    if event.path not in visit.folded.state.runs:  # else it has begun before
        _hour(changes, visit, decision.now)[event.path].started += 1


def _worker_began(changes: Changes, visit: Visit, event: e.NodeProgressed, decision: Decision) -> None:
    state, now = visit.folded.state, decision.now
    run = state.runs.get(event.path)
    if run is not None and event.progress is None:
        _hour(changes, visit, now)[event.path].queue.add(now - run.scheduled_at)


def _retried(changes: Changes, visit: Visit, event: e.NodeRetried, decision: Decision) -> None:
    _node_began(changes, visit, event, decision)
    _both(changes, visit, event.path, decision.now, "retries")


def _raised(changes: Changes, visit: Visit, event: e.IncidentRaised, decision: Decision) -> None:
    if event.path:
        _node_began(changes, visit, event, decision)
    _both(changes, visit, event.path, decision.now, "incidents")


def _resolved(changes: Changes, visit: Visit, event: e.IncidentResolved, decision: Decision) -> None:
    state, now = visit.folded.state, decision.now
    incident = state.incidents.get(event.incident)
    if incident is not None:
        for node in {node_of(incident.path), EXECUTIONS_NODE}:
            _hour(changes, visit, now)[node].resolving.add(now - incident.raised_at)


def _signalled(changes: Changes, visit: Visit, event: e.SignalConsumed, decision: Decision) -> None:
    state, now = visit.folded.state, decision.now
    run = state.runs.get(event.path)
    for node in (node_of(event.path), EXECUTIONS_NODE):
        _hour(changes, visit, now)[node].waiting.add(0 if run is None else now - (run.started_at or run.scheduled_at or now))


def _answered(changes: Changes, visit: Visit, event: e.TaskAnswered, decision: Decision) -> None:
    """People have decided: how long they were waited for."""
    memo = memo_at(visit.folded.state, event.path)
    if event.decides and memo is not None:
        for node in (node_of(event.path), EXECUTIONS_NODE):
            _hour(changes, visit, decision.now)[node].waiting.add(decision.now - memo.asked_at)


def _all_ended(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    """The execution ends, and what still runs in it with it."""
    for path, run in visit.folded.state.runs.items():
        if run.status != "lingering":
            _hour(changes, visit, decision.now)[path].end("terminated", "")


_STATUS: Final[dict[type[Event], str]] = {
    e.NodeCompleted: "completed", e.NodeFailed: "failed", e.NodeSkipped: "skipped", e.NodeCancelled: "cancelled"
}  # fmt: skip
_BEFORE: Final[dict[type[Event], Callable[[Changes, Visit, Any, Decision], None]]] = {
    **dict.fromkeys((e.NodeCompleted, e.NodeFailed, e.NodeCancelled, e.NodeSkipped), _node_ended),
    **dict.fromkeys((e.NodeScheduled, e.NodeStarted, e.NodeQueued), _node_began),
    **dict.fromkeys((e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated), _all_ended),
    e.NodeProgressed: _worker_began,
    e.NodeRetried: _retried,
    e.IncidentRaised: _raised,
    e.IncidentResolved: _resolved,
    e.SignalConsumed: _signalled,
    e.TaskAnswered: _answered,
}
"""What an event does to a node: its run is there until the event is folded."""


def _both(changes: Changes, visit: Visit, path: str, now: int, what: str) -> None:
    """Of a node, and of the executions."""
    for node in {node_of(path), EXECUTIONS_NODE}:
        tally = _hour(changes, visit, now)[node]
        setattr(tally, what, getattr(tally, what) + 1)


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    """What an event does to an execution: begin it, or end it."""
    state, now = visit.folded.state, decision.now
    if type(event) is e.ExecutionStarted:
        _hour(changes, visit, now)[EXECUTIONS_NODE].started += 1
    elif state.is_ended:
        tally = _hour(changes, visit, now)[EXECUTIONS_NODE]
        tally.end(state.status, (state.outcome or "").replace("\0", "\ufffd"))
        tally.duration.add(now - (state.started_at or state.created_at))


def analytics_where(
    begin: int, end: int, workflow: str | None = None, version: int | None = None, node: str | None = EXECUTIONS_NODE
) -> Query[AnalyticsRecord]:
    """The rows of hours from `begin` to before `end`, milliseconds since 1970; of the executions, of one node, or (None) of all."""
    asked = (
        Condition("workflow", "=", workflow),
        Condition("hour", ">=", begin),
        Condition("hour", "<", end),
        Condition("version", "=", version),
        Condition("node", "=", node),
    )
    return Query(ANALYTICS, tuple(one for one in asked if one.value is not None), limit=ROWS_MAX + 1)


_ENDS: Final = (e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated, e.ExecutionQuarantined)

READ_MODEL: Final = ReadModel(
    name="analytics",
    may_lag=True,
    outlives_journal=True,
    version=1,
    shape="7b88de6152fc95d4",
    tables=(ANALYTICS,),
    events=frozenset({e.ExecutionStarted, *_ENDS}),
    take=_take,
    take_before=_BEFORE,
)
