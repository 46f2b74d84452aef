"""An action of a bulk operation: which commands it is for one execution, and when it has nothing to do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from contracts.commands import Command

ROWS_MAX: Final = 100_000
"""So many executions one operation may be about."""
ENDED: Final = frozenset({"completed", "failed", "cancelled", "terminated"})
"""The statuses of executions that have ended, but for those that were set aside."""
Details: TypeAlias = dict[str, Any]
"""What an operation says besides its action: `reason`, `signal`, `payload`."""


class Row(NamedTuple):
    """An execution as a list knows it now, with the ids of its open incidents."""

    execution: str
    status: str
    incidents: Sequence[str] = ()


class Which(NamedTuple):
    """Which executions an operation is about: of those that a filter takes, or of these alone, all or those with such an incident."""

    filter: str = ""
    incidents: str | None = None
    """A filter of open incidents; `retry` and `fail` resolve these alone."""
    executions: Sequence[str] | None = None
    """By their ids."""


class Outcomes(NamedTuple):
    """What has become of a bulk operation: how many executions it is about, None until that is known, and what became of each."""

    total: int | None
    rows: Sequence[tuple[str, str, str]]
    """The execution, `ok`, `skipped` or `failed`, and why, empty where there is nothing to say."""


class Aim(NamedTuple):
    """What an action is aimed at: the execution, what the operation says, and a key that no other operation has for it."""

    row: Row
    details: Details
    key: str


@dataclass(frozen=True, kw_only=True)
class Action:
    """A line of the list."""

    name: str
    summary: str
    commands: Callable[[Aim], Sequence[Command]]
    """In this order; none where there is nothing to do."""
    nothing_to_do: Callable[[Row], str | None]
    """Why it changes nothing for an execution that is as the row says; None where it does."""
    takes: frozenset[str] = frozenset()
    """The details that it may be given."""
    needs: frozenset[str] = frozenset()
    """Those without which it is refused."""
    undone_by: str | None = None
    """The action that takes it back."""
    resolves: bool = False
    """Whether it is about open incidents."""
    asked_apart: str = ""
    """By which request it is asked for, where that is not the one of all others."""
    removes: bool = False
    """Whether an execution that is not there any more is what it is for. It is done where there is an archive."""


def has_ended(row: Row) -> str | None:
    """What most actions do nothing with."""
    return f"it is {row.status} already" if row.status in ENDED else None


def must_have_ended(row: Row) -> str | None:
    """What the others do nothing with."""
    return None if row.status in ENDED else f"it is {row.status}, and has not ended"
