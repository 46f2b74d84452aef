"""What waits for workers elsewhere: by queue and kind, then by priority, then in the order it came.

Taking, removing and putting back each cost the same however much waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from contracts.commands import RunActivity
from contracts.ids import activity_key

PRIORITY_MAX: Final = 9

Place: TypeAlias = tuple[str, str]
"""Queue and kind."""


class Errand:
    """An attempt that a worker elsewhere is to run, and what is known about how it goes."""

    __slots__ = ("activity", "is_started", "number", "reported_at", "seen_at", "task", "until", "worker")

    def __init__(self, activity: RunActivity, number: int) -> None:
        self.task = activity_key(activity.execution, activity.path, activity.attempt)
        self.activity = activity
        self.number = number
        """The order in which errands came; it keeps its place when it comes back."""
        self.worker = ""
        """Who has it; nobody while it waits."""
        self.until = 0
        """Until when the worker has a right to it without giving a sign (milliseconds since 1970)."""
        self.is_started = False
        self.seen_at = 0
        """The last sign of life of the activity itself."""
        self.reported_at: int | None = None
        """When progress was last passed on."""

    @property
    def place(self) -> Place:
        """Where it waits."""
        return self.activity.queue, self.activity.kind

    @property
    def level(self) -> int:
        """Its priority; one that is out of range counts as the nearest."""
        return min(PRIORITY_MAX, max(0, self.activity.priority))


class _Lane:
    """What waits in one place, a level for each priority."""

    def __init__(self) -> None:
        self.levels: list[OrderedDict[str, Errand]] = [OrderedDict() for _ in range(PRIORITY_MAX + 1)]
        self.count = 0

    def first(self) -> Errand | None:
        """The most urgent of them, the oldest of its level."""
        for level in reversed(self.levels):
            if level:
                return next(iter(level.values()))
        return None


class RemoteQueue:
    """Errands that wait. There is nothing in here for a place where nothing waits."""

    def __init__(self) -> None:
        self._lanes: dict[Place, _Lane] = {}

    def __len__(self) -> int:
        return sum(lane.count for lane in self._lanes.values())

    def __contains__(self, errand: Errand) -> bool:
        lane = self._lanes.get(errand.place)
        return lane is not None and errand.task in lane.levels[errand.level]

    def add(self, errand: Errand) -> None:
        """Put it at the end of its level."""
        lane = self._lanes.setdefault(errand.place, _Lane())
        lane.levels[errand.level][errand.task] = errand
        lane.count += 1

    def put_back(self, errand: Errand) -> None:
        """Put it before what came after it: it has waited already."""
        self.add(errand)
        self._lanes[errand.place].levels[errand.level].move_to_end(errand.task, last=False)

    def remove(self, errand: Errand) -> None:
        """Take this one out."""
        lane = self._lanes[errand.place]
        del lane.levels[errand.level][errand.task]
        lane.count -= 1
        if not lane.count:
            del self._lanes[errand.place]

    def take(self, places: Iterable[Place]) -> Errand | None:
        """The most urgent of what waits in these places, among equals the one that came first."""
        found: Errand | None = None
        for place in places:
            lane = self._lanes.get(place)
            first = None if lane is None else lane.first()
            if first is not None and (found is None or (-first.level, first.number) < (-found.level, found.number)):
                found = first
        if found is not None:
            self.remove(found)
        return found

    def counts(self) -> Iterator[tuple[Place, int]]:
        """How much waits where."""
        for place, lane in self._lanes.items():
            yield place, lane.count
