"""What the facts about timers, signals and children mean."""

from __future__ import annotations

from typing import Any, Final

from contracts import events as e
from contracts.commands import SendSignal, SkipTime
from domain.definition.graph import Graph
from domain.execution.facts.runs import (
    Applier,
    Cause,
)
from domain.execution.memo import WaitMemo
from domain.execution.state import SIGNAL_IDS_MAX, Execution, Signal


def _timer_started(graph: Graph, state: Execution, event: e.TimerStarted, cause: Cause) -> None:
    state.timers[event.timer] = event.due
    if event.alone:
        state.alone = event.alone


def _timer_fired(graph: Graph, state: Execution, event: e.TimerFired, cause: Cause) -> None:
    state.timers.pop(event.timer, None)
    if state.test is not None and isinstance(cause.command, SkipTime):
        state.test.ahead = cause.command.ahead
        state.test.skips += 1


def _timer_gone(graph: Graph, state: Execution, event: e.TimerCancelled, cause: Cause) -> None:
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
    signal = next((s for s in state.signals if s.number == event.place), None)
    if signal is None:
        return
    state.signals.remove(signal)
    run = state.runs.get(event.path)
    if run is not None and isinstance(run.memo, WaitMemo):
        run.memo.payloads.append(signal.payload)


def _items_added(graph: Graph, state: Execution, event: e.ItemsAdded, cause: Cause) -> None:
    run = state.runs.get(event.path)
    if run is not None and run.memo is not None:
        run.memo.add(event.items, event.count)


def _child_started(graph: Graph, state: Execution, event: e.ChildStarted, cause: Cause) -> None:
    state.children[event.child] = event.path
    state.child_nodes[event.child] = state.runs[event.path].node


def _child_ended(graph: Graph, state: Execution, event: e.ChildCompleted | e.ChildFailed, cause: Cause) -> None:
    _forget_child(state, event.child)


def _forget_child(state: Execution, child: str) -> None:
    path = state.children.pop(child, "")
    if state.forked is not None:
        state.forked.children.pop(path, None)
    state.child_nodes.pop(child, None)
    if child in state.children_asked:
        state.children_asked.remove(child)


def _nothing(graph: Graph, state: Execution, event: Any, cause: Cause) -> None:
    """The fact is there for readers and for `react`; the state follows from other events."""


def _child_cancel_requested(graph: Graph, state: Execution, event: e.ChildCancelRequested, cause: Cause) -> None:
    if event.terminate:
        _forget_child(state, event.child)
    elif event.child not in state.children_asked:
        state.children_asked.append(event.child)


APPLIERS: Final[dict[type, Applier]] = {
    e.TimerStarted: _timer_started,
    e.TimerFired: _timer_fired,
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
}
