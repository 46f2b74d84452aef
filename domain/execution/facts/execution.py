"""What the facts about the execution as a whole mean."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from msgspec.structs import astuple

from contracts import events as e
from contracts.codec import pack
from contracts.commands import CreateExecution, EraseExecution, PauseExecution, QuarantineExecution, ResumeExecution, RollHistory
from domain.definition.graph import Graph
from domain.execution.debugged import Debugged
from domain.execution.facts.runs import (
    Applier,
    Cause,
    blank,
    restate,
)
from domain.execution.facts.usage import begun
from domain.execution.paths import after_timer
from domain.execution.state import Admission, Awaited, Erased, Execution, Scope, Tested, parent_named

_CREATE: Final = CreateExecution.__struct_config__.tag
_ASKED: Final = CreateExecution.__struct_fields__.index("span")
"""From here on fields say how it was asked, and not what for."""


def request_of(command: CreateExecution) -> bytes:
    """The fingerprint of a start: the same for the same request, so that a repeated one is known; whichever span it is asked in."""
    told: tuple[Any, ...] = (_CREATE, *astuple(command)[:_ASKED])
    if (fork := command.fork) is not None:
        begins = () if fork.is_last else told[1:]
        told = (_CREATE, command.definition, fork.source, 0 if fork.is_last else fork.version, fork.until, fork.edits, *begins)
    return hashlib.sha256(pack(told)).digest()[:8]


def _created(graph: Graph, state: Execution, event: e.ExecutionCreated, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, CreateExecution)
    state.workflow, state.workflow_version, state.definition = command.workflow, command.version, command.definition
    state.input = command.input if event.input is None else event.input
    state.initial_variables, state.trigger = command.variables, command.trigger
    state.parent, state.priority, state.keeper = command.parent, command.priority, command.keeper
    state.request, state.search = request_of(command), event.search
    state.created_at = cause.now
    state.test = None if command.test is None else Tested(command.test, command.test.ahead)
    state.spending = begun(graph, command)
    if command.breakpoints:
        state.debugged = Debugged()
        state.debugged.set(command.breakpoints)
    state.status = "scheduled" if command.start_at is not None and command.start_at > cause.now else "created"


def _queued(graph: Graph, state: Execution, event: e.ExecutionQueued, cause: Cause) -> None:
    state.slot = event.slot
    state.timers.pop(":start_at", None)


def _slot_granted(graph: Graph, state: Execution, event: e.SlotGranted, cause: Cause) -> None:
    state.status, state.started_at = "running", cause.now


def _slot_reclaimed(graph: Graph, state: Execution, event: e.SlotReclaimed, cause: Cause) -> None:
    state.cancelling, state.reason = True, event.reason


def _slot_refused(graph: Graph, state: Execution, event: e.SlotRefused, cause: Cause) -> None:
    state.reason = event.message


def _admission_awaited(graph: Graph, state: Execution, event: e.AdmissionAwaited, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, CreateExecution)
    heeds_pauses = command.heeds_pauses and graph.settings.while_paused == "queue"
    state.admission, state.status = Admission(command.autostart, command.start_at, heeds_pauses), "created"


def _admitted(graph: Graph, state: Execution, event: e.ExecutionAdmitted, cause: Cause) -> None:
    admission, state.admission = state.admission, None
    if admission is not None and admission.start_at is not None and admission.start_at > cause.now:
        state.status = "scheduled"


def _dependencies_awaited(graph: Graph, state: Execution, event: e.DependenciesAwaited, cause: Cause) -> None:
    spans = [one.within_ms for one in graph.after]
    state.awaited = [Awaited(key, cause.now - span, cause.now + span) for key, span in zip(event.keys, spans, strict=True)]
    state.status = "created"
    state.timers.pop(":start_at", None)


def _dependency_met(graph: Graph, state: Execution, event: e.DependencyMet, cause: Cause) -> None:
    _settled(state, event.index, event.execution)


def _dependency_waived(graph: Graph, state: Execution, event: e.DependencyWaived, cause: Cause) -> None:
    _settled(state, event.index, "")


def _settled(state: Execution, index: int, execution: str) -> None:
    assert state.awaited is not None, f"{state.execution} waits for no other"
    one = state.awaited[index]
    one.execution, one.is_settled = execution, True
    state.timers.pop(after_timer(index), None)


def _started(graph: Graph, state: Execution, event: e.ExecutionStarted, cause: Cause) -> None:
    state.status, state.started_at = "running", cause.now
    state.timers.pop(":start_at", None)
    state.scopes[""] = Scope("", "", "", 0, graph.root.number, None, state.input, *blank(graph, graph.root.number))


def _paused(graph: Graph, state: Execution, event: e.ExecutionPaused, cause: Cause) -> None:
    state.paused, state.reason = True, event.reason
    if state.test is not None:
        state.test.stood_at = state.version
    if state.debugged is not None:
        halts = any(halt.halts == "all" for halt in state.debugged.halts.values())
        state.debugged.pauses = halts and not isinstance(cause.command, PauseExecution)
    restate(state)


def _resumed(graph: Graph, state: Execution, event: e.ExecutionResumed, cause: Cause) -> None:
    state.paused, state.held = False, []
    if state.test is not None:
        command = cause.command
        state.test.halted, state.test.steps = [], isinstance(command, ResumeExecution) and command.step
    restate(state)


def _cancel_requested(graph: Graph, state: Execution, event: e.ExecutionCancelRequested, cause: Cause) -> None:
    state.cancelling, state.reason, state.paused = True, event.reason, False
    state.held = []
    if state.test is not None:
        state.test.halted, state.test.steps = [], False
    restate(state)


def _ending(graph: Graph, state: Execution, event: e.ExecutionEnding, cause: Cause) -> None:
    state.ending = event.ending
    state.timers.pop(":workflow", None)


def _cancelled(graph: Graph, state: Execution, event: e.ExecutionCancelled, cause: Cause) -> None:
    _end(state, "cancelled", cause)


def _terminated(graph: Graph, state: Execution, event: e.ExecutionTerminated, cause: Cause) -> None:
    state.reason = event.reason
    _end(state, "terminated", cause)


def _completed(graph: Graph, state: Execution, event: e.ExecutionCompleted, cause: Cause) -> None:
    state.outcome = event.outcome
    if event.output is not None:
        state.output = event.output
    _end(state, "completed", cause)


def _failed(graph: Graph, state: Execution, event: e.ExecutionFailed, cause: Cause) -> None:
    state.failure = event.failure
    _end(state, "failed", cause)


def _quarantined(graph: Graph, state: Execution, event: e.ExecutionQuarantined, cause: Cause) -> None:
    if not event.keeps:
        state.reason = event.reason
        _end(state, "quarantined", cause)
        return
    if state.quarantine is None:
        state.quarantine, state.status = event.reason, "quarantined"
        state.was_paused, state.paused = state.paused, True
    if isinstance(cause.command, QuarantineExecution) and cause.command.held is not None:
        state.held.append(cause.command.held)


def _released(graph: Graph, state: Execution, event: e.ExecutionReleased, cause: Cause) -> None:
    state.quarantine, state.paused, state.was_paused = None, state.was_paused, False
    if not state.paused:
        state.held = []
    if not state.started_at:
        state.status = "scheduled" if ":start_at" in state.timers else "created"
    restate(state)


def _rolled(graph: Graph, state: Execution, event: e.HistoryRolled, cause: Cause) -> None:
    assert isinstance(cause.command, RollHistory)
    state.rolled_at = state.version


def _erased(graph: Graph, state: Execution, event: e.ExecutionErased, cause: Cause) -> None:
    """Nothing stays but what the event says, wherever it is read: whoever still has the key folds to the same state."""
    command = cause.command
    assert isinstance(command, EraseExecution)
    kept = Execution(state.execution, event.workflow, event.version, event.definition, "created", state.version, state.digest)
    kept.status = event.status  # type: ignore[assignment]  # one of them: an execution had it
    kept.parent = parent_named(event.parent, event.root)
    kept.created_at, kept.started_at, kept.ended_at, kept.now = event.created_at, event.started_at, event.ended_at, cause.now
    kept.erased = Erased(cause.now, command.by, command.reason)
    for name in Execution.__struct_fields__:
        setattr(state, name, getattr(kept, name))


def _held(graph: Graph, state: Execution, event: e.CommandHeld, cause: Cause) -> None:
    state.held.append(cause.command)


def _end(state: Execution, status: Any, cause: Cause) -> None:
    state.status, state.ended_at, state.paused, state.quarantine = status, cause.now, False, None
    for open_things in (state.scopes, state.runs, state.timers, state.incidents, state.mutexes):
        open_things.clear()
    state.admission = None
    if state.debugged is not None:
        state.debugged = Debugged(state.debugged.breakpoints, ended=state.debugged.ended)
    state.signals, state.waiting, state.held, state.undoing, state.compensations, state.signal_ids = [], [], [], [], [], []


APPLIERS: Final[dict[type, Applier]] = {
    e.ExecutionCreated: _created,
    e.ExecutionStarted: _started,
    e.ExecutionQueued: _queued,
    e.SlotGranted: _slot_granted,
    e.SlotReclaimed: _slot_reclaimed,
    e.SlotRefused: _slot_refused,
    e.AdmissionAwaited: _admission_awaited,
    e.ExecutionAdmitted: _admitted,
    e.DependenciesAwaited: _dependencies_awaited,
    e.DependencyMet: _dependency_met,
    e.DependencyWaived: _dependency_waived,
    e.ExecutionPaused: _paused,
    e.ExecutionResumed: _resumed,
    e.ExecutionCancelRequested: _cancel_requested,
    e.ExecutionCancelled: _cancelled,
    e.ExecutionTerminated: _terminated,
    e.ExecutionCompleted: _completed,
    e.ExecutionFailed: _failed,
    e.ExecutionQuarantined: _quarantined,
    e.ExecutionReleased: _released,
    e.ExecutionEnding: _ending,
    e.HistoryRolled: _rolled,
    e.CommandHeld: _held,
    e.ExecutionErased: _erased,
}
