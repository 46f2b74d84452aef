"""Evolve: what each fact means. Total over all stored history: it refuses nothing, and nothing else changes the state.

Every event has one function here, and a test walks `EVENTS` to see that none is missing. Deciding goes through the same
functions (`Deciding.emit` applies what it appends), so what was decided live and what is folded later cannot differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from contracts import events as e
from contracts.codec import pack
from contracts.commands import Command, CreateExecution, RollHistory, SendSignal
from contracts.events import Event, carried, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.values import NULL
from domain import edges, undo_state
from domain.definition.graph import Graph, Node
from domain.outputs import body_output
from domain.places import is_undo, locate, plain_data, scope_path
from domain.state import (
    CANCELLED,
    COMPLETED,
    FAILED,
    LIVE,
    SIGNAL_IDS_MAX,
    SKIPPED,
    Compensation,
    Ended,
    Execution,
    Incident,
    NodeRun,
    Scope,
    Signal,
    WaitMemo,
)


class Cause(Protocol):
    """What stands beside an event in its decision: the command, and the time it was decided at."""

    @property
    def command(self) -> Command: ...

    @property
    def now(self) -> int: ...


UNPLACED: Final = Failure("unknown", "no failure was recorded")


def request_of(command: CreateExecution) -> bytes:
    """The fingerprint of a start: the same for the same request, so that a repeated one is known."""
    return hashlib.sha256(pack(command)).digest()[:8]


def initial(execution: str) -> Execution:
    """The state before anything has happened."""
    return Execution(execution)


def evolve(graph: Graph, state: Execution, event: Event, cause: Cause) -> None:
    """Let one fact change the state."""
    state.version += 1
    APPLIERS[type(event)](graph, state, event, cause)


def fold(graph: Graph, state: Execution, decisions: Iterable[Decision]) -> Execution:
    """Let all events of the decisions change the state, and give it back."""
    for decision in decisions:
        state.now = decision.now
        for event in decision.events:
            state.version += 1
            APPLIERS[type(event)](graph, state, event, decision)
    return state


# The execution as a whole.


def _created(graph: Graph, state: Execution, event: e.ExecutionCreated, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, CreateExecution)
    state.workflow, state.workflow_version, state.definition = command.workflow, command.version, command.definition
    state.input = command.input if event.input is None else event.input
    state.initial_variables, state.trigger = command.variables, command.trigger
    state.parent, state.priority = command.parent, command.priority
    state.request = request_of(command)
    state.created_at = cause.now
    state.status = "scheduled" if command.start_at is not None and command.start_at > cause.now else "created"


def _started(graph: Graph, state: Execution, event: e.ExecutionStarted, cause: Cause) -> None:
    state.status, state.started_at = "running", cause.now
    state.timers.pop(":start_at", None)
    state.scopes[""] = Scope("", "", "", 0, graph.root.index, None, state.input, *_blank(graph, graph.root.index))


def _paused(graph: Graph, state: Execution, event: e.ExecutionPaused, cause: Cause) -> None:
    state.paused, state.reason = True, event.reason
    _restate(state)


def _resumed(graph: Graph, state: Execution, event: e.ExecutionResumed, cause: Cause) -> None:
    state.paused, state.held = False, []
    _restate(state)


def _cancel_requested(graph: Graph, state: Execution, event: e.ExecutionCancelRequested, cause: Cause) -> None:
    state.cancelling, state.reason, state.paused = True, event.reason, False
    state.held = []
    _restate(state)


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
    state.reason = event.reason
    _end(state, "quarantined", cause)


def _rolled(graph: Graph, state: Execution, event: e.HistoryRolled, cause: Cause) -> None:
    assert isinstance(cause.command, RollHistory)
    state.rolled_at = state.version


def _held(graph: Graph, state: Execution, event: e.CommandHeld, cause: Cause) -> None:
    state.held.append(cause.command)


def _end(state: Execution, status: Any, cause: Cause) -> None:
    state.status, state.ended_at, state.paused = status, cause.now, False
    for open_things in (state.scopes, state.runs, state.timers, state.incidents, state.mutexes):
        open_things.clear()
    state.signals, state.waiting, state.held, state.undoing, state.compensations, state.signal_ids = [], [], [], [], [], []


def _restate(state: Execution) -> None:
    if not state.is_ended and state.started_at:
        state.status = "paused" if state.paused else "incident" if state.incidents else "running"


# Bodies.


def _blank(graph: Graph, body: int) -> tuple[bytearray, bytearray, list[int], list[int]]:
    compiled = graph.bodies[body]
    count = len(compiled.nodes)
    edge_count = compiled.edges[-1].number + 1 if compiled.edges else 0
    return bytearray(count), bytearray(edge_count), compiled.unresolved.copy(), [0] * count


def _scope_entered(graph: Graph, state: Execution, event: e.ScopeEntered, cause: Cause) -> None:
    path = scope_path(event.owner, event.label, event.index)
    run = state.runs.get(event.owner)
    if run is None:
        assert graph.handler is not None
        body, around, tried, failure = graph.handler.index, None, 0, state.ending.failure if state.ending else None
        state.handled = True
    else:
        body, around, tried = graph.nodes[run.node].bodies[event.label].index, run.scope, run.tried_inside
        failure = run.last_failure if event.label.startswith("catch") else None
    given = event.input
    if given is None:
        given = NULL if run is None else graph.nodes[run.node].kind.input_of(run, event.label, event.index)
    scope = Scope(path, event.owner, event.label, event.index, body, around, given, *_blank(graph, body), tried=tried, failure=failure)
    state.scopes[path] = scope
    if run is None:
        scope.variables.update(state.variables)
    if run is not None:
        run.bodies += 1
        graph.nodes[run.node].kind.evolve_scope_entered(run, scope)


def _scope_stopped(graph: Graph, state: Execution, event: e.ScopeStopped, cause: Cause) -> None:
    state.scopes[event.scope].ending = event.ending


def _scope_left(graph: Graph, state: Execution, event: e.ScopeLeft, cause: Cause) -> None:
    scope = state.scopes.pop(event.scope)
    ending = event.ending
    output = ending.output if ending.output is not None else body_output(graph, scope) or NULL
    if scope.last_end >= 0 and scope.path == "" and ending.status == "completed":
        state.outcome = scope.last_end_outcome
    run = state.runs.get(scope.owner)
    if run is None:
        if scope.path == "":
            state.output = output if ending.status == "completed" else None
            state.variables = {} if graph.handler is None else scope.variables
        return
    run.bodies -= 1
    run.tried_inside = max(run.tried_inside, scope.used)
    if run.status == "lingering":
        if not run.bodies:
            _close_lingering(graph, state, run)
        return
    graph.nodes[run.node].kind.evolve_scope_left(run, scope, ending, output)


def _variable_set(graph: Graph, state: Execution, event: e.VariableSet, cause: Cause) -> None:
    state.scopes[event.scope].variables[event.name] = event.value


# Nodes.


def _open_run(graph: Graph, state: Execution, path: str, data: bytes | None, cause: Cause) -> NodeRun:
    run = state.runs.get(path)
    if run is not None:
        return run
    if is_undo(path):
        return undo_state.open_run(graph, state, path, cause.now)
    scope, node = locate(graph, state, path)
    given = data if data is not None else plain_data(graph, scope, node)
    run = NodeRun(path, node.index, scope.path, "active", NULL if given is None else given, scope.tried + 1, scope.tried, cause.now)
    run.tried_inside = scope.tried
    run.inherited = edges.inherited_failure(scope, node)
    state.runs[path] = run
    scope.nodes[node.place] = LIVE
    scope.live[node.place] = path
    edges.forget_inputs(graph, scope, node)
    if node.mutex is not None:
        queue = state.mutexes.setdefault(node.mutex, [])
        if path not in queue:
            queue.append(path)
    return run


def _linger(state: Execution, run: NodeRun, scope: Scope, node: Node) -> None:
    """The node has completed, and losers in it still run: its body waits for them, its successors do not."""
    run.status = "lingering"
    scope.live.pop(node.place, None)
    scope.lingering.append(run.path)
    scope.nodes[node.place] = COMPLETED
    _drop_waits(state, run.path)


def _close_lingering(graph: Graph, state: Execution, run: NodeRun) -> None:
    scope = state.scopes[run.scope]
    scope.lingering.remove(run.path)
    scope.used = max(scope.used, run.attempt, run.tried_inside)
    del state.runs[run.path]
    _leave_mutex(state, graph.nodes[run.node], run.path)


def _leave_mutex(state: Execution, node: Node, path: str) -> None:
    if node.mutex is not None and path in (queue := state.mutexes.get(node.mutex, [])):
        queue.remove(path)
        if not queue:
            del state.mutexes[node.mutex]


def _close_run(state: Execution, run: NodeRun, scope: Scope, node: Node, status: int) -> None:
    del state.runs[run.path]
    scope.live.pop(node.place, None)
    scope.nodes[node.place] = status
    scope.used = max(scope.used, run.attempt, run.tried_inside)
    _drop_waits(state, run.path)
    _leave_mutex(state, node, run.path)


def _drop_waits(state: Execution, path: str) -> None:
    if state.timers:
        prefix = path + ":"
        for timer in [name for name in state.timers if name.startswith(prefix)]:
            del state.timers[timer]
    if path in state.waiting:
        state.waiting.remove(path)


def _drop_attempt_timers(state: Execution, path: str) -> None:
    """The limits of one attempt end with it; what spans all attempts stays."""
    for purpose in ("start_to_close", "schedule_to_start", "heartbeat", "retry"):
        state.timers.pop(f"{path}:{purpose}", None)


def _scheduled(graph: Graph, state: Execution, event: e.NodeScheduled, cause: Cause) -> None:
    run = _open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.started_at, run.progress = "active", event.attempt, 0, None
    run.scheduled_at = cause.now
    if event.config is not None:
        run.config = event.config
    if event.cache_key is not None:
        run.cache_key = event.cache_key


def _node_started(graph: Graph, state: Execution, event: e.NodeStarted, cause: Cause) -> None:
    run = _open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.started_at, run.ending = "active", event.attempt, cause.now, None
    node = graph.nodes[run.node]
    run.memo = node.kind.evolve_started(state, run, node, event)


def _progressed(graph: Graph, state: Execution, event: e.NodeProgressed, cause: Cause) -> None:
    run = state.runs.get(event.path)
    if run is None:
        return
    if event.progress is None:
        run.started_at = cause.now
        state.timers.pop(f"{event.path}:schedule_to_start", None)
    else:
        run.progress = event.progress


def _node_completed(graph: Graph, state: Execution, event: e.NodeCompleted, cause: Cause) -> None:
    if is_undo(event.path):
        undo_state.end(state, event.path, done=True)
        return
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    if event.output is not None:
        output: bytes | None = event.output
    elif not event.passes:
        output = carried(cause.command)
    else:
        output = run.data if run is not None else event.data if event.data is not None else plain_data(graph, scope, node)
    if run is not None:
        inherited = run.inherited
        if run.bodies:
            _linger(state, run, scope, node)
        else:
            _close_run(state, run, scope, node, COMPLETED)
    else:
        inherited = edges.inherited_failure(scope, node)
        scope.nodes[node.place] = COMPLETED
        edges.forget_inputs(graph, scope, node)
    scope.ended[node.place] = Ended(state.version, output, event.failure, inherited)
    if node.definition.type == "end":
        scope.last_end, scope.last_end_outcome = node.place, node.config.outcome
    edges.resolve(scope, node, event.ports or ("out",), event.untaken)


def _node_failed(graph: Graph, state: Execution, event: e.NodeFailed, cause: Cause) -> None:
    failure = event.failure or carried_failure(cause.command) or UNPLACED
    if is_undo(event.path):
        undo_state.end(state, event.path, done=False)
        return
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    if run is not None:
        failure = failure.at(run.path, run.attempt)
        _close_run(state, run, scope, node, FAILED)
    else:
        failure = failure.at(event.path, scope.tried + 1)
        scope.nodes[node.place] = FAILED
        edges.forget_inputs(graph, scope, node)
    if event.edge:
        scope.ended[node.place] = Ended(state.version, edges.failure_value(failure), failure)
        edges.resolve(scope, node, ("error",), event.untaken)
    else:
        scope.ended[node.place] = Ended(state.version, None, failure)
        edges.resolve(scope, node, (), ())


def _node_retried(graph: Graph, state: Execution, event: e.NodeRetried, cause: Cause) -> None:
    run = _open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.ending = "retrying", event.attempt, None
    run.last_failure = event.failure or carried_failure(cause.command) or UNPLACED
    _drop_attempt_timers(state, event.path)
    if run.path in state.waiting:
        state.waiting.remove(run.path)
    state.timers[f"{event.path}:retry"] = event.due


def _node_skipped(graph: Graph, state: Execution, event: e.NodeSkipped, cause: Cause) -> None:
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    if run is not None:
        _close_run(state, run, scope, node, SKIPPED)
    scope.nodes[node.place] = SKIPPED
    edges.forget_inputs(graph, scope, node)
    edges.resolve(scope, node, (), ())


def _node_cancelled(graph: Graph, state: Execution, event: e.NodeCancelled, cause: Cause) -> None:
    if is_undo(event.path):
        undo_state.end(state, event.path, done=False)
        return
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    status = CANCELLED if event.output is None else COMPLETED
    if run is not None:
        _close_run(state, run, scope, node, status)
    scope.nodes[node.place] = status
    if event.output is not None:
        scope.ended[node.place] = Ended(state.version, event.output)
        edges.resolve(scope, node, node.ports[:1], ())
    else:
        edges.resolve(scope, node, (), ())


def _node_queued(graph: Graph, state: Execution, event: e.NodeQueued, cause: Cause) -> None:
    _open_run(graph, state, event.path, event.data, cause).status = "queued"


def _node_stopped(graph: Graph, state: Execution, event: e.NodeStopped, cause: Cause) -> None:
    run = _open_run(graph, state, event.path, None, cause)
    run.status, run.ending = "stopping", event.ending
    _drop_attempt_timers(state, event.path)
    if run.path in state.waiting:
        state.waiting.remove(run.path)


def _nodes_reset(graph: Graph, state: Execution, event: e.NodesReset, cause: Cause) -> None:
    scope = state.scopes[event.scope]
    edges.reset(graph, scope, event.edge)


# Timers, signals, children.


def _timer_started(graph: Graph, state: Execution, event: e.TimerStarted, cause: Cause) -> None:
    state.timers[event.timer] = event.due


def _timer_gone(graph: Graph, state: Execution, event: e.TimerFired | e.TimerCancelled, cause: Cause) -> None:
    state.timers.pop(event.timer, None)


def _signal_received(graph: Graph, state: Execution, event: e.SignalReceived, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, SendSignal)
    state.signals_received = event.place
    state.signals.append(Signal(event.place, command.name, command.payload))
    state.signal_ids.append(command.signal)
    if len(state.signal_ids) > SIGNAL_IDS_MAX:
        del state.signal_ids[0]


def _signal_consumed(graph: Graph, state: Execution, event: e.SignalConsumed, cause: Cause) -> None:
    signal = next((s for s in state.signals if s.place == event.place), None)
    if signal is None:
        return
    state.signals.remove(signal)
    run = state.runs.get(event.path)
    if run is not None and isinstance(run.memo, WaitMemo):
        run.memo.payloads.append(signal.payload)


def _items_added(graph: Graph, state: Execution, event: e.ItemsAdded, cause: Cause) -> None:
    run = state.runs.get(event.path)
    if run is not None:
        graph.nodes[run.node].kind.evolve_items_added(run, event.items, event.count)


def _child_started(graph: Graph, state: Execution, event: e.ChildStarted, cause: Cause) -> None:
    state.children[event.child] = event.path
    _, node = locate(graph, state, event.path)
    state.child_nodes[event.path] = node.index


def _child_ended(graph: Graph, state: Execution, event: e.ChildCompleted | e.ChildFailed, cause: Cause) -> None:
    _forget_child(state, event.child)


def _forget_child(state: Execution, child: str) -> None:
    path = state.children.pop(child, None)
    if path is not None:
        state.child_nodes.pop(path, None)
    if child in state.children_asked:
        state.children_asked.remove(child)


def _nothing(graph: Graph, state: Execution, event: Any, cause: Cause) -> None:
    """The fact is there for readers and for `react`; the state follows from other events."""


def _child_cancel_requested(graph: Graph, state: Execution, event: e.ChildCancelRequested, cause: Cause) -> None:
    if event.terminate:
        _forget_child(state, event.child)
    elif event.child not in state.children_asked:
        state.children_asked.append(event.child)


# Incidents and compensation.


def _incident_raised(graph: Graph, state: Execution, event: e.IncidentRaised, cause: Cause) -> None:
    failure = event.failure or carried_failure(cause.command) or UNPLACED
    state.incidents_raised += 1
    if event.path:
        run = _open_run(graph, state, event.path, event.data, cause)
        failure = failure.at(run.path, run.attempt)
        run.status, run.ending, run.last_failure = "incident", None, failure
        _drop_waits(state, event.path)
    state.incidents[event.incident] = Incident(event.incident, event.path, failure, cause.now)
    _restate(state)


def _incident_resolved(graph: Graph, state: Execution, event: e.IncidentResolved, cause: Cause) -> None:
    incident = state.incidents.pop(event.incident, None)
    if incident is not None and (run := state.runs.get(incident.path)) is not None and event.action == "retry":
        run.tried = run.attempt
        run.tried_inside = max(run.tried_inside, run.attempt)
    _restate(state)


def _compensation_registered(graph: Graph, state: Execution, event: e.CompensationRegistered, cause: Cause) -> None:
    _, node = locate(graph, state, event.path)
    state.compensations.append(Compensation(event.path, node.index, event.config, event.failure))


def _compensation_started(graph: Graph, state: Execution, event: e.CompensationStarted, cause: Cause) -> None:
    undo_state.begin(state, event.by, event.paths)


def _compensation_ended(graph: Graph, state: Execution, event: e.CompensationEnded, cause: Cause) -> None:
    undo_state.finish(state, event.by)


Applier = Callable[[Graph, Execution, Any, Cause], None]

APPLIERS: Final[dict[type, Applier]] = {
    e.ExecutionCreated: _created,
    e.ExecutionStarted: _started,
    e.ExecutionPaused: _paused,
    e.ExecutionResumed: _resumed,
    e.ExecutionCancelRequested: _cancel_requested,
    e.ExecutionCancelled: _cancelled,
    e.ExecutionTerminated: _terminated,
    e.ExecutionCompleted: _completed,
    e.ExecutionFailed: _failed,
    e.ExecutionQuarantined: _quarantined,
    e.ExecutionEnding: _ending,
    e.HistoryRolled: _rolled,
    e.CommandHeld: _held,
    e.ScopeEntered: _scope_entered,
    e.ScopeStopped: _scope_stopped,
    e.ScopeLeft: _scope_left,
    e.VariableSet: _variable_set,
    e.NodeScheduled: _scheduled,
    e.NodeStarted: _node_started,
    e.NodeProgressed: _progressed,
    e.NodeCompleted: _node_completed,
    e.NodeFailed: _node_failed,
    e.NodeRetried: _node_retried,
    e.NodeSkipped: _node_skipped,
    e.NodeCancelled: _node_cancelled,
    e.NodeQueued: _node_queued,
    e.NodeStopped: _node_stopped,
    e.NodesReset: _nodes_reset,
    e.TimerStarted: _timer_started,
    e.TimerFired: _timer_gone,
    e.TimerCancelled: _timer_gone,
    e.SignalReceived: _signal_received,
    e.SignalConsumed: _signal_consumed,
    e.SignalEmitted: _nothing,
    e.ItemsAdded: _items_added,
    e.ChildStarted: _child_started,
    e.ChildCompleted: _child_ended,
    e.ChildFailed: _child_ended,
    e.ChildCancelRequested: _child_cancel_requested,
    e.ConditionMet: _nothing,
    e.IncidentRaised: _incident_raised,
    e.IncidentResolved: _incident_resolved,
    e.CompensationRegistered: _compensation_registered,
    e.CompensationStarted: _compensation_started,
    e.CompensationEnded: _compensation_ended,
}
"""What each kind of event does to the state."""

