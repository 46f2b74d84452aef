"""Watchers: who is to be told that an execution has ended, or needs a person, once that is durable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from domain.execution.state import Execution

_log = logging.getLogger("refold.owner")

Then: TypeAlias = Callable[[Execution], None]


class Watchers:
    """Whom to call back, by execution."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Then]] = {}
        self._at_incident: dict[str, list[Then]] = {}
        """Those of them who wait no longer than until it needs a person."""
        self._unwatched: Callable[[str], None] | None = None

    def add(self, execution: str, then: Then, at_incident: bool = False) -> None:
        """Call back once the execution has ended, or with `at_incident` needs a person: once, whichever comes first."""
        self._waiting.setdefault(execution, []).append(then)
        if at_incident:
            self._at_incident.setdefault(execution, []).append(then)

    def remove(self, execution: str, then: Then) -> None:
        """Do not call back any more."""
        waiting = self._waiting.get(execution, [])
        if then in waiting:
            waiting.remove(then)
            self._forget_at_incident(execution, then)
            if not waiting:
                del self._waiting[execution]
                if self._unwatched is not None:
                    self._unwatched(execution)

    def _forget_at_incident(self, execution: str, then: Then) -> None:
        waiting = self._at_incident.get(execution, [])
        if then in waiting:
            waiting.remove(then)
            if not waiting:
                del self._at_incident[execution]

    def tell_of_unwatched(self, unwatched: Callable[[str], None]) -> None:
        """Those who watch hear from elsewhere now, which is told here when nobody watches an execution any more."""
        self._unwatched = unwatched

    def look_at(self, states: Iterable[Execution]) -> None:
        """Tell of those that need a person."""
        if self._at_incident:
            for state in states:
                if state.status == "incident":
                    for then in list(self._at_incident.get(state.execution, ())):
                        self.remove(state.execution, then)
                        _tell(then, state)

    def tell(self, state: Execution) -> None:
        """The execution has ended like this."""
        self._at_incident.pop(state.execution, None)
        told = self._waiting.pop(state.execution, ())
        for then in told:
            _tell(then, state)
        if told and self._unwatched is not None:
            self._unwatched(state.execution)

    def tell_all(self, states: Iterable[Execution]) -> None:
        """These have ended."""
        for state in states:
            self.tell(state)

    def watched(self, executions: Iterable[str] | None = None) -> list[str]:
        """The executions that somebody watches; of these alone, where some are given."""
        return [name for name in self._waiting if executions is None or name in executions]


def _tell(then: Then, state: Execution) -> None:
    """What one of them does with it harms no other."""
    try:
        then(state)
    except Exception:
        _log.exception("whoever waited for the end of execution %s could not be told", state.execution)
