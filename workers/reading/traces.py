"""Traces of executions that somebody looks at: each is folded once, in short steps, and kept to be folded on as it grows.

ask ─► what lies behind what was folded ─► a step of it, and another … ─► the columns behind a version

Whoever wants no more than the events up to a version has its answer once those are folded, however many lie behind.
"""

from __future__ import annotations

import gzip
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, TypeVar

import msgspec

from contracts.errors import Rejected
from domain.execution.history import Folded, begin, is_erasure
from projections.executions import ERASED, ExecutionRecord
from projections.history import ABOUT_AN_ATTEMPT, HistoryEvent, HistoryPresenter
from projections.trace.answer import answer_of
from projections.trace.fold import TraceFold
from projections.trace.search import Sieve, attempts_at, offsets_of, search
from workers.reading.execution_reader import ExecutionReader

T = TypeVar("T")
Answer: TypeAlias = Callable[[ExecutionReader, str, TraceFold, int], T]
"""What is made of a trace, in the thread that reads: of the reader, the execution, what was folded, and the last event there is."""
STEP_S: Final = 0.01
"""So long a step takes: then others who read have their turn."""
CHUNK: Final = 256
"""So many decisions are read at a time, at least."""
KEPT_MAX: Final = 16
EVENTS_MAX: Final = 1_000_000
"""So many traces are kept, and of so many events together, or else one."""
LITTLE: Final = 2_000
"""So many events may a trace lack of an execution to say how that is: it is less than is folded without it."""
LEFT_AFTER_S: Final = 60.0
"""Whoever asked for a trace and has not gone on with it for so long has left."""
PACK_FROM: Final = 4_096
"""Answers of so many bytes are packed, where whoever asks takes that."""
PACK_LEVEL: Final = 6


class Wanted:
    """What somebody asks of a trace: the events up to the version `enough`, or all that there were when it was asked first."""

    def __init__(self, enough: int | None = None) -> None:
        self._enough, self._upto = enough, 0
        self.is_looked_up = False
        """Whether it was looked up since then which decisions there are."""

    def upto(self, record: ExecutionRecord) -> int:
        """The event up to which is folded for it."""
        if not self._upto:
            self._upto = max(1, record.events if self._enough is None else min(self._enough, record.events))
        return self._upto


class _Kept:
    """A trace as far as it is folded: of the execution with this number, up to the decision at `done`. `known` are offsets behind that."""

    def __init__(self, number: int) -> None:
        self.number, self.done = number, -1
        self.known: Sequence[int] = ()
        self.folded = 0
        """So many of `known` are folded meanwhile."""
        self.fold: TraceFold | None = None
        self.stepped_at = time.monotonic()

    @property
    def is_up_to_date(self) -> bool:
        return self.folded == len(self.known)

    @property
    def events(self) -> int:
        return 0 if self.fold is None else self.fold.version


class Traces:
    """Those that are kept. One thread uses them."""

    def __init__(self, step_s: float = STEP_S, left_after_s: float = LEFT_AFTER_S) -> None:
        self._step_s, self._left_after_s = step_s, left_after_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def step(self, reader: ExecutionReader, execution: str, wanted: Wanted, answer: Answer[T]) -> T | None:
        """Fold on for a short time; an answer once all that is wanted is folded, or None.

        Raises Rejected where there is no such execution, or it was erased.
        """
        try:
            return self._step(reader, execution, wanted, answer)
        except Exception:
            self._kept.pop(execution, None)
            raise

    def _step(self, reader: ExecutionReader, execution: str, wanted: Wanted, answer: Answer[T]) -> T | None:
        record = reader.record(execution)
        if record.error == ERASED:
            raise erased(execution)
        kept = self._of(execution, record)
        upto = wanted.upto(record)
        if kept.events < upto and kept.is_up_to_date and not wanted.is_looked_up:
            behind = reader.trail(record, kept.events + 1 if kept.events else 0)
            kept.known, kept.folded = [offset for offset in behind if offset > kept.done], 0
            wanted.is_looked_up = True
        if kept.events < upto:
            self._fold(reader, execution, kept)
        is_all = wanted.is_looked_up and kept.is_up_to_date
        if kept.fold is None or (kept.events < upto and not is_all):
            return None
        self._let_go()
        return answer(reader, execution, kept.fold, kept.events if is_all else max(kept.events, record.events))

    def now(self, reader: ExecutionReader, execution: str) -> Folded | None:
        """The execution as it is, where a trace is kept that lacks little of that, else None. It goes on as the trace does.

        Raises Rejected where there is no such execution.
        """
        record, kept = reader.record(execution), self._kept.get(execution)
        if kept is None or kept.fold is None or kept.number != record.number or record.error == ERASED or not kept.is_up_to_date:
            return None
        if record.events - kept.events > LITTLE:
            return None
        wanted = Wanted()
        while self.step(reader, execution, wanted, lambda reader, execution, fold, last: last) is None:
            pass
        return kept.fold.folded

    def _of(self, execution: str, record: ExecutionRecord) -> _Kept:
        """What is kept of the execution; one of the same id that began later is another one."""
        kept = self._kept.get(execution)
        if kept is None or kept.number != record.number:
            kept = self._kept[execution] = _Kept(record.number)
        self._kept.move_to_end(execution)
        kept.stepped_at = time.monotonic()
        return kept

    def _fold(self, reader: ExecutionReader, execution: str, kept: _Kept) -> None:
        end = time.monotonic() + self._step_s
        while kept.folded < len(kept.known):
            for entry in reader.at(kept.known[kept.folded : kept.folded + CHUNK]):
                if kept.fold is None:
                    if is_erasure(entry):
                        raise erased(execution)
                    kept.fold = TraceFold(begin(entry, reader.graph))
                kept.fold.take(entry)
                kept.done = entry.offset
                kept.folded += 1
            if time.monotonic() >= end:
                return

    def _let_go(self) -> None:
        """Those that nobody has asked for longest, and nobody waits for."""
        left = time.monotonic() - self._left_after_s
        count, events = len(self._kept), sum(one.events for one in self._kept.values())
        for execution, one in list(self._kept.items())[:-1]:
            if count <= KEPT_MAX and events <= EVENTS_MAX:
                return
            if one.is_up_to_date or one.stepped_at < left:
                del self._kept[execution]
                count, events = count - 1, events - one.events


def packed_trace(fold: TraceFold, execution: str, since: int, limit: int, last: int, packs: bool) -> tuple[bytes, bool]:
    """Up to `limit` events behind a version as JSON, and whether that is packed, as it may be where the caller takes it.

    `last` is the last event there is.
    """
    content = msgspec.json.encode(answer_of(fold, execution, since, limit, last))
    is_packed = packs and len(content) >= PACK_FROM
    return (gzip.compress(content, PACK_LEVEL, mtime=0) if is_packed else content), is_packed


def found_events(
    reader: ExecutionReader, execution: str, fold: TraceFold, sieve: Sieve, start: int, limit: int
) -> tuple[list[HistoryEvent], int | None]:
    """Up to `limit` of the events from version `start` on that a sieve lets through, and the version to go on from."""
    versions = search(fold, sieve, start, limit + 1)
    wanted, following = versions[:limit], versions[limit] if len(versions) > limit else None
    attempts = attempts_at(fold, wanted)
    presenter = HistoryPresenter(reader.show)
    presenter.begin_alone(next(reader.at([reader.record(execution).number])).decision)
    shown = (event for entry in reader.at(offsets_of(fold, wanted)) for event in presenter.present(entry.decision))
    found = [event for event in shown if event.version in attempts]
    return [_placed(event, fold, attempts[event.version]) for event in found], following


def _placed(event: HistoryEvent, fold: TraceFold, attempt: int | None) -> HistoryEvent:
    """The event with what only those before it say: which attempt it is about, and where an incident was."""
    about = event.type in ABOUT_AN_ATTEMPT
    path = fold.places.paths[fold.event_places[event.version - 1]]
    return event._replace(path=path, attempt=attempt if about else event.attempt)


def erased(execution: str) -> Rejected:
    """That nothing can be told of it any more."""
    return Rejected("erased", f"execution {execution} was erased: what happened in it is not known any more", execution=execution)
