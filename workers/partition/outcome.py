"""What comes of a command: one value of a few, so that everything about one command stands behind one guard.

Recorded   a decision, encoded, with the effects that it calls for: to be kept in the round
Known      it is already so: only to be answered
Refused    the rules say no, and the execution is as it was
TooMuch    it leads to more than one decision may hold: an incident of that execution
Broken     it cannot be decided, for whatever reason
Short      the machine lacks something just now, which says nothing about the execution: to be tried again
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from contracts.commands import Effect
from contracts.journal import Decision
from domain.execution.history import Folded
from workers.partition.round import Answer


class Recorded(NamedTuple):
    """A decision that was made, and is not kept yet."""

    folded: Folded
    decision: Decision
    record: bytes
    digest: bytes
    effects: list[Effect]
    steps: int


class Known(NamedTuple):
    """There is nothing to record."""

    answer: Answer


class Refused(NamedTuple):
    """The rules say no. `folded` is the execution, None where there is none that is open."""

    error: Exception
    folded: Folded | None


class TooMuch(NamedTuple):
    """One decision cannot hold it; `kind` is the type of the failure. `folded` is none any more that may be used, if it is `touched`."""

    error: Exception
    folded: Folded | None
    is_touched: bool
    kind: str


class Broken(NamedTuple):
    """It cannot be decided."""

    error: Exception
    folded: Folded | None
    is_touched: bool


class Short(NamedTuple):
    """It cannot be decided now."""

    error: Exception
    folded: Folded | None
    is_touched: bool


Outcome: TypeAlias = Recorded | Known | Refused | TooMuch | Broken | Short
"""What comes of a command."""
