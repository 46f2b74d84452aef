"""Quotas: `settings.quota`. Of a workflow so many executions that were started from outside are open, and so many begin in a minute.

    refuse    a start too many is refused                  queue    it exists, and waits until it is let in

All of them lie in one partition, so its owner counts. What is counted follows from the executions, those of the last minute from
when they were let in, most often as they were created; a snapshot keeps the latter, as an execution may have ended since. Who
waits follows from the executions, too: so nothing of the queue is stored here, and after a takeover it is all found again.

One that waits counts as having come a minute earlier for each level of its priority: so the more urgent go first, and nothing
waits for ever behind them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from contracts.commands import AdmitExecution, Envelope
from contracts.definitions import Quota
from contracts.errors import Rejected

MINUTE_MS: Final = 60_000
OPEN_RETRY_S: Final = 5
"""After so long it is worth another try where too many are open: nobody knows when one ends."""
QUEUED_MAX: Final = 100_000
"""So many of a workflow may wait for its quota; one more is refused."""


class Place(NamedTuple):
    """The place of an execution in the queue of its workflow: by when it came, its priority taken into account (milliseconds)."""

    rank: int
    execution: str
    quota: Quota
    """That of its own version."""


class Quotas:
    """What counts against the quotas of the workflows of a partition, and who waits for them."""

    def __init__(self, queued_max: int = QUEUED_MAX) -> None:
        self.queued_max = queued_max
        self.open: Counter[str] = Counter()
        self._workflow_of: dict[str, str] = {}
        self.starts: dict[str, deque[int]] = {}
        """By workflow when the last ones were let in, the first one first (milliseconds since 1970)."""
        self._queues: dict[str, list[Place]] = {}
        self.unsettled: dict[str, tuple[str, Place | None]] = {}
        """Of those that wait, or were told a moment ago that they are let in: workflow and place in the queue; None of the latter."""
        self._told: Counter[str] = Counter()
        """By workflow how many were told so: they count already."""

    # What counts.

    def begin(self, execution: str, workflow: str, at: int) -> None:
        """One more is open, that is let in now, or was then."""
        self._leave(execution)
        self.found(execution, workflow)
        starts = self.starts.setdefault(workflow, deque())
        starts.append(at)
        _forget(starts, at)

    def found(self, execution: str, workflow: str) -> None:
        """One is open; found twice it is one."""
        if execution not in self._workflow_of:
            self._workflow_of[execution] = workflow
            self.open[workflow] += 1

    def end(self, execution: str) -> None:
        """One is open no more, and waits no more, if it was or did; whatever execution that is."""
        workflow = self._workflow_of.pop(execution, None)
        if workflow is not None:
            self.open[workflow] -= 1
        if self.unsettled:
            self._leave(execution)

    def check(self, workflow: str, quota: Quota, now: int) -> bool:
        """Whether a start has to wait. Raises Rejected for one too many; `retry_after_s` says when another try may succeed."""
        waiting = len(self._queues.get(workflow, ()))
        refused = self._full(workflow, quota, now)
        if quota.on_limit == "refuse" and refused is not None:
            raise refused
        if quota.on_limit == "queue" and waiting >= self.queued_max:
            said = f"{waiting} executions of {workflow} wait for its quota, as many as may"
            raise Rejected("quota_exceeded", said, workflow=workflow, retry_after_s=OPEN_RETRY_S)
        return quota.on_limit == "queue" and (waiting > 0 or refused is not None)

    def _full(self, workflow: str, quota: Quota, now: int) -> Rejected | None:
        taken = self.open[workflow] + self._told[workflow]
        if quota.open is not None and taken >= quota.open:
            said = f"{taken} executions of {workflow} are open; its quota is {quota.open} (`settings.quota.open`)"
            return Rejected("quota_exceeded", said, workflow=workflow, retry_after_s=OPEN_RETRY_S)
        starts = self.starts.get(workflow, deque())
        _forget(starts, now)
        taken = len(starts) + self._told[workflow]
        if quota.starts_per_minute is not None and taken >= quota.starts_per_minute:
            said = f"{taken} executions of {workflow} were started in the last minute; its quota is {quota.starts_per_minute}"
            due = _room_at(starts, taken, quota.starts_per_minute)
            after_s = -(-((now + MINUTE_MS if due is None else due) - now) // 1000)
            return Rejected("quota_exceeded", f"{said} (`settings.quota.starts_per_minute`)", workflow=workflow, retry_after_s=after_s)
        return None

    def restore(self, starts: dict[str, list[int]]) -> None:
        """What a snapshot holds of the last minute."""
        self.starts = {workflow: deque(found) for workflow, found in starts.items()}

    # Who waits.

    def wait(self, workflow: str, place: Place) -> None:
        """One more waits; found twice it is one."""
        if place.execution not in self.unsettled:
            self.unsettled[place.execution] = workflow, place
            insort(self._queues.setdefault(workflow, []), place, key=_order)

    def _leave(self, execution: str) -> None:
        workflow, place = self.unsettled.pop(execution, ("", None))
        if place is not None:
            queue = self._queues[workflow]
            del queue[bisect_left(queue, _order(place), key=_order)]
            if not queue:
                del self._queues[workflow]
        elif workflow:
            self._told[workflow] -= 1

    def let_in(self, now: int) -> Iterator[Envelope]:
        """The commands by which those go on for whom there is room, the first one first; sending one twice is once."""
        for workflow, queue in list(self._queues.items()) if self._queues else ():
            while queue and self._full(workflow, queue[0].quota, now) is None:
                name = queue[0].execution
                self._leave(name)
                self.unsettled[name] = workflow, None
                self._told[workflow] += 1
                yield Envelope(f"{name}:admit", name, AdmitExecution())

    def next_due(self) -> int | None:
        """When a quota will have room for one who waits (milliseconds since 1970; 0: now); None where something has to end first."""
        dues = [self._due(workflow, queue[0].quota) for workflow, queue in self._queues.items()]
        return min((due for due in dues if due is not None), default=None) if self._queues else None

    def _due(self, workflow: str, quota: Quota) -> int | None:
        told = self._told[workflow]
        if quota.open is not None and self.open[workflow] + told >= quota.open:
            return None
        starts = self.starts.get(workflow, deque())
        most, taken = quota.starts_per_minute, len(starts) + told
        return 0 if most is None or taken < most else _room_at(starts, taken, most)


def _order(place: Place) -> tuple[int, str]:
    return place.rank, place.execution


def _room_at(starts: deque[int], taken: int, most: int) -> int | None:
    """When so few of the last minute are left that there is room for one more; None where those have to be recorded first."""
    index = taken - most
    return starts[index] + MINUTE_MS if index < len(starts) else None


def _forget(starts: deque[int], now: int) -> None:
    """What is more than a minute ago, and what a clock that was set back says is yet to come, counts no more."""
    while starts and not now - MINUTE_MS < starts[0] <= now:
        starts.popleft()
