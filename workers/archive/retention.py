"""Retention: what has ended long enough ago is archived, and then removed from read models, log, memory and blobs, a piece at a time.

    due ─► piece written, synced, read back ─► rows gone ─┬─► records gone ─► memory gone ─► payloads gone ─┬─► joined: archive
           beside                              beside     │   in the owner's thread                         │   beside
                                                          └── all that could bring them back goes further ──┘

What is removed is removed for good, so nothing may know of it that would go on from there: the owner's snapshot and all read
models go further, and what its decisions call for is out. Killed at any point, the next process goes on from the pieces.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from contracts.errors import ArchiveDamaged, LogError, RefoldError, reason_of
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.ports.removal import RemovalLog
from contracts.ports.sweep import SweepableBlobs
from workers.archive.archivist import Archived, Archivist, Prepared
from workers.archive.histories import Ended
from workers.archive.pieces import Pieces
from workers.archive.sweep import Sweep
from workers.partition.owner import Owner

PIECE_EXECUTIONS_MAX: Final = 1_000
"""So many executions go into a piece: what is removed in one step, which the owner waits for."""
PAUSE_MS: Final = 60_000
"""How long after it found nothing to do it looks again."""
SOON_MS: Final = 1_000
"""The same while a snapshot is being made, or rows are behind."""
FAILED_PAUSE_MS: Final = 60_000
"""The same after something has failed."""
SWEEP_PAUSE_MS: Final = 600_000
"""How long after a look for payloads that nobody needs the next one is taken: it reads all of the journal."""
PAYLOADS_A_STEP: Final = 50
"""So many payloads are deleted in one step, which the owner waits for."""
SHRINK_PAGES: Final = 200
"""So many pages of the file are given back at a time."""

_log = logging.getLogger("refold.retention")


class WritableLog(Log, RemovalLog, Protocol):
    """The owner's view of the log."""


class Rows(Protocol):
    """The read models, as far as rows go with their executions."""

    def reached(self) -> int | None:
        """The offset that the rows of all models go up to; None where there are none. Raises LogError."""

    def forget(self, numbers: Sequence[int]) -> None:
        """Take the rows away that are about executions whose first decisions stand at these offsets. Raises LogError."""


class Joining(Protocol):
    """What becomes of pieces in the end."""

    def join(self, now: int, waits_for_day: bool = True) -> None:
        """Join those that are to be joined, unless one `waits_for_day` also those of this day. Raises ShelfError, ArchiveDamaged."""


Then: TypeAlias = Callable[[object], None]
Beside: TypeAlias = Callable[[Callable[[], object], Then], None]
"""Does the first where it holds nobody up, and gives the second what came of it, an exception included, in the owner's thread."""


class Retention:
    """Of one partition, in the thread of its owner."""

    def __init__(
        self,
        owner: Owner,
        log: WritableLog,
        blobs: SweepableBlobs,
        clock: Clock,
        archivist: Archivist,
        pieces: Pieces,
        rows: Rows,
        joining: Joining,
        make_sweep: Callable[[], Sweep],
        beside: Beside,
        executions_max: int = PIECE_EXECUTIONS_MAX,
    ) -> None:
        self._owner, self._journal, self._blobs, self._clock = owner, log, blobs, clock
        self._archivist, self._pieces, self._rows, self._joining = archivist, pieces, rows, joining
        self._make_sweep, self._beside, self._executions_max = make_sweep, beside, executions_max
        self._is_busy = False
        self._look_at = self._sweep_at = 0
        self._rows_reach = 0
        self._prepared: Prepared | None = None
        self._sweep: Sweep | None = None
        """The one that was read, and says which payloads are to be deleted."""
        self._is_waiting = False
        """Whether a snapshot is being made, so that more can be removed."""
        self._hurries: list[Callable[[str], None]] = []
        self._must_look = False
        """Whether somebody has asked since it was last looked."""
        self.metrics = owner.metrics
        self.error = ""
        """What failed last, empty where nothing has since."""

    @property
    def is_held_up(self) -> bool:
        """Whether something is archived that cannot be removed yet."""
        return self._prepared is not None

    def next_due(self) -> int | None:
        """When there may be something to do; None until what is under way beside it, or with its owner, is done: that says so itself."""
        return None if self._is_busy or not self._owner.is_current else self._look_at

    def hurry(self, then: Callable[[str], None]) -> None:
        """Do all that is due now, the day included that is not over; `then` hears what has failed, "" where nothing has."""
        self._hurries.append(then)
        self._must_look = True
        self._look_at = self._sweep_at = 0

    def _tell_hurried(self) -> None:
        hurries, self._hurries = self._hurries, []
        for then in hurries:
            then(self.error)

    def step(self) -> bool:
        """Go on where that can be now; True when anything was done."""
        if self._is_busy or self._clock.now() < self._look_at or not self._owner.is_current:
            return False
        if self._prepared is not None:
            return self._remove(self._prepared)
        if self._sweep is not None:
            return self._delete_some(self._sweep)
        if self._journal.shrink(SHRINK_PAGES):
            return True
        self._must_look = False
        self._do(self._look, self._looked)
        return True

    def _do(self, work: Callable[[], object], then: Then) -> None:
        """Do this beside the owner. What fails is told, and tried again after a while."""

        def done(found: object) -> None:
            self._is_busy = False
            if isinstance(found, BaseException):
                self._failed(found)
            else:
                then(found)

        self._is_busy = True
        self._beside(work, done)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, RefoldError | OSError | MemoryError):
            raise error
        if str(error) != self.error:
            _log.error("what has ended cannot be archived for now: %s", reason_of(error) if isinstance(error, Exception) else error)
        self.error = str(error)
        self.metrics.archive_failures += 1
        self._look_at = self._clock.now() + FAILED_PAUSE_MS
        self._tell_hurried()

    # What was begun before comes first.

    def _look(self) -> object:
        """How far the rows go; a piece that was archived and may not be removed yet."""
        reached = self._rows.reached()
        self._rows_reach = self._owner.position if reached is None else reached
        for piece in self._pieces.at("archived"):
            try:
                return self._archivist.prepare(piece)
            except ArchiveDamaged:
                self._pieces.drop(piece)  # nothing was removed that is in it, as removing begins with reading it
        return None

    def _looked(self, found: object) -> None:
        if isinstance(found, Prepared):
            self._prepared = found
            return
        self._is_waiting = False
        self.metrics.overdue_ms = self._owner.executions.overdue_ms(self._clock.now())
        due = self._due(self._before())
        if due:
            now = self._clock.now()
            self._do(lambda: self._archivist.archive(due, now), self._is_archived)
            return
        now = self._clock.now()
        if now < self._sweep_at:
            self._do(lambda: self._joining.join(now, not self._hurries), self._finished)
        else:
            self._sweep_at = now + SWEEP_PAUSE_MS
            self._do(self._begin_sweep, self._end_sweep)

    # Archiving.

    def _before(self) -> int:
        """Nothing is removed from here on: something might go on from there."""
        return min(self._before_without_rows(), self._rows_reach)

    def _before_without_rows(self) -> int:
        return min(self._journal.removable_end(self._owner.partition), self._owner.upkeep.out_to)

    def _due(self, before: int) -> Ended:
        """What is to be archived now. Where the owner's snapshot is behind that, a newer one is made first."""
        executions, upkeep = self._owner.executions, self._owner.upkeep
        now = self._clock.now()
        names = executions.expired(now, min(before, upkeep.saved), self._executions_max)
        if not names and executions.expired(now, before, 1):
            self._is_waiting = True
            if upkeep.draft is None:
                upkeep.save_soon()
        elif not names and self._hurries and executions.expired(now, self._before_without_rows(), 1):
            self._is_waiting = True  # the rows are not there yet
        return {name: (executions.ended[name].status, executions.ended[name].offsets) for name in names}

    def _is_archived(self, found: object) -> None:
        assert isinstance(found, Archived)
        executions = self._owner.executions
        executions.forget(found.gone)  # a snapshot that is older than their removal has brought them back
        for name, why in found.refused.items():
            _log.error("execution %s is not archived, and stays: %s", name, why)
            self.error = why
            self.metrics.archive_failures += 1
        executions.keep(found.refused)
        if found.prepared is not None:
            self.metrics.archived += len(found.prepared.executions)
        self._prepared = found.prepared

    # Removing.

    def _remove(self, prepared: Prepared) -> bool:
        """Take them out of the read models, then out of the log and memory, in one step."""
        if prepared.before > min(self._before(), self._owner.upkeep.saved):
            if self._owner.upkeep.saved < prepared.before and self._owner.upkeep.draft is None:
                self._owner.upkeep.save_soon()
            self._look_at = self._clock.now() + SOON_MS
            return False
        self._prepared = None
        self._do(lambda: self._rows.forget(prepared.numbers), lambda _: self._remove_from_log(prepared))
        return True

    def _remove_from_log(self, prepared: Prepared) -> None:
        try:
            self._journal.remove(prepared.plan)
        except LogError as error:
            self._failed(error)
            return
        self._owner.executions.forget(prepared.executions)
        self.metrics.removed += len(prepared.executions)
        self.error = ""
        if self._hurries:
            self._sweep_at = 0
        self._do(lambda: self._pieces.move(prepared.piece, "removed"), lambda _: None)

    # Payloads, and the archive.

    def _begin_sweep(self) -> object:
        sweep = self._make_sweep()
        sweep.read()
        return sweep

    def _end_sweep(self, found: object) -> None:
        assert isinstance(found, Sweep)
        self._sweep = found

    def _delete_some(self, sweep: Sweep) -> bool:
        """Nothing is decided between the question who needs them and their end."""
        try:
            unneeded = sweep.unneeded(self._journal, PAYLOADS_A_STEP)
            for content_hash in unneeded:
                self._blobs.delete(content_hash)
        except (LogError, OSError) as error:
            self._sweep = None
            self._failed(error)
            return True
        if not unneeded:
            self._sweep = None
            now = self._clock.now()
            self._do(lambda: self._finish(sweep, now), self._finished)
        return True

    def _finish(self, sweep: Sweep, now: int) -> None:
        for piece in sweep.pieces:
            self._pieces.move(piece, "swept")
        self._joining.join(now, not self._hurries)

    def _finished(self, _: object) -> None:
        self.error = ""
        if self._must_look:
            return
        self._look_at = self._clock.now() + (SOON_MS if self._is_waiting else PAUSE_MS)
        if not self._is_waiting:
            self._tell_hurried()
