"""Previews of expressions: a history is folded in short steps up to where a node began, and kept while somebody types there."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from contracts import values
from contracts.errors import ExpressionError, Rejected
from contracts.sealed_value import hide
from domain.execution.history import begin
from projections.executions import ERASED
from projections.preview import Asked, Preview, PreviewFold, Seen
from workers.reading.execution_reader import ExecutionReader
from workers.reading.traces import erased

STEP_S: Final = 0.01
"""So long a step takes: then others who read have their turn."""
CHUNK: Final = 256
"""So many decisions are read at a time, at least."""
READ_BYTES_MAX: Final = 1024 * 1024
"""A value that is longer is not read for a preview."""
KEPT_MAX: Final = 8
"""Of so many standpoints what was folded is kept."""


class _Key(NamedTuple):
    """What was folded: of the execution with this number, up to this many decisions."""

    number: int
    decisions: int
    node: str
    at: int | None


class _Kept:
    def __init__(self, offsets: Sequence[int]) -> None:
        self.offsets, self.folded = offsets, 0
        self.fold: PreviewFold | None = None


class Previews:
    """Those that are kept. One thread uses them."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self._step_s = step_s
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def step(
        self, reader: ExecutionReader, execution: str, node: str, at: int | None, asked: Sequence[Asked], ended: bool = False
    ) -> Preview | None:
        """Fold on for a short time; what was asked for once all is folded, or None.

        Raises Rejected where there is no such execution, where it was erased, and where it has not begun.
        """
        record = reader.record(execution)
        if record.error == ERASED:
            raise erased(execution)
        offsets = reader.trail(record)
        key = _Key(record.number, len(offsets), node, at)
        kept = self._kept.setdefault(key, _Kept(offsets))
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        if not self._fold(reader, kept, node, at) or kept.fold is None:
            return None
        return _preview(reader, execution, kept.fold, asked, ended)

    def _fold(self, reader: ExecutionReader, kept: _Kept, node: str, at: int | None) -> bool:
        """Whether all is folded."""
        end = time.monotonic() + self._step_s
        while kept.folded < len(kept.offsets):
            for entry in reader.at(kept.offsets[kept.folded : kept.folded + CHUNK]):
                if kept.fold is None:
                    kept.fold = PreviewFold(begin(entry, reader.graph), node, at)
                kept.fold.take(entry)
                kept.folded += 1
            if time.monotonic() >= end:
                break
        return kept.folded >= len(kept.offsets)


def _preview(reader: ExecutionReader, execution: str, fold: PreviewFold, asked: Sequence[Asked], ended: bool) -> Preview:
    standpoint = fold.standpoint(ended)
    if standpoint is None:
        message = f"nothing has begun in execution {execution}: expressions have nothing to see; choose another one, or a later event"
        raise Rejected("not_begun", message, execution=execution)
    folded = reader.folded(execution, standpoint.version)
    fold.give_back(folded, standpoint)

    def read(value: bytes) -> Any:
        if values.is_reference(value) and (size := values.blob_length(value)) > READ_BYTES_MAX:
            raise ExpressionError(f"a value of {size:,} bytes is too large for a preview, which reads up to {READ_BYTES_MAX:,}")
        try:
            return values.decode(hide(reader.content(value)))
        except KeyError:
            raise ExpressionError("a value is lost that it reads") from None

    return Seen(folded, standpoint, read).preview(asked)
