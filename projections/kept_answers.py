"""Answers that were kept in a pause: whether they counted once the execution went on, as each person was told that they would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from contracts import events as e
from contracts.commands import AnswerTask, Command, QuarantineExecution
from contracts.journal import Decision
from contracts.person import Person, plain_name
from contracts.times import rfc3339
from domain.execution.history import Entry

_LETS_GO = (e.ExecutionResumed, e.ExecutionReleased, e.ExecutionCancelRequested, e.ExecutionTerminated)


class KeptAnswers:
    """Those to one task, gathered from what is read anyway."""

    def __init__(self, path: str, attempt: int) -> None:
        self._path, self._attempt = path, attempt
        self._kept: list[tuple[AnswerTask, dict[str, Any]]] = []

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same entries; what was kept in them, and what became of it, is noted."""
        for entry in entries:
            self._note(entry.decision)
            yield entry

    def _note(self, decision: Decision) -> None:
        held = _held(decision)
        if isinstance(held, AnswerTask) and (held.path, held.attempt) == (self._path, self._attempt):
            said = {"by": held.by.name, "port": held.port, "at": rfc3339(decision.now), "comment": held.comment, "status": "kept"}
            self._kept.append((held, said))
        if not any(isinstance(event, _LETS_GO) for event in decision.events):
            return
        counted = [event for event in decision.events if isinstance(event, e.TaskAnswered) and event.path == self._path]
        for command, said in self._kept:
            if said["status"] == "kept":
                is_counted = any(_same(event.by, command.by) and event.port == command.port for event in counted)
                said["status"] = "counted" if is_counted else "passed_over"

    def told(self) -> list[dict[str, Any]]:
        """Each with its `status`: `kept`, `counted` or `passed_over`."""
        return [said for _, said in self._kept]


def _held(decision: Decision) -> Command | None:
    if isinstance(decision.command, QuarantineExecution):
        return decision.command.held
    return decision.command if any(isinstance(event, e.CommandHeld) for event in decision.events) else None


def _same(one: Person | None, other: Person) -> bool:
    return one is not None and plain_name(one.name) == plain_name(other.name)
