"""Rows of read models: what a batch of decisions changes, each row once, however often it changed within the batch.

    decisions ─fold, event by event─► state ─► at the end of the batch: one row an execution, a node, an incident

A node that began within the batch gets a whole row; of one that began earlier only what has changed is written, so
nothing has to be read back. Values are never copied: a row says at which event they stand.
"""

from __future__ import annotations

from typing import Final

import msgspec

from contracts import events as e
from contracts.events import Event, carried_failure
from contracts.journal import Decision
from contracts.ports.read_models import Changes, ExecutionRecord, IncidentRecord, NodeEnd, NodeRecord, Place
from domain.definition.graph import Graph
from domain.evolve import evolve
from domain.history import Entry, Folded, Unreadable, check_follows
from domain.places import is_undo, locate
from domain.state import Execution
from projections.executions import error_of
from projections.waiting import waiting_for

WAITING_ITEMS_MAX: Final = 10
"""So many things that an execution waits for stand in its row."""

_ENDS: Final[dict[type, str]] = {
    e.NodeCompleted: "completed",
    e.NodeFailed: "failed",
    e.NodeSkipped: "skipped",
    e.NodeCancelled: "cancelled",
}
_BEGINS: Final = (e.NodeQueued, e.NodeScheduled, e.NodeStarted, e.NodeRetried, e.NodeStopped, e.IncidentRaised)
_json: Final = msgspec.json.Encoder().encode


class _Node:
    """What a batch has seen of one node."""

    __slots__ = ("attempt", "began", "ended_at", "error", "input", "output", "path", "started_at", "status", "type")

    def __init__(self, path: str) -> None:
        self.path = path
        self.began = False
        self.type = ""
        self.status = ""
        self.attempt = 1
        self.started_at = self.ended_at = 0
        self.error: str | None = None
        self.input: Place | None = None
        self.output: Place | None = None


class Row:
    """What a batch changes about one execution."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._offsets: list[int] = []
        self._position = 0
        self._nodes: dict[str, _Node] = {}
        self._raised: dict[str, IncidentRecord] = {}
        self._resolved: dict[str, IncidentRecord] = {}

    def fold(self, folded: Folded, entry: Entry) -> None:
        """Fold a decision, after checking that it follows, and note what it changes. Raises LogCorrupt where it does not follow."""
        check_follows(folded, entry)
        decision, state = entry.decision, folded.state
        if decision.events:
            state.now = decision.now
        for index, event in enumerate(decision.events):
            path = getattr(event, "path", None)
            if path is not None and (type(event) in _ENDS or isinstance(event, _BEGINS)):
                self._begin(folded.graph, state, path, Place(entry.offset, index), decision.now)
            evolve(folded.graph, state, event, decision)
            self._note(state, event, decision, Place(entry.offset, index))
        state.digest = entry.digest
        self._offsets.append(entry.offset)
        self._position = entry.offset + 1

    def _begin(self, graph: Graph, state: Execution, path: str, place: Place, now: int) -> None:
        """The node as the batch knows it; one without a run begins here."""
        node = self._nodes.get(path)
        if path in state.runs:
            if node is None:
                self._nodes[path] = _Node(path)
            return
        if not path:
            return
        node = self._nodes[path] = _Node(path)
        node.began, node.started_at, node.input = True, now, place
        node.type = type_of(graph, state, path)

    def _note(self, state: Execution, event: Event, decision: Decision, place: Place) -> None:
        path = getattr(event, "path", "")
        node = self._nodes.get(path)
        status = _ENDS.get(type(event))
        if status is not None and node is not None:
            node.status, node.ended_at = status, decision.now
            if isinstance(event, e.NodeCompleted) or (isinstance(event, e.NodeCancelled) and event.output is not None):
                node.output, node.error = place, None
            if isinstance(event, e.NodeFailed | e.NodeCompleted):
                failure = event.failure or (carried_failure(decision.command) if isinstance(event, e.NodeFailed) else None)
                node.error = None if failure is None else failure.type
        elif node is not None and (run := state.runs.get(path)) is not None and isinstance(event, _BEGINS):
            node.status, node.attempt, node.ended_at = run.status, run.attempt, 0
            node.error = run.last_failure.type if run.last_failure is not None and run.status in ("retrying", "incident") else None
        if isinstance(event, e.IncidentRaised):
            found = state.incidents[event.incident]
            error = _json(found.failure.as_value()).decode()
            self._raised[event.incident] = IncidentRecord(event.incident, event.path, error, found.raised_at)
        elif isinstance(event, e.IncidentResolved):
            raised = self._raised.pop(event.incident, None)
            if raised is not None:
                self._raised[event.incident] = raised._replace(resolved_at=decision.now, action=event.action)
            else:
                self._resolved[event.incident] = IncidentRecord(event.incident, "", "", 0, decision.now, event.action)

    def changes(self, folded: Folded) -> Changes:
        """The rows, as they are at the end of the batch."""
        nodes, ends = [], []
        for node in self._nodes.values():
            if node.began:
                nodes.append(_record(node))
            else:
                ends.append(NodeEnd(node.path, node.status, node.attempt, node.ended_at, node.error, node.output))
        record = execution_record(folded.state, folded.graph, self.number, self._position)
        return Changes(record, self._offsets, nodes, ends, list(self._raised.values()), list(self._resolved.values()))


def _record(node: _Node) -> NodeRecord:
    return NodeRecord(
        node.path, node.type, node.status, node.attempt, node.started_at, node.ended_at, node.error, node.input, node.output
    )  # fmt: skip


def type_of(graph: Graph, state: Execution, path: str) -> str:
    """The kind of the node at a path, whose body is open."""
    if is_undo(path):
        return "compensation"
    return locate(graph, state, path)[1].definition.type


def execution_record(state: Execution, graph: Graph, number: int, position: int) -> ExecutionRecord:
    """The row of an execution as it is now."""
    error = error_of(state)
    waiting = waiting_for(state, graph)[:WAITING_ITEMS_MAX]
    return ExecutionRecord(
        number=number,
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
        error_message=None if error is None else error["message"],
        waiting_for=_json(waiting).decode() if waiting else "[]",
        search=None if state.search is None else state.search.decode(),
    )


def unreadable_record(found: Unreadable, before: ExecutionRecord | None) -> ExecutionRecord:
    """The row of an execution whose history cannot be read on: quarantined, with the reason."""
    record = before or ExecutionRecord(
        found.offset, found.execution, "", 0, "quarantined", None, None, 0, 0, 0, 0, 0, None, None, "[]", None
    )  # fmt: skip
    return record._replace(
        status="quarantined", position=found.offset + 1, error="unreadable", error_message=found.reason[:1_000], waiting_for="[]"
    )
