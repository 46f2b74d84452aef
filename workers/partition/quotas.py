"""Who is let in: `settings.quota` and `settings.while_paused`, of what is started from outside.

A quota says how many executions of a workflow are open, and how many begin in a minute; `while_paused`, what becomes of what triggers
start while one of them is held up (`domain/execution/held_up.py`):

    refuse, skip    a start too many is refused            queue    it exists, and waits until it is let in

All of them lie in one partition, so its owner counts. What is counted follows from the executions, those of the last minute from
when they were let in, most often as they were created; a snapshot keeps the latter, as an execution may have ended since. Who
waits follows from the executions, too: so nothing of the queue is stored here, and after a takeover it is all found again.

One that waits counts as having come a minute earlier for each level of its priority: so the more urgent go first, and nothing
waits for ever behind them. Who waits until nothing is held up is let in one at a time: the next one when it is known whether that one
is held up, too.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

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
    heeds_pauses: bool = False
    """Whether it is not let in while an execution of its workflow is held up."""


_Queue: TypeAlias = tuple[str, bool]
"""Those of a workflow that wait for its quota alone, or that heed pauses."""


class Quotas:
    """What counts against the quotas of the workflows of a partition, and who waits for them."""

    def __init__(self, queued_max: int = QUEUED_MAX) -> None:
        self.queued_max = queued_max
        self.open: Counter[str] = Counter()
        self._workflow_of: dict[str, str] = {}
        self.starts: dict[str, deque[int]] = {}
        """By workflow when the last ones were let in, the first one first (milliseconds since 1970)."""
        self._queues: dict[_Queue, list[Place]] = {}
        self._held_up: dict[str, set[str]] = {}
        """By workflow those that are held up."""
        self._held_up_in: dict[str, str] = {}
        self._telling: dict[str, str] = {}
        """By workflow the one that heeds pauses, was told that it is let in, and of which nobody knows yet whether it is held up."""
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
        if self._held_up_in:
            self.note(execution, "", False)

    def check(self, workflow: str, quota: Quota, now: int) -> bool:
        """Whether a start has to wait. Raises Rejected for one too many; `retry_after_s` says when another try may succeed."""
        waiting = len(self._queues.get((workflow, False), ()))
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
            insort(self._queues.setdefault((workflow, place.heeds_pauses), []), place, key=_order)

    def wait_on(self, workflow: str, place: Place) -> bool:
        """Whether one that was told that it is let in waits on, as somebody is held up by now."""
        if not place.heeds_pauses or workflow not in self._held_up:
            return False
        self._leave(place.execution)
        self.wait(workflow, place)
        return True

    def _leave(self, execution: str) -> None:
        workflow, place = self.unsettled.pop(execution, ("", None))
        if place is not None:
            queue = self._queues[workflow, place.heeds_pauses]
            del queue[bisect_left(queue, _order(place), key=_order)]
            if not queue:
                del self._queues[workflow, place.heeds_pauses]
        elif workflow:
            self._told[workflow] -= 1
            self.pass_by(workflow, execution)

    def let_in(self, now: int) -> Iterator[Envelope]:
        """The commands by which those go on for whom there is room, the first one first; sending one twice is once."""
        for workflow in dict.fromkeys(workflow for workflow, _ in self._queues) if self._queues else ():
            while (place := self._first(workflow)) is not None and self._full(workflow, place.quota, now) is None:
                name = place.execution
                self._leave(name)
                self.unsettled[name] = workflow, None
                self._told[workflow] += 1
                if place.heeds_pauses:
                    self._telling[workflow] = name
                yield Envelope(f"{name}:admit", name, AdmitExecution())

    def _first(self, workflow: str) -> Place | None:
        """The one of a workflow that is let in first; None where nobody may be, whatever room there is."""
        queues = self._queues.get((workflow, False)), None if self._stops(workflow) else self._queues.get((workflow, True))
        return min((queue[0] for queue in queues if queue), key=_order, default=None)

    # Who is held up.

    def _stops(self, workflow: str) -> bool:
        """Whether nobody is let in who heeds pauses."""
        return workflow in self._held_up or workflow in self._telling

    def note(self, execution: str, workflow: str, is_held_up: bool) -> None:
        """Whether an execution of a workflow is held up now; noted twice it is once."""
        if is_held_up:
            self._held_up.setdefault(workflow, set()).add(execution)
            self._held_up_in[execution] = workflow
        elif (known := self._held_up_in.pop(execution, None)) is not None:
            self._held_up[known].discard(execution)
            if not self._held_up[known]:
                del self._held_up[known]

    def pass_by(self, workflow: str, execution: str) -> None:
        """One that was told that it is let in was, or will be later: the next one may be."""
        if self._telling.get(workflow) == execution:
            del self._telling[workflow]

    def check_pauses(self, workflow: str, policy: str) -> bool:
        """Whether what a trigger starts has to wait. Raises Rejected where it is not to be."""
        held_up, queue = self._held_up.get(workflow), self._queues.get((workflow, True), ())
        if policy == "skip" and held_up:
            raise Rejected("while_paused", f"{_said_of(workflow, held_up)} (`settings.while_paused`)", workflow=workflow)
        if policy == "queue" and len(queue) >= self.queued_max:
            said = f"{len(queue)} executions of {workflow} wait until none is paused or waits for a person, as many as may"
            raise Rejected("while_paused", said, workflow=workflow)
        return policy == "queue" and (bool(queue) or self._stops(workflow))

    def next_due(self) -> int | None:
        """When a quota will have room for one who waits (milliseconds since 1970; 0: now); None where something has to end first."""
        if not self._queues:
            return None
        firsts = [(workflow, self._first(workflow)) for workflow, _ in self._queues]
        dues = [self._due(workflow, place.quota) for workflow, place in firsts if place is not None]
        return min((due for due in dues if due is not None), default=None)

    def _due(self, workflow: str, quota: Quota) -> int | None:
        told = self._told[workflow]
        if quota.open is not None and self.open[workflow] + told >= quota.open:
            return None
        starts = self.starts.get(workflow, deque())
        most, taken = quota.starts_per_minute, len(starts) + told
        return 0 if most is None or taken < most else _room_at(starts, taken, most)


def _said_of(workflow: str, held_up: set[str]) -> str:
    """Who is held up, in words; a few of them by name."""
    names = ", ".join(sorted(held_up)[:3])
    if len(held_up) == 1:
        return f"execution {names} of {workflow} is paused, or waits for a person"
    return f"{len(held_up)} executions of {workflow} are paused, or wait for a person: {names}"


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
