"""Read models: the rows that the journal adds up to, beside the journal. They may be deleted, and are made again.

Rows hold no values: they say at which offsets of the journal an execution's decisions lie, and whoever wants its values,
its nodes or its history reads those and no others. The checkpoint is stored in the same transaction as the rows, so that
what is stored is always what the journal adds up to at that offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contracts.journal import Checkpoint


class ExecutionRecord(NamedTuple):
    """A row about an execution. `number` is the offset of its first decision, so rows sort by creation; `position` follows its last.

    Times are milliseconds since 1970, 0 where there is none. `waiting_for` and `search` are JSON.
    """

    number: int
    execution: str
    workflow: str
    version: int
    status: str
    outcome: str | None
    parent: str | None
    created_at: int
    started_at: int
    ended_at: int
    events: int
    position: int
    error: str | None
    error_message: str | None
    waiting_for: str
    search: str | None


class IncidentRecord(NamedTuple):
    """A row about an incident; `action` says how it was resolved, `error` is the failure as JSON."""

    incident: str
    path: str
    error: str
    raised_at: int
    resolved_at: int = 0
    action: str = ""


@dataclass(slots=True)
class Changes:
    """What a batch of decisions changes about one execution, each row once.

    Offsets come in pieces: `pieces` are those that have become whole, by their number, and `offsets` is the one that
    grows; None leaves it as it is.
    """

    record: ExecutionRecord
    offsets: Sequence[int] | None = None
    pieces: dict[int, Sequence[int]] = field(default_factory=dict)
    raised: list[IncidentRecord] = field(default_factory=list)
    resolved: list[IncidentRecord] = field(default_factory=list)


class Place(NamedTuple):
    """The place of a row in a list: its number, and where partitions are read together, and so sorted by time, its time and partition."""

    number: int
    created_at: int | None = None
    partition: int = 0


class Wanted(NamedTuple):
    """Which executions a list shows; times are milliseconds since 1970, `after` is the last row of the page before."""

    workflow: str | None = None
    statuses: tuple[str, ...] = ()
    parent: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    after: Place | None = None
    limit: int = 50


class ReadModels(Protocol):
    """The rows of one partition. One thread uses an instance at a time; readers beside the writer see whole transactions."""

    def checkpoint(self) -> Checkpoint:
        """Up to where the rows go; of an empty store it is the beginning."""

    def save(self, changes: Sequence[Changes], checkpoint: Checkpoint, after: int) -> None:
        """Store rows and checkpoint in one transaction. Raises Overtaken where the stored one is not at `after`."""

    def rest(self) -> None:
        """Nothing more comes for a while: tidy up what writing has left behind."""

    def reset(self) -> None:
        """Forget everything: the rows are of another journal."""

    def find(self, execution: str) -> ExecutionRecord | None:
        """The row of an execution."""

    def offsets(self, number: int) -> list[int]:
        """The offsets of all decisions of an execution, in their order."""

    def select(self, wanted: Wanted) -> Sequence[ExecutionRecord]:
        """The latest created first: by number, or, in a store of one partition among others, by `created_at` and then by number."""

    def incidents(self, number: int | None, only_open: bool) -> Sequence[tuple[str, IncidentRecord]]:
        """Incidents with the execution each is of, the oldest first: of one execution, or of all."""

    def counts(self) -> Mapping[str, int]:
        """How many executions there are of each status."""

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
