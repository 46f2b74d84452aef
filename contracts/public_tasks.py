"""Public events of human tasks: who was asked, and who did what. See `contracts/public_events.py`."""

from __future__ import annotations

from contracts.public_data import Data


class TaskData(Data, frozen=True, kw_only=True):
    """A human task: the node at `path`, and its attempt. What people said stands in the event that `href` leads to."""

    path: str
    attempt: int


class TaskCreated(TaskData, frozen=True, kw_only=True):
    """People are asked: these and these groups, or anybody."""

    assignees: list[str]


class TaskNotified(TaskData, frozen=True, kw_only=True):
    """Those who are asked were told by a channel."""

    channel: str
    about: str


class TaskClaimed(TaskData, frozen=True, kw_only=True):
    """Somebody has taken the task upon themselves."""

    by: str


class TaskReleased(TaskData, frozen=True, kw_only=True):
    """All who are asked may answer again."""

    by: str


class TaskDelegated(TaskData, frozen=True, kw_only=True):
    """Somebody else is asked in the place of a person."""

    by: str
    to: str


class TaskReminded(TaskData, frozen=True, kw_only=True):
    """Those who are asked are reminded."""

    number: int


class TaskAnswered(TaskData, frozen=True, kw_only=True):
    """Somebody has answered; with `decides` it was enough, and the node ends."""

    by: str
    port: str
    channel: str
    decides: bool


class TaskCommented(TaskData, frozen=True, kw_only=True):
    """Somebody has said something, or attached a file."""

    by: str


class TaskEscalated(TaskData, frozen=True, kw_only=True):
    """Nobody has answered in time, and others are asked."""

    to: list[str]


class TaskExpired(TaskData, frozen=True, kw_only=True):
    """Nobody has answered in time. The node leaves by `port`; without one it fails."""

    port: str | None = None


class TaskWithdrawn(TaskData, frozen=True, kw_only=True):
    """Nobody is asked any more, as the node has ended otherwise."""
