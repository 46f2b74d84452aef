"""Why a node is as it is: its execution is read in short steps, so that others who read have their turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from contracts.errors import Rejected
from domain.replay.why import Explained, explain
from projections.executions import ERASED
from workers.reading.execution_reader import ExecutionReader
from workers.reading.traces import erased

STEP_S: Final = 0.01
"""So long a step takes."""


class Explaining:
    """An answer in the making: of the execution that it is asked about, the node (empty: the one that matters) and the event."""

    def __init__(self, node: str, at: int | None, step_s: float = STEP_S) -> None:
        self._node, self._at, self._step_s = node, at, step_s
        self._work: Iterator[Explained | None] | None = None

    def step(self, reader: ExecutionReader, execution: str) -> Explained | None:
        """Go on for a short time; the answer once there is one, or None.

        Raises Rejected where there is no such execution, event or node, and where it was erased.
        """
        if self._work is None:
            if reader.record(execution).error == ERASED:
                raise erased(execution)
            self._work = explain(lambda: reader.entries(execution), reader.graph, reader.blobs.get, self._node, self._at)
        end = time.monotonic() + self._step_s
        try:
            while (found := next(self._work)) is None and time.monotonic() < end:
                pass
        except Rejected:  # whoever asks again begins anew
            self._work = None
            raise
        return found
