"""The backlog: the decisions that lie between a position and now, read from the journal for one who subscribes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from contracts.codec import decision_of, execution_in, read_record
from contracts.errors import LogError, LogUnreachable, UnknownRecord
from contracts.journal import Checkpoint, Decided, Decision, PartitionClaimed, Sealed, judge
from contracts.ports.feed import Selector, Told
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from contracts.public_events import Origin
from projections.executions import READ_MODEL
from projections.public.origin import origin_in_row, origin_of
from workers.reading.trails import record_of
from workers.reading.waypoint import EVERY_RECORDS, LAST_RECORDS, Waypoints, copy_of

_log = logging.getLogger("refold.reading")

WINDOW_RECORDS: Final = 1_000
WINDOW_RECORDS_MAX: Final = 64_000
ORIGINS_MAX: Final = 10_000
"""The origins of so many executions are remembered."""


class Piece(NamedTuple):
    """What was read: the decisions that are wanted, and where the reader stands after it."""

    told: list[Told]
    checkpoint: Checkpoint


def is_wanted(selector: Selector, decision: Decision, origin: Origin | None) -> bool | None:
    """Whether a decision is one of those that are selected; None where that hangs on its origin, which is not known."""
    if selector.execution is not None and decision.execution != selector.execution:
        return False
    if selector.events and not any(type(event) in selector.events for event in decision.events):
        return False
    if selector.workflow is None and not selector.with_origin:
        return True
    return None if origin is None else selector.workflow in (None, origin.workflow)


class Origins:
    """The origins of executions, as far as they were seen; the oldest make room."""

    def __init__(self) -> None:
        self._of: dict[str, Origin] = {}

    def get(self, execution: str) -> Origin | None:
        """The origin, where it is known."""
        return self._of.get(execution)

    def note(self, execution: str, origin: Origin) -> None:
        """It is this one."""
        self._of[execution] = origin
        if len(self._of) > ORIGINS_MAX:
            del self._of[next(iter(self._of))]


class Backlog:
    """Reads it. `models_of` gives the read models of a partition, which know where an execution began. For one thread at a time."""

    def __init__(self, log: Log, models_of: Callable[[int], ReadModels]) -> None:
        self._log, self._models_of = log, models_of
        self._origins, self._waypoints = Origins(), Waypoints()

    def read(self, partition: int, start: Checkpoint | int, end: int, selector: Selector) -> Piece:
        """The wanted ones of the decisions from a checkpoint, or an offset, up to `end`. Raises LogError, UnknownRecord."""
        checkpoint = self.checkpoint_at(partition, start) if isinstance(start, int) else copy_of(start)
        told: list[Told] = []
        for offset, content in self._log.read("journal", partition, checkpoint.offset, end):
            record = read_record(content)
            verdict = judge(checkpoint, offset, record)
            if verdict == "removed" and selector.execution is None:
                told_from = "partition %d: what was removed between offsets %d and %d is told to nobody who was not there"
                _log.info(told_from, partition, offset, checkpoint.offset)
            elif verdict == "counts" and isinstance(record, Decided | Sealed):
                found = self._decision(partition, offset, record, selector)
                if found is not None:
                    told.append(Told(partition, offset, *found))
        return Piece(told, checkpoint)

    def at(self, partition: int, offset: int) -> Told | None:
        """The decision at an offset, with its origin; None where it is gone or was erased. Raises LogError, UnknownRecord."""
        for at, content in self._log.read("journal", partition, offset, offset + 1):
            record = read_record(content)
            if isinstance(record, Sealed) and not record.plain:
                return None
            if at == offset and isinstance(record, Decided | Sealed):
                decision = decision_of(record)
                origin = self._seen(decision) or self._origin_of(partition, decision.execution, offset)
                return None if origin is None else Told(partition, offset, decision, origin)
        return None

    def _decision(self, partition: int, offset: int, record: Decided | Sealed, selector: Selector) -> tuple[Decision, Origin | None] | None:
        """The decision, if it is wanted, and can be read; and its origin, where that matters."""
        if selector.execution is not None and execution_in(record) != selector.execution:
            return None
        try:
            decision = decision_of(record)
        except UnknownRecord:  # a build that knows it may tell of it
            return None
        origin = self._seen(decision) if selector.with_origin or selector.workflow is not None else None
        wanted = is_wanted(selector, decision, origin)
        if wanted is None:
            origin = self._origin_of(partition, decision.execution, offset)
            if origin is None:
                return None
            wanted = is_wanted(selector, decision, origin)
        return (decision, origin) if wanted else None

    def _seen(self, decision: Decision) -> Origin | None:
        """The origin, where the decision says it, or one before it did."""
        origin = origin_of(decision)
        if origin is None:
            return self._origins.get(decision.execution)
        self._origins.note(decision.execution, origin)
        return origin

    def _origin_of(self, partition: int, execution: str, offset: int) -> Origin | None:
        """The origin, by the first decision, which the read models know the place of. Raises LogUnreachable while they do not know it.

        None where they have come further than this decision of it, and the execution was removed since: nobody is told of it any more.
        """
        models = self._models_of(partition)
        reached = models.checkpoint(READ_MODEL.name).offset
        row = record_of(models, execution)
        if row is None and reached > offset:
            _log.info(
                "partition %d: what is left of execution %s, which was removed, is passed over for a subscriber", partition, execution
            )
            return None
        if row is None:
            raise LogUnreachable(f"the read models of partition {partition} do not know execution {execution} yet")
        origin = self._first_said(partition, row.number) or origin_in_row(row)
        self._origins.note(execution, origin)
        return origin

    def _first_said(self, partition: int, offset: int) -> Origin | None:
        """The origin that the decision at an offset says; None where it is gone or cannot be read, so that a row has to do."""
        for _, content in self._log.read("journal", partition, offset, offset + 1):
            record = read_record(content)
            if isinstance(record, Decided | Sealed):
                try:
                    return origin_of(decision_of(record))
                except UnknownRecord:
                    return None
        return None

    def checkpoint_at(self, partition: int, offset: int) -> Checkpoint:
        """Where a reader stands who has read up to an offset: from the claim on that is in force there, which is looked for backwards.

        What was decided under earlier claims needs no reading: an owner has folded it before it decides anything. Where somebody
        was looked for near by, it is read on from there: many come again at once, and a claim may be millions of records old.
        """
        waypoint = self._waypoints.near(partition, offset)
        if waypoint is not None:
            try:
                return self._judged(partition, waypoint, offset)
            except LogError:
                self._waypoints.forget(partition)
        return self._judged(partition, Checkpoint(offset=self._claim_before(partition, offset)), offset)

    def _judged(self, partition: int, checkpoint: Checkpoint, offset: int) -> Checkpoint:
        """The checkpoint, moved on to an offset; waypoints are kept of the last stretch."""
        next_kept = max(checkpoint.offset, offset - LAST_RECORDS)
        for at, content in self._log.read("journal", partition, checkpoint.offset, offset):
            if at >= next_kept:
                self._waypoints.note(partition, checkpoint)
                next_kept = at + EVERY_RECORDS
            judge(checkpoint, at, read_record(content))
        return checkpoint

    def _claim_before(self, partition: int, offset: int) -> int:
        """The offset of the last claim before an offset; 0 without any."""
        end, window = offset, WINDOW_RECORDS
        while end > 0:
            start = max(0, end - window)
            records = self._log.read("journal", partition, start, end)
            claims = [at for at, content in records if isinstance(read_record(content), PartitionClaimed)]
            if claims:
                return claims[-1]
            end, window = start, min(2 * window, WINDOW_RECORDS_MAX)
        return 0
