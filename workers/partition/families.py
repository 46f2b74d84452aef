"""Families: how much an execution that was started from outside may have open and on its way, with its children and theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.errors import Rejected
from contracts.ids import root_of
from workers.partition.executions import Executions

FAMILY_MAX: Final = 20_000
"""So many children, and theirs, may be open in a partition of one execution that was started from outside."""
FAMILY_COMMANDS_MAX: Final = 20_000
"""With so many of their commands waiting, no further child of it is created."""


class Families:
    """The bounds of all families of a partition."""

    def __init__(self, waiting_of: Callable[[str], int]) -> None:
        """`waiting_of` says how many commands of a family wait to be decided."""
        self.open_max, self.commands_max = FAMILY_MAX, FAMILY_COMMANDS_MAX
        self._waiting_of = waiting_of

    def check(self, child: str, executions: Executions) -> None:
        """Raise Rejected for a child too many."""
        family = root_of(child)
        for count, limit, what in (
            (executions.families[family], self.open_max, "children, and theirs, are open"),
            (self._waiting_of(family), self.commands_max, "commands of it and its children wait"),
        ):
            if count >= limit:
                raise Rejected("too_many_children", f"{count:,} {what} of execution {family}; the limit is {limit:,}", execution=child)
