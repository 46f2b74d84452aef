"""The list of executions: one row each, folded from the journal; of those that have ended only the row is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from contracts.errors import SHORTAGES, LogUnreachable, reason_of
from domain.definition.graph import Graph
from domain.execution.history import Entry, Folded, GraphOf, Unreadable, apply, begin, is_erasure
from domain.execution.state import Execution
from projections.execution_columns import search_of, tags_of
from projections.executions import error_of, origin_of, source_value, time_of
from projections.waiting import as_value, waiting_for


class ExecutionRow(NamedTuple):
    """What a list says about an execution; times are milliseconds since 1970, 0 where there is none."""

    execution: str
    workflow: str
    version: int
    status: str
    created_at: int
    started_at: int
    ended_at: int
    events: int
    outcome: str | None
    error: dict[str, Any] | None
    parent: str | None
    waiting_for: list[dict[str, Any]]
    search: str | None = None
    root: str | None = None
    trigger_kind: str | None = None
    trigger_id: str | None = None
    tags: str | None = None
    is_test: int = 0
    forked_from: str | None = None
    forked_at: int = 0

    @property
    def duration(self) -> int | None:
        """From its start to its end, in milliseconds; None while it has not ended."""
        return self.ended_at - (self.started_at or self.created_at) if self.ended_at else None

    def as_value(self) -> dict[str, Any]:
        """The row as JSON shows it."""
        return {
            "execution_id": self.execution,
            "workflow": self.workflow,
            "version": self.version,
            "status": self.status,
            "created_at": time_of(self.created_at),
            "started_at": time_of(self.started_at),
            "ended_at": time_of(self.ended_at),
            "duration_ms": self.duration,
            "events": self.events,
            "outcome": self.outcome,
            "error": self.error,
            "parent": self.parent,
            "root": self.root,
            "trigger": None if self.trigger_kind is None else {"kind": self.trigger_kind, "id": self.trigger_id},
            "tags": tags_of(self.tags),
            "waiting_for": [as_value(item) for item in self.waiting_for],
            "search": search_of(self.search),
            "test": bool(self.is_test),
            "forked_from": source_value(self.forked_from, self.forked_at),
        }


def row_of(state: Execution, graph: Graph) -> ExecutionRow:
    """The row of an execution as it is now."""
    return ExecutionRow(
        execution=state.execution,
        workflow=state.workflow,
        version=state.workflow_version,
        status=state.status,
        created_at=state.created_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        events=state.version,
        outcome=state.outcome,
        error=error_of(state),
        parent=None if state.parent is None else state.parent.execution,
        waiting_for=waiting_for(state, graph),
        search=None if state.search is None else state.search.decode(),
        **origin_of(state, graph)._asdict(),
    )


class ExecutionList:
    """Folds the decisions of a journal, in their order, to rows in the order of creation."""

    def __init__(self, graph_of: GraphOf) -> None:
        self._graph_of = graph_of
        self._open: dict[str, Folded] = {}
        self._rows: dict[str, ExecutionRow | None] = {}
        self.unreadable: dict[str, str] = {}

    def take(self, entries: Iterable[Entry | Unreadable]) -> ExecutionList:
        """Fold these; a history that cannot be read is set aside with the reason, and harms no other."""
        for entry in entries:
            name = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
            if isinstance(entry, Entry) and is_erasure(entry):
                self._forget(name)
            if name in self.unreadable:
                continue
            if isinstance(entry, Unreadable):
                self._set_aside(name, entry.reason)
                continue
            try:
                self._fold(name, entry)
            except (LogUnreachable, *SHORTAGES):
                raise
            except Exception as error:  # whatever a history holds, the others are read on
                self._set_aside(name, reason_of(error))
        return self

    def _fold(self, name: str, entry: Entry) -> None:
        folded = self._open.get(name)
        if folded is None:
            if self._rows.get(name) is not None:
                return  # a rejection that was recorded after the end
            folded = self._open[name] = begin(entry, self._graph_of)
            self._rows[name] = None
        apply(folded, entry)
        if folded.state.is_ended:
            self._rows[name] = row_of(folded.state, folded.graph)
            del self._open[name]

    def _forget(self, name: str) -> None:
        """An execution is erased: whether it could be read before does not matter any more."""
        self.unreadable.pop(name, None)
        self._open.pop(name, None)
        self._rows[name] = None

    def _set_aside(self, name: str, reason: str) -> None:
        self.unreadable[name] = reason
        folded = self._open.pop(name, None)
        before = Execution(name) if folded is None else folded.state
        error = {"type": "unreadable", "message": reason, "details": None, "node": "", "attempt": 0, "cause": None}
        row = ExecutionRow(
            name,
            before.workflow,
            before.workflow_version,
            "quarantined",
            before.created_at,
            before.started_at,
            0,
            before.version,
            None,
            error,
            None,
            [],
            None if before.search is None else before.search.decode(),
        )
        self._rows[name] = row

    def rows(self) -> list[ExecutionRow]:
        """All rows, in the order of creation."""
        return [row if row is not None else self._row_of_open(name) for name, row in self._rows.items()]

    def _row_of_open(self, name: str) -> ExecutionRow:
        folded = self._open[name]
        return row_of(folded.state, folded.graph)

    def open(self) -> list[Folded]:
        """The executions that have not ended."""
        return list(self._open.values())
