"""What the journal's events become for other systems: one public event each, or nothing.

decision + origin ──► CloudEvent, CloudEvent …      the same every time, so who sends them again sends the same
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from contracts import commands as c
from contracts import events as e
from contracts import public_events as p
from contracts import values
from contracts.commands import EraseExecution
from contracts.events import Event, carried_failure
from contracts.failure import MESSAGE_LENGTH_MAX, Failure, shorten
from contracts.ids import root_of
from contracts.journal import Decision
from contracts.public_data import Data, Link, PublicFailure, PublicParent
from contracts.public_events import BY_DATA, SOURCE_DEFAULT, CloudEvent, Origin
from contracts.system import is_system
from contracts.times import rfc3339
from contracts.trace import execution_traceparent
from projections.public.tasks import TASKS

_OF_AN_ATTEMPT: Final = c.ReportStarted | c.ReportProgress | c.CompleteActivity | c.FailActivity | c.LoseActivity


def is_public(origin: Origin) -> bool:
    """Whether others are told of an execution: of the engine's own workflows nobody is, nor of test runs."""
    return not (origin.is_test or is_system(origin.workflow))


def public_events(decision: Decision, origin: Origin, position: int, source: str = SOURCE_DEFAULT) -> Iterator[CloudEvent]:
    """What others are told of a decision, in its order; `position` is the decision's (`contracts/positions.py`)."""
    return events_of(decision, origin, position, source) if is_public(origin) else iter(())


def events_of(decision: Decision, origin: Origin, position: int, source: str = SOURCE_DEFAULT) -> Iterator[CloudEvent]:
    """The same for who asks for this very execution, also for one of the engine's own workflows."""
    execution = decision.execution
    correlation = decision.correlation or origin.correlation
    for version, event in enumerate(decision.events, decision.first):
        make = _PUBLIC.get(type(event))
        if make is None:
            continue
        place = {"execution": execution, "version": version, "href": f"{_href(execution)}/history?from={version}&limit=1"}
        data = make(event, decision, origin, place)
        told = BY_DATA[type(data)]
        yield CloudEvent(
            specversion="1.0",
            id=f"{execution}/{version}",
            source=source,
            type=told.type,
            subject=execution,
            time=rfc3339(decision.now),
            datacontenttype="application/json",
            dataschema=told.dataschema,
            workflow=origin.workflow,
            workflowversion=origin.version,
            position=str(position),
            correlationid=correlation,
            traceparent=_traceparent(correlation, execution),
            data=data,
        )


_traceparent: Final = lru_cache(maxsize=1024)(execution_traceparent)


@lru_cache(maxsize=1024)
def _href(execution: str) -> str:
    return f"/v1/executions/{quote(execution, safe='~')}"


def _short(reason: str) -> str:
    return shorten(reason, MESSAGE_LENGTH_MAX)


def _failure(failure: Failure | None) -> PublicFailure | None:
    if failure is None:
        return None
    return PublicFailure(type=failure.type, message=failure.message, node=failure.node or None, attempt=failure.attempt or None)


def _cause(event: e.NodeFailed | e.NodeRetried | e.IncidentRaised | e.ChildFailed, decision: Decision) -> PublicFailure | None:
    """The failure that the event says, or that its command has brought."""
    return _failure(getattr(event, "failure", None) or carried_failure(decision.command))


def _attempt(event: e.NodeCompleted | e.NodeFailed | e.NodeProgressed, decision: Decision) -> int | None:
    """The attempt that the command was about, where it was about this node."""
    command = decision.command
    if (
        isinstance(command, c.CompleteActivity | c.FailActivity | c.LoseActivity | c.ReportStarted | c.ReportProgress)
        and command.path == event.path
    ):
        return command.attempt
    return None


_Place: TypeAlias = dict[str, Any]
_Make: TypeAlias = Callable[[Any, Decision, Origin, _Place], Data]


def _of_execution(origin: Origin, place: _Place) -> _Place:
    return {**place, "created_at": rfc3339(origin.created_at), "search": _search(origin.search)}


def _search(stored: bytes | None) -> dict[str, Any] | None:
    """The values as JSON; those that lie elsewhere, as they are too big, are none to find anything by."""
    if stored is None or values.is_reference(stored):
        return None
    found: dict[str, Any] = values.decode(stored)
    return found or None


def _created(event: e.ExecutionCreated, decision: Decision, origin: Origin, place: _Place) -> Data:
    command = decision.command
    assert isinstance(command, c.CreateExecution), f"an execution was created by {type(command).__name__}"
    parent = command.parent
    return p.ExecutionCreated(
        **_of_execution(origin, place),
        definition=command.definition,
        root=root_of(decision.execution),
        input=Link(href=_href(decision.execution)),
        parent=None if parent is None else PublicParent(execution=parent.execution, path=parent.path),
        priority=command.priority,
        start_at=None if command.start_at is None else rfc3339(command.start_at),
    )


def _completed(event: e.ExecutionCompleted, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.ExecutionCompleted(**_of_execution(origin, place), output=Link(href=_href(decision.execution)), outcome=event.outcome)


def _failed(event: e.ExecutionFailed, decision: Decision, origin: Origin, place: _Place) -> Data:
    failure = _failure(event.failure)
    assert failure is not None, "an execution failed without a failure"
    return p.ExecutionFailed(**_of_execution(origin, place), failure=failure)


def _quarantined(event: e.ExecutionQuarantined, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.ExecutionQuarantined(**_of_execution(origin, place), reason=_short(event.reason), keeps=event.keeps)


def _queued(event: e.ExecutionQueued, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.ExecutionQueued(**_of_execution(origin, place), slot=event.slot)


def _plain(shape: type[p.ExecutionData]) -> _Make:
    return lambda event, decision, origin, place: shape(**_of_execution(origin, place))


def _with_reason(shape: type[p.ExecutionPaused | p.ExecutionCancelRequested | p.ExecutionTerminated]) -> _Make:
    return lambda event, decision, origin, place: shape(
        **_of_execution(origin, place), reason=shorten(event.reason, MESSAGE_LENGTH_MAX) or None
    )


def _erased(event: e.ExecutionErased, decision: Decision, origin: Origin, place: _Place) -> Data:
    command = decision.command
    reason = command.reason if isinstance(command, EraseExecution) else ""
    said = {**_of_execution(origin, place), "search": None}  # whoever hears it late is not to be told again
    return p.ExecutionErased(**said, reason=shorten(reason, MESSAGE_LENGTH_MAX) or None)


def _incident_raised(event: e.IncidentRaised, decision: Decision, origin: Origin, place: _Place) -> Data:
    failure = _cause(event, decision)
    return p.IncidentRaised(**_of_execution(origin, place), incident=event.incident, path=event.path, failure=failure)


def _incident_resolved(event: e.IncidentResolved, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.IncidentResolved(**_of_execution(origin, place), incident=event.incident, action=event.action)


def _scheduled(event: e.NodeScheduled, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.NodeScheduled(**place, path=event.path, attempt=event.attempt)


def _started(event: e.NodeStarted, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.NodeStarted(**place, path=event.path, attempt=event.attempt)


def _progressed(event: e.NodeProgressed, decision: Decision, origin: Origin, place: _Place) -> Data:
    attempt, worker = _attempt(event, decision), event.worker or None
    return p.NodeProgressed(**place, path=event.path, attempt=attempt, progress=event.progress, worker=worker)


def _node_completed(event: e.NodeCompleted, decision: Decision, origin: Origin, place: _Place) -> Data:
    ports = ["out"] if event.ports is None else list(event.ports)
    return p.NodeCompleted(**place, path=event.path, attempt=_attempt(event, decision), ports=ports)


def _node_failed(event: e.NodeFailed, decision: Decision, origin: Origin, place: _Place) -> Data:
    attempt, failure = _attempt(event, decision), _cause(event, decision)
    return p.NodeFailed(**place, path=event.path, attempt=attempt, handled=event.edge, failure=failure)


def _retried(event: e.NodeRetried, decision: Decision, origin: Origin, place: _Place) -> Data:
    failure = _cause(event, decision)
    return p.NodeRetried(**place, path=event.path, attempt=event.attempt, due=rfc3339(event.due), failure=failure)


def _skipped(event: e.NodeSkipped, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.NodeSkipped(**place, path=event.path)


def _cancelled(event: e.NodeCancelled, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.NodeCancelled(**place, path=event.path)


def _received(event: e.SignalReceived, decision: Decision, origin: Origin, place: _Place) -> Data:
    command = decision.command
    assert isinstance(command, c.SendSignal), f"a signal was received by {type(command).__name__}"
    return p.SignalReceived(**place, signal=command.signal, name=command.name)


def _consumed(event: e.SignalConsumed, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.SignalConsumed(**place, path=event.path, port=event.port or None)


def _child_started(event: e.ChildStarted, decision: Decision, origin: Origin, place: _Place) -> Data:
    workflow, version = event.workflow, event.version
    return p.ChildStarted(
        **place, path=event.path, child=event.child, child_workflow=workflow, child_workflow_version=version, detached=event.detached
    )


def _child_completed(event: e.ChildCompleted, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.ChildCompleted(**place, path=event.path, child=event.child)


def _child_failed(event: e.ChildFailed, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.ChildFailed(**place, path=event.path, child=event.child, status=event.status, failure=_cause(event, decision))


def _compensating(event: e.CompensationStarted, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.CompensationStarted(**place, paths=list(event.paths))


def _compensated(event: e.CompensationEnded, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.CompensationEnded(**place)


_PUBLIC: Final[dict[type[Event], _Make]] = {
    e.ExecutionCreated: _created,
    e.ExecutionQueued: _queued,
    e.ExecutionStarted: _plain(p.ExecutionStarted),
    e.ExecutionPaused: _with_reason(p.ExecutionPaused),
    e.ExecutionResumed: _plain(p.ExecutionResumed),
    e.ExecutionCancelRequested: _with_reason(p.ExecutionCancelRequested),
    e.ExecutionCancelled: _plain(p.ExecutionCancelled),
    e.ExecutionTerminated: _with_reason(p.ExecutionTerminated),
    e.ExecutionCompleted: _completed,
    e.ExecutionFailed: _failed,
    e.ExecutionQuarantined: _quarantined,
    e.ExecutionReleased: _plain(p.ExecutionReleased),
    e.ExecutionErased: _erased,
    e.IncidentRaised: _incident_raised,
    e.IncidentResolved: _incident_resolved,
    e.NodeScheduled: _scheduled,
    e.NodeStarted: _started,
    e.NodeProgressed: _progressed,
    e.NodeCompleted: _node_completed,
    e.NodeFailed: _node_failed,
    e.NodeRetried: _retried,
    e.NodeSkipped: _skipped,
    e.NodeCancelled: _cancelled,
    e.SignalReceived: _received,
    e.SignalConsumed: _consumed,
    e.ChildStarted: _child_started,
    e.ChildCompleted: _child_completed,
    e.ChildFailed: _child_failed,
    **TASKS,
    e.CompensationStarted: _compensating,
    e.CompensationEnded: _compensated,
}

ENDS: Final = (e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated)


def ends_execution(event: Event) -> bool:
    """Whether nothing but refusals can follow on this event."""
    return isinstance(event, ENDS) or (isinstance(event, e.ExecutionQuarantined) and not event.keeps)


PUBLIC: Final[frozenset[type[Event]]] = frozenset(_PUBLIC)
"""The journal's events that others are told of: what a subscription to the feed selects."""
SOURCES: Final[Mapping[str, type[Event]]] = {
    told.type.removeprefix(p.TYPE_PREFIX): event for event in _PUBLIC for told in p.PUBLIC_TYPES if told.data.__name__ == event.__name__
}
"""By the type of a public event, without what begins all of them, the journal's event that it is made of."""
INTERNAL: Final[frozenset[type[Event]]] = frozenset(
    {
        e.TimerStarted,
        e.TimerFired,
        e.TimerCancelled,
        e.VariableSet,
        e.ScopeEntered,
        e.ScopeLeft,
        e.HistoryRolled,
        e.NodeQueued,
        e.NodesReset,
        e.ScopeStopped,
        e.NodeStopped,
        e.NodeHalted,
        e.NodePinned,
        e.StepRecorded,
        e.BudgetReserved,
        e.UsageCounted,
        e.BudgetRaised,
        e.CommandHeld,
        e.SlotGranted,
        e.SlotReclaimed,
        e.SlotRefused,
        e.AdmissionAwaited,
        e.FailureCounted,
        e.ActivityHeld,
        e.ActivityReleased,
        e.TrialEnded,
        e.BreakerChanged,
        e.ExecutionAdmitted,
        e.DependenciesAwaited,
        e.DependencyMet,
        e.DependencyWaived,
        e.CompensationRegistered,
        e.SignalEmitted,
        e.ItemsAdded,
        e.ChildCancelRequested,
        e.ExecutionEnding,
        e.ConditionMet,
        e.TaskNoticeStarted,
        e.ExecutionForked,
        e.PastTakenUp,
        e.DefinitionChanged,
        e.ActivityAsked,
        e.BreakpointsChanged,
        e.HaltEnded,
        e.HaltChanged,
    }
)
"""Those that are how the engine does things, and nobody's business outside."""
