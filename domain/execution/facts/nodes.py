"""What the facts about nodes mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.commands import LoseActivity, RecordStep
from contracts.events import carried, carried_failure
from contracts.questions import questions_in
from contracts.values import length_of
from domain.definition.graph import Graph
from domain.execution import edges
from domain.execution.facts import agents, compensation, debugging
from domain.execution.facts.runs import (
    UNPLACED,
    Applier,
    Cause,
    close_run,
    drop_attempt_timers,
    linger,
    note_ran,
    open_run,
)
from domain.execution.memo import MEMOS, AskedMemo
from domain.execution.paths import acting_shape, is_undo, locate, plain_data
from domain.execution.state import CANCELLED, COMPLETED, FAILED, SKIPPED, Ended, Execution, NodeRun

OUT: Final = ("out",)


def _scheduled(graph: Graph, state: Execution, event: e.NodeScheduled, cause: Cause) -> None:
    run = open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.started_at, run.progress = "active", event.attempt, 0, None
    run.scheduled_at = cause.now
    state.alone = 0
    if event.config is not None:
        run.config = event.config
    if event.cache_key is not None:
        run.cache_key = event.cache_key
    if event.input is not None:
        run.input = event.input
    if isinstance(run.memo, AskedMemo) and run.memo.is_open:
        _hand_over(run, run.memo)


def _hand_over(run: NodeRun, memo: AskedMemo) -> None:
    """What was answered is a step of the attempts that follow."""
    memo.is_open = False
    run.steps = {} if run.steps is None else run.steps
    for place, answer in memo.answers.items():
        run.steps[memo.names[place]] = answer
        run.steps_bytes += len(memo.names[place]) + length_of(answer)


def _activity_asked(graph: Graph, state: Execution, event: e.ActivityAsked, cause: Cause) -> None:
    """It counts as no try. The questions stand in the command."""
    run, failure = state.runs.get(event.path), carried_failure(cause.command)
    asked = None if failure is None else questions_in(failure)
    if run is None or asked is None:
        return
    before = run.memo if isinstance(run.memo, AskedMemo) else None
    first = 0 if before is None else before.first + len(before.names)
    run.memo = AskedMemo(first, [name for name, _ in asked], [question for _, question in asked])
    run.started_at, run.progress = 0, None
    run.tried += 1
    drop_attempt_timers(state, event.path)


def _node_started(graph: Graph, state: Execution, event: e.NodeStarted, cause: Cause) -> None:
    run = open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.started_at, run.ending = "active", event.attempt, cause.now, None
    run.tried_before = run.tried_inside
    node = graph.nodes[run.node]
    memo = acting_shape(graph, run).memo
    run.memo = None if memo is None else MEMOS[memo].begun(event, state.execution, state.signals_received)
    if memo == "calls":
        agents.note_calls(state, run)
    if node.takes_signals and run.path not in state.waiting and not is_undo(run.path):
        state.waiting.append(run.path)


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
    if state.undoing and is_undo(event.path):
        compensation.end(graph, state, event.path, done=True)
        return
    run = state.runs.get(event.path)
    scope, node = locate(graph, state, event.path) if run is None else (state.scopes[run.scope], graph.nodes[run.node])
    if event.output is not None:
        output: bytes | None = event.output
    elif not event.passes:
        output = carried(cause.command)
    else:
        output = run.data if run is not None else event.data if event.data is not None else plain_data(graph, scope, node)
    if run is not None:
        inherited, aside = run.inherited, run.path in scope.lingering
        if run.bodies:
            linger(state, run, scope, node)
        else:
            close_run(state, run, scope, node, COMPLETED)
        if aside:
            return
    else:
        inherited = edges.inherited_failure(scope, node)
        note_ran(state, node, event.path)
        scope.nodes[node.index] = COMPLETED
        edges.forget_inputs(scope, node)
    scope.ended[node.index] = Ended(state.version, output, event.failure, inherited)
    if node.is_end:
        scope.last_end, scope.last_end_outcome = node.index, node.config.outcome
    edges.resolve(scope, node, event.ports or OUT, event.untaken)


def _node_failed(graph: Graph, state: Execution, event: e.NodeFailed, cause: Cause) -> None:
    failure = event.failure or carried_failure(cause.command) or UNPLACED
    if state.undoing and is_undo(event.path):
        compensation.end(graph, state, event.path, done=False)
        return
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    if run is not None:
        failure, aside = failure.at(run.path, run.attempt), run.path in scope.lingering
        close_run(state, run, scope, node, FAILED)
        if aside:
            return
    else:
        failure = failure.at(event.path, scope.tried + 1)
        note_ran(state, node, event.path)
        scope.nodes[node.index] = FAILED
        edges.forget_inputs(scope, node)
    if event.edge:
        scope.ended[node.index] = Ended(state.version, edges.failure_value(failure), failure)
        edges.resolve(scope, node, ("error",), event.untaken)
    else:
        scope.ended[node.index] = Ended(state.version, None, failure)
        edges.resolve(scope, node, (), ())


def _node_retried(graph: Graph, state: Execution, event: e.NodeRetried, cause: Cause) -> None:
    run = open_run(graph, state, event.path, event.data, cause)
    run.status, run.attempt, run.ending = "retrying", event.attempt, None
    run.last_failure = event.failure or carried_failure(cause.command) or UNPLACED
    drop_attempt_timers(state, event.path)
    if run.path in state.waiting:
        state.waiting.remove(run.path)
    state.timers[f"{event.path}:retry"] = event.due
    if isinstance(cause.command, LoseActivity):
        if cause.command.anew:
            run.begun_anew += 1
        else:
            run.lost += 1
        run.tried += 1


def _step_recorded(graph: Graph, state: Execution, event: e.StepRecorded, cause: Cause) -> None:
    """Workers that get on are not lost with the node."""
    run, command = state.runs.get(event.path), cause.command
    if run is not None and isinstance(command, RecordStep):
        run.steps = {} if run.steps is None else run.steps
        run.steps[command.name] = command.output
        run.steps_bytes += len(command.name) + length_of(command.output)
        run.lost = run.begun_anew = 0


def _node_skipped(graph: Graph, state: Execution, event: e.NodeSkipped, cause: Cause) -> None:
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    if run is not None:
        aside = run.path in scope.lingering
        close_run(state, run, scope, node, SKIPPED)
        if aside:
            return
    scope.nodes[node.index] = SKIPPED
    edges.forget_inputs(scope, node)
    edges.resolve(scope, node, (), ())


def _node_cancelled(graph: Graph, state: Execution, event: e.NodeCancelled, cause: Cause) -> None:
    if state.undoing and is_undo(event.path):
        compensation.end(graph, state, event.path, done=False)
        return
    scope, node = locate(graph, state, event.path)
    run = state.runs.get(event.path)
    status = CANCELLED if event.output is None else COMPLETED
    if run is not None:
        aside = run.path in scope.lingering
        close_run(state, run, scope, node, status)
        if aside:
            return
    scope.nodes[node.index] = status
    if event.output is not None:
        scope.ended[node.index] = Ended(state.version, event.output)
        edges.resolve(scope, node, node.ports[:1], ())
    else:
        edges.resolve(scope, node, (), ())


def _node_queued(graph: Graph, state: Execution, event: e.NodeQueued, cause: Cause) -> None:
    open_run(graph, state, event.path, event.data, cause).status = "queued"


def _node_halted(graph: Graph, state: Execution, event: e.NodeHalted, cause: Cause) -> None:
    run = open_run(graph, state, event.path, event.data, cause)
    if event.breakpoint:
        debugging.halt(graph, state, run, event, cause)
        return
    run.status = "queued"
    if state.test is not None and run.path not in state.test.halted:
        state.test.halted.append(run.path)


def _node_pinned(graph: Graph, state: Execution, event: e.NodePinned, cause: Cause) -> None:
    """How it ends the next event says; that nobody was asked is counted."""
    if state.test is not None:
        state.test.pinned += 1


def _node_stopped(graph: Graph, state: Execution, event: e.NodeStopped, cause: Cause) -> None:
    run = open_run(graph, state, event.path, None, cause)
    run.status, run.ending = "stopping", event.ending
    drop_attempt_timers(state, event.path)
    if run.path in state.waiting:
        state.waiting.remove(run.path)


def _nodes_reset(graph: Graph, state: Execution, event: e.NodesReset, cause: Cause) -> None:
    scope = state.scopes[event.scope]
    edges.reset(graph, scope, event.edge)


APPLIERS: Final[dict[type, Applier]] = {
    e.NodeScheduled: _scheduled,
    e.NodeStarted: _node_started,
    e.NodeProgressed: _progressed,
    e.NodeCompleted: _node_completed,
    e.NodeFailed: _node_failed,
    e.NodeRetried: _node_retried,
    e.NodeSkipped: _node_skipped,
    e.NodeCancelled: _node_cancelled,
    e.NodeQueued: _node_queued,
    e.NodeHalted: _node_halted,
    e.NodePinned: _node_pinned,
    e.NodeStopped: _node_stopped,
    e.StepRecorded: _step_recorded,
    e.ActivityAsked: _activity_asked,
    e.NodesReset: _nodes_reset,
}
