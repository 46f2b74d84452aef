"""The subscribers of an engine in a simulation: they come at any time, from any position, hold and go on, and look at what they are told.

What they are told has to be what counts in the journal from there on: in order, each decision once, and durable already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from contracts import events as e
from contracts.journal import Checkpoint
from contracts.ports.feed import Selector, Told
from contracts.ports.read_models import ReadModels
from domain.execution.history import Entry
from simulation.audit import Audit
from simulation.chance import Chance
from simulation.disk import Disk
from simulation.violation import Violation, require
from workers.partition.owner import Owner
from workers.reading.backlog import Backlog, Piece, is_wanted
from workers.reading.journal_feed import Feed
from workers.reading.owner_feed import OwnerGround

SUBSCRIBERS_MAX: Final = 3
ENDS: Final[frozenset[type[e.Event]]] = frozenset({e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated})
RULE: Final = "the feed tells what counts, in order, once"


class _Beside:
    """What is to be done beside the engine is done at once, or after its turn. See `workers.reading.owner_feed.Beside`."""

    def __init__(self, backlog: Backlog, soon: Callable[[Callable[[], None]], None]) -> None:
        self._backlog = backlog
        self.soon = self.later = soon

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        """Read at once."""
        then(self._backlog.read(partition, start, end, selector))


class _Subscriber:
    """One of them. `after` is where it begins."""

    def __init__(self, feed: Feed, audit: Audit, selector: Selector, after: int | None, now: int) -> None:
        self._audit, self._selector = audit, selector
        self._next = sum(entry.offset < (now if after is None else after) for entry in audit.counting)
        """Which of the decisions that count comes next."""
        self.problem: Violation | None = None
        self.is_held = False
        self.subscription = feed.subscribe(selector, self._take, None if after is None else {0: after})

    def _take(self, told: Sequence[Told]) -> None:
        try:
            for one in told:
                expected = self._expected()
                found = (one.offset, one.decision.execution, one.decision.first)
                wanted = None if expected is None else (expected.offset, expected.decision.execution, expected.decision.first)
                require(found == wanted, RULE, f"{found} was told, expected {wanted}, by {self._selector}")
        except Violation as problem:  # what a subscriber raises is caught by the feed
            self.problem = problem

    def _expected(self) -> Entry | None:
        for index in range(self._next, len(self._audit.counting)):
            self._next = index + 1
            if is_wanted(self._selector, self._audit.counting[index].decision, None):
                return self._audit.counting[index]
        return None

    def check_all_told(self) -> None:
        """Nothing is left to be told."""
        left = self._expected()
        require(left is None, RULE, f"{left and left.offset} was never told, by {self._selector}")

    def turn_over(self) -> None:
        """Hold, or go on."""
        self.is_held = not self.is_held
        (self.subscription.hold if self.is_held else self.subscription.go_on)()


class Subscribers:
    """Those of one engine."""

    def __init__(self, owner: Owner, disk: Disk, audit: Audit, chance: Chance) -> None:
        self._owner, self._audit, self._chance = owner, audit, chance
        self._due: list[Callable[[], None]] = []
        self._feed = Feed(OwnerGround(owner, _Beside(Backlog(disk.log, _no_models), self._due.append)))
        self._all: list[_Subscriber] = []

    def step(self) -> None:
        """They are told, and now and then one comes, goes, holds or goes on."""
        self._tell()
        chance = self._chance
        if len(self._all) < SUBSCRIBERS_MAX and chance.percent(5):
            self._come()
        elif self._all and chance.percent(10):
            chance.one_of(*self._all).turn_over()
        elif self._all and chance.percent(1):
            leaving = chance.one_of(*self._all)
            leaving.subscription.end()
            self._all.remove(leaving)

    def _come(self) -> None:
        chance, audit = self._chance, self._audit
        selector = chance.one_of(Selector(), Selector(events=ENDS), Selector(execution=chance.one_of("", *audit.executions)))
        if self._owner.is_in_charge and chance.percent(30):
            self._all.append(_Subscriber(self._feed, audit, selector, None, self._owner.position))
        else:
            self._all.append(_Subscriber(self._feed, audit, selector, chance.number(0, audit.offset), 0))

    def check(self) -> None:
        """At the end everybody is told everything."""
        for one in self._all:
            if one.is_held:
                one.turn_over()
        self._tell()
        for one in self._all:
            one.check_all_told()

    def _tell(self) -> None:
        self._audit.read_on()
        while self._due:
            self._due.pop(0)()
        for one in self._all:
            if one.problem is not None:
                raise one.problem


def _no_models(partition: int) -> ReadModels:
    raise AssertionError("nobody selects by workflow here")
