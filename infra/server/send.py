"""How a command is given to any execution from within the engine."""

from __future__ import annotations

from typing import Protocol

from contracts.caller import ENGINE, Caller
from contracts.commands import Command
from workers.partition.round import Reply


class Send(Protocol):
    """Gives a command to an execution, wherever that lives."""

    def __call__(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """`reply` hears what becomes of it. Raises Overloaded."""
