"""The origin of an execution: what is the same for all of its public events, so what no later decision repeats."""

from __future__ import annotations

from typing import Any, NamedTuple

from contracts import values
from contracts.commands import CreateExecution
from contracts.events import ExecutionCreated
from contracts.journal import Decision
from domain.execution.state import Execution
from projections.executions import ExecutionRecord


class Origin(NamedTuple):
    """Of which workflow an execution is, when it was created (milliseconds since 1970), what it can be found by, what it goes back to."""

    workflow: str
    version: int
    created_at: int
    search: dict[str, Any] | None = None
    correlation: str = ""


def origin_of(decision: Decision) -> Origin | None:
    """The origin that a decision says: only the first one of an execution does."""
    command = decision.command
    if not isinstance(command, CreateExecution) or not decision.events:
        return None
    created = decision.events[0]
    search = created.search if isinstance(created, ExecutionCreated) else None
    return Origin(command.workflow, command.version, decision.now, _search(search), decision.correlation)


def origin_in(state: Execution) -> Origin:
    """The origin that a folded execution knows."""
    return Origin(state.workflow, state.workflow_version, state.created_at, _search(state.search), state.correlation)


def origin_in_row(record: ExecutionRecord, correlation: str = "") -> Origin:
    """The origin that a row of the read models says, which knows no correlation id."""
    search = None if record.search is None else record.search.encode()
    return Origin(record.workflow, record.version, record.created_at, _search(search), correlation)


def _search(stored: bytes | None) -> dict[str, Any] | None:
    """The values as JSON; those that lie elsewhere, as they are too big, are none to find anything by."""
    if stored is None or values.is_reference(stored):
        return None
    found: dict[str, Any] = values.decode(stored)
    return found or None
