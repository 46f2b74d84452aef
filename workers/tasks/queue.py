"""What waits for workers elsewhere: by queue and kind, then by priority (and aging), then in the order it came.

Taking, removing and putting back each cost the same however much waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final, TypeAlias

from contracts.commands import CancelActivity, RunActivity
from contracts.ids import activity_key
from refold.aging import Aging

PRIORITY_MAX: Final = 9
_number: Final = attrgetter("number")

TaskRoute: TypeAlias = tuple[str, str]
"""Queue and kind."""


class LeasedTask:
    """An attempt that a worker elsewhere is to run, and what is known about how it goes."""

    __slots__ = (
        "activity",
        "is_started",
        "level",
        "number",
        "progress",
        "reported_at",
        "route",
        "seen_at",
        "stored",
        "taken_at",
        "takes_steps",
        "task",
        "until",
        "worker",
    )

    def __init__(self, activity: RunActivity, number: int) -> None:
        self.task = activity_key(activity.execution, activity.path, activity.attempt)
        self.activity = activity
        self.number = number
        """The order in which errands came; it keeps its place when it comes back."""
        self.route: TaskRoute = (activity.queue, activity.kind)
        """Where it waits."""
        level = activity.priority
        self.level = level if 0 <= level <= PRIORITY_MAX else min(PRIORITY_MAX, max(0, level))
        """Its priority; one that is out of range counts as the nearest."""
        self.worker = ""
        """Who has it; nobody while it waits."""
        self.until = 0
        """Until when the worker has a right to it without giving a sign (milliseconds since 1970)."""
        self.is_started = False
        self.taken_at = 0
        """Since when the worker has it."""
        self.seen_at = 0
        """The last sign of life of the activity itself."""
        self.progress = 0.0
        """What was last passed on."""
        self.reported_at: int | None = None
        """When progress was last passed on."""
        self.takes_steps = False
        """Whether a step was reported since it was handed out: `activity` does not say it."""
        self.stored: set[str] = set()
        """The steps that are recorded since then: told again, they need no further place among what waits to be decided."""

    def is_meant_by(self, cancelled: CancelActivity) -> bool:
        """Attempt 0 means all attempts of the node, an empty path all nodes of the execution."""
        return cancelled.path in ("", self.activity.path) and cancelled.attempt in (0, self.activity.attempt)


class _Lane:
    """What waits in one place, a level for each priority at which something does."""

    __slots__ = ("levels",)

    def __init__(self) -> None:
        self.levels: dict[int, OrderedDict[str, LeasedTask]] = {}

    def level(self, number: int) -> OrderedDict[str, LeasedTask]:
        """The level of a priority, made where there is none."""
        level = self.levels.get(number)
        if level is None:
            level = self.levels[number] = OrderedDict()
        return level

    def first(self, number: int) -> LeasedTask:
        """The one of a level that came first."""
        return next(iter(self.levels[number].values()))

    def pop_only_level(self) -> LeasedTask | None:
        """Take out the one that came first, where all have one priority: then no level waits for another."""
        for number, level in self.levels.items() if len(self.levels) == 1 else ():
            _, leased = level.popitem(last=False)
            if not level:
                del self.levels[number]
            return leased
        return None

    def remove(self, leased: LeasedTask) -> None:
        """Take it out; a level without any is gone."""
        level = self.levels[leased.level]
        del level[leased.task]
        if not level:
            del self.levels[leased.level]

    @property
    def count(self) -> int:
        """How many wait here."""
        return sum(map(len, self.levels.values()))


class TaskQueue:
    """Errands that wait. There is nothing in here for a place where nothing waits."""

    def __init__(self) -> None:
        self._lanes: dict[TaskRoute, _Lane] = {}
        self._aging = Aging()

    def __len__(self) -> int:
        return sum(lane.count for lane in self._lanes.values())

    def __contains__(self, leased: LeasedTask) -> bool:
        lane = self._lanes.get(leased.route)
        return lane is not None and leased.task in lane.levels.get(leased.level, ())

    def add(self, leased: LeasedTask) -> None:
        """Put it at the end of its level."""
        lane = self._lanes.get(leased.route)
        if lane is None:
            lane = self._lanes[leased.route] = _Lane()
        lane.level(leased.level)[leased.task] = leased

    def put_back(self, leased: LeasedTask) -> None:
        """Put it before what came after it: it has waited already."""
        self.add(leased)
        self._lanes[leased.route].level(leased.level).move_to_end(leased.task, last=False)

    def remove(self, leased: LeasedTask) -> None:
        """Take this one out."""
        lane = self._lanes[leased.route]
        lane.remove(leased)
        if not lane.levels:
            del self._lanes[leased.route]

    def take(self, routes: Iterable[TaskRoute]) -> LeasedTask | None:
        """The most urgent of what waits in these routes, among equals the one that came first; one in ten times of another level."""
        lanes = [lane for route in routes if (lane := self._lanes.get(route)) is not None]
        if not lanes:
            return None
        found = lanes[0].pop_only_level() if len(lanes) == 1 else None
        if found is None:
            found = self._first_among(lanes)
            self.remove(found)
        elif not lanes[0].levels:
            del self._lanes[found.route]
        return found

    def _first_among(self, lanes: list[_Lane]) -> LeasedTask:
        levels = sorted({number for lane in lanes for number in lane.levels}, reverse=True)
        level = levels[self._aging.first(len(levels))]
        return min((lane.first(level) for lane in lanes if level in lane.levels), key=_number)

    def counts(self) -> Iterator[tuple[TaskRoute, int]]:
        """How much waits where."""
        for route, lane in self._lanes.items():
            yield route, lane.count
