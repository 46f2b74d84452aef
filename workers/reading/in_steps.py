"""What is told of a whole history is made in short steps, so that others who read have their turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeAlias, TypeVar

from contracts.errors import Rejected
from domain.execution.deciding import ReadBlob
from domain.execution.history import GraphOf
from domain.replay.why import Entries
from projections.executions import ERASED
from workers.reading.execution_reader import ExecutionReader
from workers.reading.traces import erased

STEP_S: Final = 0.01
"""So long a step takes."""

T = TypeVar("T")
Work: TypeAlias = Callable[[Entries, GraphOf, ReadBlob], Iterator[T | None]]
"""What makes an answer of a history: None now and then, and the answer at last."""


class InSteps(Generic[T]):
    """An answer in the making."""

    def __init__(self, work: Work[T], step_s: float = STEP_S) -> None:
        self._begin, self._step_s = work, step_s
        self._work: Iterator[T | None] | None = None

    def step(self, reader: ExecutionReader, execution: str) -> T | None:
        """Go on for a short time; the answer once there is one, or None.

        Raises Rejected where there is no such execution, event or node, and where it was erased.
        """
        if self._work is None:
            if reader.record(execution).error == ERASED:
                raise erased(execution)
            self._work = self._begin(lambda: reader.entries(execution), reader.graph, reader.blobs.get)
        end = time.monotonic() + self._step_s
        try:
            while (found := next(self._work)) is None and time.monotonic() < end:
                pass
        except Rejected:  # whoever asks again begins anew
            self._work = None
            raise
        return found
