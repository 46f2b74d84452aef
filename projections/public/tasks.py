"""What others are told of human tasks. See `projections/public/present.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from contracts import commands as c
from contracts import events as e
from contracts import public_tasks as p
from contracts.commands import TASK_COMMANDS
from contracts.events import Event
from contracts.journal import Decision
from contracts.person import Person
from contracts.public_data import Data
from contracts.public_events import Origin

_Place: TypeAlias = dict[str, Any]
_Make: TypeAlias = Callable[[Any, Decision, Origin, _Place], Data]


def _task_created(event: e.TaskCreated, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskCreated(**place, path=event.path, attempt=event.attempt, assignees=list(event.assignees))


def _task_notified(event: e.TaskNotified, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskNotified(**place, path=event.path, attempt=event.attempt, channel=event.channel, about=event.about)


def _by(event: e.TaskClaimed | e.TaskReleased | e.TaskCommented | e.TaskDelegated | e.TaskAnswered, decision: Decision) -> Person:
    """Who has acted, as the event or its command says it."""
    said = getattr(event, "by", None)
    if isinstance(said, Person):
        return said
    command = decision.command
    assert isinstance(command, TASK_COMMANDS), f"a person acted by {type(command).__name__}"
    return command.by


def _done_by(data: type[p.TaskClaimed | p.TaskReleased | p.TaskCommented]) -> _Make:
    def make(event: Any, decision: Decision, origin: Origin, place: _Place) -> Data:
        return data(**place, path=event.path, attempt=event.attempt, by=_by(event, decision).name)

    return make


def _delegated(event: e.TaskDelegated, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskDelegated(**place, path=event.path, attempt=event.attempt, by=_by(event, decision).name, to=event.to)


def _reminded(event: e.TaskReminded, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskReminded(**place, path=event.path, attempt=event.attempt, number=event.number)


def _answered(event: e.TaskAnswered, decision: Decision, origin: Origin, place: _Place) -> Data:
    by, command = _by(event, decision), decision.command
    port = command.port if event.by is None and isinstance(command, c.AnswerTask) else event.port
    return p.TaskAnswered(**place, path=event.path, attempt=event.attempt, by=by.name, port=port, channel=by.channel, decides=event.decides)


def _escalated(event: e.TaskEscalated, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskEscalated(**place, path=event.path, attempt=event.attempt, to=list(event.to))


def _expired(event: e.TaskExpired, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskExpired(**place, path=event.path, attempt=event.attempt, port=event.port or None)


def _withdrawn(event: e.TaskWithdrawn, decision: Decision, origin: Origin, place: _Place) -> Data:
    return p.TaskWithdrawn(**place, path=event.path, attempt=event.attempt)


TASKS: Final[dict[type[Event], _Make]] = {
    e.TaskCreated: _task_created,
    e.TaskNotified: _task_notified,
    e.TaskClaimed: _done_by(p.TaskClaimed),
    e.TaskReleased: _done_by(p.TaskReleased),
    e.TaskDelegated: _delegated,
    e.TaskReminded: _reminded,
    e.TaskAnswered: _answered,
    e.TaskCommented: _done_by(p.TaskCommented),
    e.TaskEscalated: _escalated,
    e.TaskExpired: _expired,
    e.TaskWithdrawn: _withdrawn,
}
"""What each of the events becomes."""
