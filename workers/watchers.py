"""Watchers: who is to be told that an execution has ended, once that is durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from domain.state import Execution

Then: TypeAlias = Callable[[Execution], None]


class Watchers:
    """Whom to call back, by execution."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Then]] = {}
        self.on_unwatched: Callable[[str], None] = lambda execution: None
        """Called when nobody watches an execution any more."""

    def add(self, execution: str, then: Then) -> None:
        """Call back once the execution has ended."""
        self._waiting.setdefault(execution, []).append(then)

    def remove(self, execution: str, then: Then) -> None:
        """Do not call back any more."""
        waiting = self._waiting.get(execution, [])
        if then in waiting:
            waiting.remove(then)
            if not waiting:
                del self._waiting[execution]
                self.on_unwatched(execution)

    def tell(self, state: Execution) -> None:
        """The execution has ended like this."""
        told = self._waiting.pop(state.execution, ())
        for then in told:
            then(state)
        if told:
            self.on_unwatched(state.execution)

    def watched(self, executions: Iterable[str] | None = None) -> list[str]:
        """The executions that somebody watches; of these alone, where some are given."""
        return [name for name in self._waiting if executions is None or name in executions]
