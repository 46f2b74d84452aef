"""Recorded results: what each node of a past execution has ended by, as pins for a test run.

An attempt that was lost with its worker counts for nothing, and so it does here: those behind it have its number. Where a person
has let a node try again, only what came of that stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from contracts import events as e
from contracts.commands import FailActivity, LoseActivity
from contracts.events import carried, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.pins import Pin
from domain.definition.graph import Graph, Node
from domain.execution.evolve import evolve
from domain.execution.moves.pinning import reaches_out
from domain.execution.paths import is_for_worker, is_undo, locate, plain_data
from domain.execution.state import Execution

OUTSIDE: Final = frozenset({"child", "task", "signal"})
"""What nodes wait for that comes from outside, beside activities."""
_Ended: TypeAlias = e.NodeCompleted | e.NodeFailed | e.NodeRetried | e.IncidentRaised


class Recorded(NamedTuple):
    """What a node has ended by: by its attempts, and whether that came from outside, and does not follow from the definition."""

    pins: tuple[Pin, ...]
    comes_from_outside: bool


class Recording:
    """Collects what nodes end by, decision after decision of one execution."""

    def __init__(self, graph: Graph, state: Execution) -> None:
        self._graph, self._state = graph, state
        self._found: dict[str, dict[int, Pin]] = {}
        self._outside: set[str] = set()
        self._uncounted: dict[str, int] = {}
        """Of a path: how many attempts count for nothing."""

    def take(self, decision: Decision) -> None:
        """Fold a decision, and note what ends in it."""
        self._state.now = decision.now
        for event in decision.events:
            if isinstance(event, e.NodeCompleted | e.NodeFailed | e.NodeRetried | e.IncidentRaised):
                self._end(event, decision)
            elif isinstance(event, e.IncidentResolved) and event.action == "retry":
                self._begin_anew(event.incident)
            self._graph = evolve(self._graph, self._state, event, decision)

    def recorded(self) -> dict[str, Recorded]:
        """By the paths of the nodes, in the order in which they first ended."""
        return {
            path: Recorded(tuple(pin for _, pin in sorted(pins.items(), reverse=True)), path in self._outside)
            for path, pins in self._found.items()
            if pins
        }

    def _end(self, event: _Ended, decision: Decision) -> None:
        path = event.path
        run = self._state.runs.get(path)
        uncounted = self._uncounted.get(path, 0)
        if isinstance(event, e.NodeRetried) and isinstance(decision.command, LoseActivity):
            self._uncounted[path] = uncounted + 1
            return
        node = self._node(path)
        attempt = (run.attempt if run is not None else 1 if is_undo(path) else self._tried(path) + 1) - uncounted
        if attempt < 1:
            return
        failure = _failure_of(event, decision)
        source = f"{self._state.execution} {path}"
        if failure is not None:
            is_said = isinstance(decision.command, FailActivity) and decision.command.path == path
            retryable = decision.command.retryable if is_said else True  # type: ignore[union-attr]  # it is a FailActivity
            pin = Pin(None, None, failure, retryable, attempt, source=source)
        else:
            assert isinstance(event, e.NodeCompleted)
            pin = Pin(self._output(event, decision, node), event.ports, attempt=attempt, source=source)
        self._found.setdefault(path, {})[attempt] = pin
        if node is not None and self._is_outside(path, node):
            self._outside.add(path)

    def _begin_anew(self, incident: str) -> None:
        """A person lets the node of an incident try again: what was before does not come again by itself."""
        found = self._state.incidents.get(incident)
        if found is not None and (run := self._state.runs.get(found.path)) is not None:
            self._found.pop(found.path, None)
            self._uncounted[found.path] = run.attempt

    def _tried(self, path: str) -> int:
        return locate(self._graph, self._state, path)[0].tried

    def _node(self, path: str) -> Node | None:
        run = self._state.runs.get(path)
        if run is not None:
            return self._graph.nodes[run.node]
        return None if is_undo(path) else locate(self._graph, self._state, path)[1]

    def _is_outside(self, path: str, node: Node) -> bool:
        run = self._state.runs.get(path)
        if run is not None and is_for_worker(self._graph, run):
            return True
        return not is_undo(path) and (reaches_out(node) or node.kind.wait_sort in OUTSIDE)

    def _output(self, event: e.NodeCompleted, decision: Decision, node: Node | None) -> bytes | None:
        """The output as it was; None where the node has none."""
        if event.output is not None:
            return event.output
        if not event.passes:
            return carried(decision.command)
        run = self._state.runs.get(event.path)
        if run is not None:
            return run.data
        if event.data is not None or node is None:
            return event.data
        return plain_data(self._graph, locate(self._graph, self._state, event.path)[0], node)


def _failure_of(event: _Ended, decision: Decision) -> Failure | None:
    """The failure by which an attempt has ended, as it was before it was given a place; None where it has ended well."""
    if isinstance(event, e.NodeCompleted):
        return event.failure
    return event.failure or carried_failure(decision.command) or Failure("unknown", "no failure was recorded")


def record(graph: Graph, state: Execution, decisions: Iterable[Decision]) -> dict[str, Recorded]:
    """What the nodes of an execution have ended by, from the state before these decisions on."""
    recording = Recording(graph, state)
    for decision in decisions:
        recording.take(decision)
    return recording.recorded()
