"""Rows of read models: what a batch of decisions changes, each row once, however often it changed within the batch.

    decisions ─fold─► state ─► at the end of the batch: one row an execution, an incident

Values are never copied: a row says at which offsets its execution's decisions lie.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

import msgspec

from contracts import events as e
from contracts.journal import Decision
from contracts.ports.read_models import Changes, ExecutionRecord, IncidentRecord
from domain.definition.graph import Graph
from domain.execution.evolve import evolve
from domain.execution.history import Entry, Folded, Unreadable, apply, check_follows
from domain.execution.state import Execution
from projections.executions import error_of
from projections.waiting import waiting_for

UNREADABLE: Final = "unreadable"
"""The error of an execution whose history cannot be read on."""
WAITING_ITEMS_MAX: Final = 10
"""So many things that an execution waits for stand in its row."""
PIECE: Final = 64
"""So many offsets make a piece: an execution's row holds the piece that grows, and no batch writes an older one again."""

_INCIDENTS: Final = frozenset({e.IncidentRaised, e.IncidentResolved})
_json: Final = msgspec.json.Encoder().encode


class Trail:
    """Where the decisions of an execution lie: its number, and the offsets of the piece that is not whole yet."""

    __slots__ = ("_count", "number", "offsets")

    def __init__(self, number: int, offsets: Iterable[int] = ()) -> None:
        self.number = number
        found = array("q", offsets)
        self._count = len(found) // PIECE
        self.offsets = found[self._count * PIECE :]

    def add(self, offset: int) -> tuple[int, array[int]] | None:
        """One decision more; the number and the offsets of the piece that it makes whole, if it does."""
        self.offsets.append(offset)
        if len(self.offsets) < PIECE:
            return None
        piece = self._count, self.offsets
        self._count, self.offsets = self._count + 1, array("q")
        return piece


class Row:
    """What a batch changes about one execution."""

    __slots__ = ("_pieces", "_position", "_raised", "_resolved", "_trail")

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._position = 0
        self._pieces: dict[int, array[int]] = {}
        self._raised: dict[str, IncidentRecord] = {}
        self._resolved: dict[str, IncidentRecord] = {}

    def fold(self, folded: Folded, entry: Entry) -> None:
        """Fold a decision, after checking that it follows, and note what it changes. Raises LogCorrupt where it does not follow."""
        if _INCIDENTS.isdisjoint(map(type, entry.decision.events)):
            apply(folded, entry)
        else:
            self._fold_incidents(folded, entry)
        self._position = entry.offset + 1
        piece = self._trail.add(entry.offset)
        if piece is not None:
            self._pieces[piece[0]] = piece[1]

    def _fold_incidents(self, folded: Folded, entry: Entry) -> None:
        """Event by event: an incident may be resolved by the decision that raises it."""
        check_follows(folded, entry)
        decision, state = entry.decision, folded.state
        state.now = decision.now
        for event in decision.events:
            evolve(folded.graph, state, event, decision)
            if isinstance(event, e.IncidentRaised):
                found = state.incidents[event.incident]
                error = _json(found.failure.as_value()).decode()
                self._raised[event.incident] = IncidentRecord(event.incident, event.path, error, found.raised_at)
            elif isinstance(event, e.IncidentResolved):
                self._resolve(event, decision)
        state.digest = entry.digest

    def _resolve(self, event: e.IncidentResolved, decision: Decision) -> None:
        raised = self._raised.pop(event.incident, None)
        if raised is not None:
            self._raised[event.incident] = raised._replace(resolved_at=decision.now, action=event.action)
        else:
            self._resolved[event.incident] = IncidentRecord(event.incident, "", "", 0, decision.now, event.action)

    def changes(self, folded: Folded) -> Changes:
        """The rows, as they are at the end of the batch."""
        record = execution_record(folded.state, folded.graph, self._trail.number, self._position)
        return Changes(record, self._trail.offsets, dict(self._pieces), list(self._raised.values()), list(self._resolved.values()))


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
        status="quarantined", position=found.offset + 1, error=UNREADABLE, error_message=found.reason[:1_000], waiting_for="[]"
    )
