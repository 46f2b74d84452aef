"""Timers: a heap of what is due when. The truth is the executions' states; an entry that no longer holds is passed over."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Final

from contracts.commands import FireTimer
from contracts.ports.activities import ActivityWorker
from domain.execution.history import Folded
from domain.execution.paths import node_at

A_ROUND_MAX: Final = 500
"""So many timers fire in one round; the others wait for the next."""
IsDue = Callable[[str, str, int], "int | None"]
"""Asked for execution, timer and due time: 0 fire it, a later time to look again, None when nobody waits for it."""

STALE_MAX: Final = 10_000
"""So many entries that nobody waits for may be kept, beside as many as are waited for."""
IsArmed = Callable[[str, str, int], bool]
"""Asked for execution, timer and due time: whether the execution waits for it."""


class Timers:
    """Arms timers and gives those that are due, in order, a bounded number at a time."""

    def __init__(self, is_armed: IsArmed = lambda execution, timer, due: True) -> None:
        self._heap: list[tuple[int, str, str, int]] = []
        self._is_armed = is_armed
        self._tidy_at = STALE_MAX

    def arm(self, execution: str, timers: Iterable[tuple[str, int]], ahead: int = 0) -> None:
        """Remember when to look at these timers, of an execution whose time is so far ahead of the clock (milliseconds)."""
        for timer, due in timers:
            heapq.heappush(self._heap, (due - ahead, execution, timer, due))
        if len(self._heap) > self._tidy_at:
            self._tidy()

    def __len__(self) -> int:
        return len(self._heap)

    def _tidy(self) -> None:
        """Drop what nobody waits for any more; done again when there are twice as many as were left, so it costs each entry little."""
        self._heap = [entry for entry in self._heap if self._is_armed(entry[1], entry[2], entry[3])]
        heapq.heapify(self._heap)
        self._tidy_at = 2 * len(self._heap) + STALE_MAX

    def put_back(self, fired: Iterable[tuple[str, FireTimer]]) -> None:
        """Look at these again when they are due."""
        for execution, fire in fired:
            self.arm(execution, [(fire.timer, fire.due)])

    def next_due(self) -> int | None:
        """When the next one is due (milliseconds since 1970), None without any."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: int, limit: int, is_due: IsDue) -> list[tuple[str, FireTimer]]:
        """Up to `limit` timers that are due and still hold, each once."""
        fired: list[tuple[str, FireTimer]] = []
        while self._heap and self._heap[0][0] <= now and len(fired) < limit:
            _, execution, timer, due = heapq.heappop(self._heap)
            again = is_due(execution, timer, due)
            if again == 0:
                fired.append((execution, FireTimer(timer, due)))
            elif again is not None:
                heapq.heappush(self._heap, (again, execution, timer, due))
        return fired

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()
        self._tidy_at = STALE_MAX


def due_again(folded: Folded | None, timer: str, due: int, worker: ActivityWorker, now: int) -> int | None:
    """Whether a timer still holds: None where it does not, 0 where it does, else when it is due instead.

    A heartbeat's holds only when the worker was silent that long.
    """
    if folded is None or folded.state.timers.get(timer) != due:
        return None
    path, _, purpose = timer.rpartition(":")
    run = folded.state.runs.get(path)
    if purpose == "heartbeat" and run is not None:
        seen = worker.last_heartbeat(folded.state.execution, path, run.attempt)
        limit = node_at(folded.graph, run).timeouts["heartbeat"]
        if seen is not None and seen + limit > now:
            return seen + limit
    return 0
