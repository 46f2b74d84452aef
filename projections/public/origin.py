"""Where the origin of an execution is found: in its first decision, in the one that erases it, in its state, in a row about it."""

from __future__ import annotations

from contracts.commands import CreateExecution, EraseExecution
from contracts.events import ExecutionCreated, ExecutionErased
from contracts.journal import Decision
from contracts.public_events import Origin
from domain.execution.state import Execution
from projections.executions import ExecutionRecord


def origin_of(decision: Decision) -> Origin | None:
    """The origin that a decision says: only the first one of an execution does, and its erasure, which may be all that can be read."""
    command = decision.command
    if isinstance(command, EraseExecution) and decision.events:
        (erased,) = decision.events
        assert isinstance(erased, ExecutionErased)
        return Origin(erased.workflow, erased.version, erased.created_at, None, decision.correlation)
    if not isinstance(command, CreateExecution) or not decision.events:
        return None
    created = decision.events[0]
    search = created.search if isinstance(created, ExecutionCreated) else None
    return Origin(command.workflow, command.version, decision.now, search, decision.correlation, command.test is not None)


def origin_in(state: Execution) -> Origin:
    """The origin that a folded execution knows."""
    return Origin(state.workflow, state.workflow_version, state.created_at, state.search, state.correlation, state.test is not None)


def origin_in_row(record: ExecutionRecord) -> Origin:
    """The origin that a row of the read models says, which knows no correlation id."""
    search = None if record.search is None else record.search.encode()
    return Origin(record.workflow, record.version, record.created_at, search, is_test=bool(record.is_test))
