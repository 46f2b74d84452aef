"""Traces of executions that somebody looks at: each is folded once, in short steps, and kept to be folded on as it grows.

ask ─► what lies behind what was folded ─► a step of it, and another … ─► the columns behind a version
"""

from __future__ import annotations

import gzip
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from contracts.errors import Rejected
from domain.execution.history import begin, is_erasure
from projections.executions import ERASED, ExecutionRecord
from projections.trace.answer import answer_of
from projections.trace.fold import TraceFold
from workers.reading.execution_reader import ExecutionReader

STEP_S: Final = 0.01
"""So long a step takes: then others who read have their turn."""
CHUNK: Final = 256
"""So many decisions are read at a time, at least."""
KEPT_MAX: Final = 16
EVENTS_MAX: Final = 1_000_000
"""So many traces are kept, and of so many events together, or else one."""
PACK_FROM: Final = 4_096
"""Answers of so many bytes are packed, where whoever asks takes that."""
PACK_LEVEL: Final = 6


class Wanted(NamedTuple):
    """What of a trace is asked for: up to `limit` events behind a version, packed or not."""

    since: int
    limit: int
    packs: bool


class _Kept:
    """A trace as far as it is folded: of the execution with this number, up to the decision at `done`. `known` are offsets behind that."""

    def __init__(self, number: int) -> None:
        self.number, self.done = number, -1
        self.known: Sequence[int] = ()
        self.folded = 0
        """So many of `known` are folded meanwhile."""
        self.fold: TraceFold | None = None

    @property
    def is_up_to_date(self) -> bool:
        return self.fold is not None and self.folded == len(self.known)

    @property
    def events(self) -> int:
        return 0 if self.fold is None else self.fold.version


class Traces:
    """Those that are kept. One thread uses them."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self._step_s = step_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def step(self, reader: ExecutionReader, execution: str, asks: bool, wanted: Wanted) -> tuple[bytes, bool] | None:
        """Fold on for a short time; the answer once all is folded that lay in the journal when it was asked for (`asks`), or None.

        The answer is JSON, and whether it is packed. Raises Rejected where there is no such execution, or it was erased.
        """
        try:
            return self._step(reader, execution, asks, wanted)
        except Exception:
            self._kept.pop(execution, None)
            raise

    def _step(self, reader: ExecutionReader, execution: str, asks: bool, wanted: Wanted) -> tuple[bytes, bool] | None:
        record = reader.record(execution)
        if record.error == ERASED:
            raise erased(execution)
        kept = self._of(execution, record)
        if asks or kept.fold is None:
            behind = reader.trail(record, kept.events + 1 if kept.events else 0)
            kept.known, kept.folded = [offset for offset in behind if offset > kept.done], 0
        self._fold(reader, execution, kept)
        if kept.fold is None or not kept.is_up_to_date:
            return None
        self._let_go()
        content = msgspec.json.encode(answer_of(kept.fold, execution, wanted.since, wanted.limit))
        is_packed = wanted.packs and len(content) >= PACK_FROM
        return (gzip.compress(content, PACK_LEVEL, mtime=0) if is_packed else content), is_packed

    def _of(self, execution: str, record: ExecutionRecord) -> _Kept:
        """What is kept of the execution; one of the same id that began later is another one."""
        kept = self._kept.get(execution)
        if kept is None or kept.number != record.number:
            kept = self._kept[execution] = _Kept(record.number)
        self._kept.move_to_end(execution)
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
        count, events = len(self._kept), sum(one.events for one in self._kept.values())
        for execution, one in list(self._kept.items())[:-1]:
            if count <= KEPT_MAX and events <= EVENTS_MAX:
                return
            if one.is_up_to_date:
                del self._kept[execution]
                count, events = count - 1, events - one.events


def erased(execution: str) -> Rejected:
    """That nothing can be told of it any more."""
    return Rejected("erased", f"execution {execution} was erased: what happened in it is not known any more", execution=execution)
