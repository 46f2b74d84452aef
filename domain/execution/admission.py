"""Admission: which commands an execution takes that is not there, has ended, or is set aside."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts.commands import Command
from contracts.errors import Rejected
from domain.execution.state import Execution

STEERING: Final = frozenset({c.StartExecution, c.PauseExecution, c.ResumeExecution, c.CancelExecution, c.ResolveIncident, c.RaiseIncident})
"""What would move an execution that is set aside."""
REMOVING: Final = frozenset({c.EraseExecution, c.ArchiveExecution})
"""What is only asked of executions that have ended."""


def check_takes(state: Execution, command: Command) -> None:
    """Raise Rejected for what it does not take: without a beginning, or after its end, all but its creation, and its removal."""
    if isinstance(command, c.CreateExecution):
        return
    if not state.version:
        raise Rejected("unknown_execution", f"there is no execution {state.execution}", execution=state.execution)
    if state.ended_at and type(command) not in REMOVING:
        message = f"execution {state.execution} is {state.status}: it takes no more commands"
        raise Rejected("already_ended", message, execution=state.execution, status=state.status)
    if type(command) in STEERING:
        message = f"execution {state.execution} is set aside ({state.quarantine}): release it when the cause is mended, or terminate it"
        raise Rejected("quarantined", message, execution=state.execution, status=state.status)
