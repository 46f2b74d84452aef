"""Retention where several may own a partition: what is removed, and what becomes of it, says the journal, so that a new owner goes on.

    due ─► piece written, read back ─► `Retired` stands ─┬─► memory gone, rows go as readers come by ─► its day is over
           beside                      in a round        │                                                 │
                                                         │   `Bundled` stands ─► bundle made, pieces dropped ◄─┘
                                                         └─► what lies before is cut off (`cutting.py`)

What an owner writes into the journal stands only while its claim is in force. So each execution is retired once, with one piece;
a piece that no `Retired` names is of an owner that was killed or thrown out, and is dropped. Bundles are made by name, the same
by whoever makes them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

from contracts.errors import ArchiveDamaged, RefoldError
from contracts.journal import Bundled, Cut, Record, Retired
from contracts.ports.clock import Clock
from workers.archive.histories import Ended, Histories
from workers.archive.retention import FAILED_PAUSE_MS, PAUSE_MS, PIECE_EXECUTIONS_MAX, SOON_MS, SWEEP_PAUSE_MS, Beside
from workers.archive.shared_pieces import SharedPieces, epoch_of, number_of
from workers.partition.owner import Owner

_log = logging.getLogger("refold.retention")
_Then: TypeAlias = Callable[[object], None]


class Cutting(Protocol):
    """What becomes of the journal before the oldest decision that is needed. Works beside the owner. Raises LogError."""

    def plan(self, known: frozenset[str], pieces: frozenset[str], before: int, end: int) -> tuple[int, int] | None:
        """Copy what is needed before some offset, at most `before`: that offset and where the copy lies; None where it is not worth it.

        What is needed is about these executions, or of these pieces. The journal ends at `end`.
        """

    def cut(self, before: int, kept_at: int) -> None:
        """Delete what stands before an offset; the journal says that it may be."""


class Bounds(Protocol):
    """Up to where those have read a journal who would have to begin again."""

    def reached(self) -> int | None:
        """The lowest offset, None where nobody reads. Called beside the owner. Raises LogError."""


class _Known(NamedTuple):
    """What was found on the shelf."""

    names: Sequence[str]
    sizes: Mapping[str, int]


class _Written(NamedTuple):
    """What came of archiving: the piece, empty without an archive; name, number and last offset of each that is in it."""

    piece: str
    executions: Sequence[tuple[str, int, int]]
    gone: Sequence[str]
    refused: Mapping[str, str]


class SharedRetention:
    """Of one partition, moved in the thread of its owner. Without `pieces` what is removed is archived nowhere."""

    def __init__(
        self,
        owner: Owner,
        clock: Clock,
        histories: Histories,
        pieces: SharedPieces | None,
        beside: Beside,
        wake: Callable[[], None],
        cutting: Cutting,
        bounds: Bounds,
        executions_max: int = PIECE_EXECUTIONS_MAX,
    ) -> None:
        """`wake` is called where the owner has something to write."""
        self.owner, self._clock, self._histories, self._pieces = owner, clock, histories, pieces
        self._beside, self._wake, self._cutting, self._bounds = beside, wake, cutting, bounds
        self._executions_max = executions_max
        self._epoch = -1
        self._arrived: deque[tuple[_Then, object]] = deque()
        self._is_busy = False
        self._look_at = self._cut_at = 0
        self._may_gain = True
        """Whether something was retired since it was last seen what a cut would gain."""
        self._hurries: list[Callable[[str], None]] = []
        self._must_look = False
        """Whether somebody has asked since it was last looked."""
        self.error = ""
        """What failed last, empty where nothing has since."""

    def next_due(self) -> int | None:
        """When there may be something to do; None until what is under way is done: that says so itself."""
        return 0 if self._arrived else None if self._is_busy and self._epoch == self.owner.epoch else self._look_at

    def hurry(self, then: Callable[[str], None]) -> None:
        """Do all that is due now, days that are not over included; `then` hears what has failed, "" where nothing has."""
        self._hurries.append(then)
        self._must_look = True
        self._look_at = self._cut_at = 0

    def step(self) -> bool:
        """Go on where that can be now; True when anything was done. The owner is current."""
        if self._epoch != self.owner.epoch:  # what was under way under another claim has not happened
            self._epoch, self._is_busy, self._may_gain = self.owner.epoch, False, True
            self._arrived.clear()
        if self._arrived:
            then, found = self._arrived.popleft()
            self._is_busy = False
            if isinstance(found, BaseException):
                self._failed(found)
            else:
                then(found)
            return True
        if self._is_busy or self._clock.now() < self._look_at:
            return False
        self._must_look = False
        self._do(self._look, self._looked)
        return True

    def _do(self, work: Callable[[], object], then: _Then) -> None:
        """Do this beside the owner, and go on with what came of it when the owner is current."""
        epoch = self._epoch

        def done(found: object) -> None:
            if epoch == self._epoch:
                self._arrived.append((then, found))

        self._is_busy = True
        self._beside(work, done)

    def _write(self, make: Callable[[bytes], Record | None], then: Callable[[Record], None]) -> None:
        """Write into the journal with the next round."""

        def made(nonce: bytes) -> Record | None:
            record = make(nonce)
            if record is None:
                self._is_busy = False
            return record

        def stands(record: Record) -> None:
            self._is_busy, self.error = False, ""
            then(record)

        self._is_busy = True
        self.owner.asides.put(made, stands)
        self._wake()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, RefoldError | OSError | MemoryError | KeyError):
            raise error
        told = f"{error} was there, and is gone" if isinstance(error, KeyError) else str(error)
        if told != self.error:
            _log.error("what has ended in partition %d cannot be archived for now: %s", self.owner.partition, told)
        self.error = told
        self.owner.metrics.archive_failures += 1
        self._rest(FAILED_PAUSE_MS)

    def _rest(self, pause_ms: int) -> None:
        """Nothing more can be done for a while, unless somebody has asked since it was seen what there is."""
        if self._must_look:
            return
        self._look_at = self._clock.now() + pause_ms
        hurries, self._hurries = self._hurries, []
        for then in hurries:
            then(self.error)

    @property
    def _out_to(self) -> int:
        """The offset below which all effects are known to be out."""
        return self.owner.commands_out.dispatched_to(self.owner.position)

    # What there is to do.

    def _look(self) -> object:
        """What lies on the shelf."""
        if self._pieces is None:
            return _Known((), {})
        names = self._pieces.names()
        return _Known(names, self._pieces.sizes(names))

    def _looked(self, found: object) -> None:
        assert isinstance(found, _Known)
        filed, pieces, now = self.owner.executions.filed, self._pieces, self._clock.now()
        self.owner.metrics.overdue_ms = self.owner.executions.overdue_ms(now)
        if any(epoch_of(name) > self.owner.epoch for name in found.names):  # another owner has claimed: this one will hear of it
            self._rest(SOON_MS)
            return
        if pieces is not None and (left := set(found.names).difference(filed.pieces)):
            self._do(lambda: pieces.drop(sorted(left)), lambda _: None)
        elif filed.bundles and pieces is not None:
            name, of_it = next(iter(filed.bundles.items()))
            self._do(lambda: pieces.bundle(name, of_it), lambda _: self._bundled(name))
        elif due := self._due(now):
            number = max(now, number_of(filed.last) + 1)
            name = "" if pieces is None else pieces.named(number, self.owner.epoch)
            self._do(lambda: self._archive(due, now, name), self._archived)
        else:
            self._look_further(found, now)

    def _look_further(self, found: _Known, now: int) -> None:
        """Nothing is due: what was archived may become a bundle, and what lies before it may be cut off."""
        filed = self.owner.executions.filed
        if lost := [piece for piece in filed.unbundled if piece not in found.sizes]:
            _log.error("partition %d: what was archived is gone, before it was in a bundle: %s", self.owner.partition, ", ".join(lost))
            self.error = f"{lost[0]} is gone"
            filed.pieces = [piece for piece in filed.pieces if piece not in lost]
        sizes = {piece: found.sizes[piece] for piece in filed.unbundled if piece in found.sizes}
        chosen = None if self._pieces is None else self._pieces.to_bundle(sizes, now, waits_for_day=not self._hurries)
        if chosen is not None:
            self._write(lambda nonce: Bundled(nonce, *chosen), self._take)
        elif now >= self._cut_at and self._may_gain:
            self._cut_at, self._may_gain = now + SWEEP_PAUSE_MS, False
            self._begin_cut()
        else:
            self._rest(PAUSE_MS)

    def _take(self, record: Record) -> None:
        """The journal says so now."""
        assert isinstance(record, Retired | Bundled | Cut)
        self.owner.executions.file(record)

    def _bundled(self, name: str) -> None:
        self.owner.executions.filed.done(name)

    # Archiving.

    def _due(self, now: int) -> Ended:
        """What is to be archived now: nothing of it is still under way to others."""
        executions = self.owner.executions
        names = executions.expired(now, self._out_to, self._executions_max)
        return {name: (executions.ended[name].status, executions.ended[name].offsets) for name in names}

    def _archive(self, due: Ended, now: int, piece: str) -> object:
        """Beside the owner: write them into a piece, and read it back."""
        refused: dict[str, str] = {}
        histories = self._histories.read(due, refused)
        there = {history.execution for history in histories}
        if histories and self._pieces is not None:
            statuses = {name: status for name, (status, _) in due.items()}
            written = self._pieces.write(piece, partial(self._histories.write, statuses, histories, now))
            if {one.execution for one in written} != there:
                raise ArchiveDamaged(f"{piece} does not hold what was written")
        executions = [(one.execution, one.decisions[0][0], one.decisions[-1][0]) for one in histories]
        return _Written(piece, executions, sorted(due.keys() - refused.keys() - there), refused)

    def _archived(self, found: object) -> None:
        assert isinstance(found, _Written)
        executions, metrics = self.owner.executions, self.owner.metrics
        executions.forget(found.gone)
        for name, why in found.refused.items():
            _log.error("execution %s is not archived, and stays: %s", name, why)
            self.error = why
            metrics.archive_failures += 1
        executions.keep(found.refused)
        if found.executions:
            self._write(partial(self._retire, found), self._retired)

    def _retire(self, written: _Written, nonce: bytes) -> Record | None:
        """What is to stand, unless one of them was heard of meanwhile: then all are archived again."""
        ended = self.owner.executions.ended
        if any(name not in ended or ended[name].offset != last for name, _, last in written.executions):
            return None
        executions = tuple((name, number) for name, number, _ in written.executions)
        return Retired(nonce, written.piece, executions, self._out_to)

    def _retired(self, record: Record) -> None:
        assert isinstance(record, Retired)
        self._take(record)
        self._may_gain = True
        self.owner.metrics.removed += len(record.executions)
        if record.piece:
            self.owner.metrics.archived += len(record.executions)

    # Cutting.

    def _begin_cut(self) -> None:
        """See how much of the journal is needed by nobody; what an owner before has begun comes first."""
        owner, filed = self.owner, self.owner.executions.filed
        executions = owner.executions
        known = frozenset((*executions.names(), *executions.ended, *executions.unreadable))
        pieces = frozenset((*filed.pieces, filed.last))
        out_to, end = min(max(owner.upkeep.out_to, filed.out_to), owner.position), owner.position

        def work() -> object:
            if filed.before:
                self._cutting.cut(filed.before, filed.kept_at)
            reached = self._bounds.reached()
            return self._cutting.plan(known, pieces, out_to if reached is None else min(reached, out_to), end)

        self._do(work, self._planned)

    def _planned(self, found: object) -> None:
        if found is None:
            self._rest(PAUSE_MS)
            return
        assert isinstance(found, tuple)
        before, kept_at = found
        self._write(lambda nonce: Cut(nonce, before, kept_at), self._cut)

    def _cut(self, record: Record) -> None:
        assert isinstance(record, Cut)
        self._take(record)
        self._do(lambda: self._cutting.cut(record.before, record.kept_at), lambda _: self._rest(PAUSE_MS))
