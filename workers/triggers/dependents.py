"""Dependents: executions that wait until others have completed (`settings.after`), and who tells them.

who waits here ─► for which workflow ─► what of it completes from now on (feed), and what has lately (rows, or the journal)
               ─► which has the same key ─► MeetDependency ─► decided: it waits no more

Nothing is stored: who waits follows from the executions, and what has completed is there to be read. Killed anywhere, the next owner
looks for both again. What completes while one looks back is heard of, since one hears first, and looks back up to there.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Final, NamedTuple

from contracts.commands import Command, MeetDependency
from contracts.errors import ExpressionError, Overloaded, Rejected
from contracts.events import DependenciesAwaited, ExecutionCompleted
from contracts.ports.clock import Clock
from contracts.ports.feed import Feed, Selector, Subscription, Told
from domain.execution.paths import AFTER, after_timer
from domain.execution.start_values import dependency_key
from workers.partition.catalog import Catalog
from workers.partition.owner import Owner
from workers.partition.round import Answer, Reply
from workers.triggers.event_ground import Completed, Ground, Known

AGAIN_MS: Final = 1_000
"""What could not be read, or told, is tried again so long after."""
SOON_MS: Final = 50
"""After so long it is looked again whether the journals are followed."""
SWEPT_EVERY_MS: Final = 60_000
"""So often those are forgotten that do not wait any more."""
KEYS_MAX: Final = 100_000
"""Of so many executions the keys are remembered that their inputs have."""
ASKED_MAX: Final = 8
"""Of so many the inputs are read at a time: others who read have their turn."""

_log = logging.getLogger("refold.triggers")
Owners = Callable[[], Mapping[int, Owner]]
Send = Callable[[str, Command, Reply | None], None]


class Wanted(NamedTuple):
    """What one waits for: the expression of the key, and its value; None: any execution of the workflow."""

    source: str | None
    key: bytes | None


class Waiter(NamedTuple):
    """One that waits: where it lives, by which of its dependencies, for what, not completed before when, and how long."""

    partition: int
    execution: str
    place: int
    wanted: Wanted
    since: int
    due: int


class _Watch:
    """A workflow that is waited for. `latest` is what has completed last, by what may be wanted."""

    def __init__(self) -> None:
        self.waiters: dict[tuple[str, int], Waiter] = {}
        self.by_wanted: dict[Wanted, dict[tuple[str, int], Waiter]] = {}
        self.completed: dict[str, int] = {}
        self.latest: dict[Wanted, Completed] = {}
        self.sources: set[str | None] = set()
        self.subscription: Subscription | None = None
        self.looked_back_to: int | None = None
        """Since when all is known that has completed; None until that is."""
        self.is_looking = False

    @property
    def since(self) -> int:
        """What has completed before nobody waits for."""
        return min(waiter.since for waiter in self.waiters.values())

    def forget_before(self) -> None:
        """Forget what has completed before anybody's time; whoever waits for it has it looked up again."""
        if self.looked_back_to is None or self.is_looking or not self.waiters or self.since <= self.looked_back_to:
            return
        self.looked_back_to = self.since
        self.completed = {execution: at for execution, at in self.completed.items() if at >= self.looked_back_to}
        self.latest = {wanted: one for wanted, one in self.latest.items() if one.at >= self.looked_back_to}


class Dependents:
    """Of the partitions that are ours. Moved by steps, in one thread, in which the feed tells."""

    def __init__(
        self, catalog: Catalog, clock: Clock, feed: Feed, ground: Ground, send: Send, owners: Owners, wake: Callable[[], None]
    ) -> None:
        """`owners` are those in charge, by partition; `wake` is called where something is due sooner than it was."""
        self._catalog, self._clock, self._feed, self._ground, self._send, self._owners = catalog, clock, feed, ground, send, owners
        self._wake = wake
        self._watches: dict[str, _Watch] = {}
        self._hearing: list[Subscription] = []
        self._stand: tuple[list[str], dict[int, int]] = ([], {})
        self._offset = -1
        self._names: list[str] = []
        self._keys: dict[tuple[str, str], bytes | None] = {}
        self._asked = 0
        self._unasked: deque[Callable[[], None]] = deque()
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()
        self._sweep_at = 0

    def next_due(self) -> int | None:
        """When something is tried again."""
        return self._later[0][0] if self._later else None

    def step(self) -> bool:
        """Take notice of workflows and partitions that have come or gone, and try again what is due; True when anything was."""
        if self._offset != self._catalog.offset:
            self._offset, self._names = self._catalog.offset, self._catalog.dependents()
        has_changed = bool(self._names) and self._refresh()
        now, due = self._clock.now(), []
        while self._later and self._later[0][0] <= now:
            due.append(heapq.heappop(self._later)[2])
        for do in due:
            do()
        if self._watches and now >= self._sweep_at:
            self._sweep_at = now + SWEPT_EVERY_MS
            self._sweep()
        return has_changed or bool(due)

    def close(self) -> None:
        """Hear of nothing any more."""
        for one in self._hearing:
            one.end()
        for workflow in list(self._watches):
            self._end(workflow)
        self._hearing, self._stand, self._names = [], ([], {}), []

    def _again(self, do: Callable[[], None], after_ms: int = AGAIN_MS) -> None:
        heapq.heappush(self._later, (self._clock.now() + after_ms, next(self._numbers), do))
        self._wake()

    # Who waits.

    def _refresh(self) -> bool:
        """Look who waits, where other workflows or partitions are to be looked at."""
        owners = self._owners()
        stand = (self._names, {partition: owner.epoch for partition, owner in owners.items()})
        if stand == self._stand or not all(owner.is_current for owner in owners.values()):
            return False
        self._stand = stand
        for one in self._hearing:
            one.end()
        for workflow, watch in list(self._watches.items()):
            for waiter in list(watch.waiters.values()):
                self._forget(workflow, waiter)
        places = {partition: owner.position for partition, owner in owners.items()}
        awaited = frozenset((DependenciesAwaited,))
        self._hearing = [
            self._feed.subscribe(Selector(workflow=name, events=awaited, partitions=frozenset(places)), self._heard, places)
            for name in self._names
            if places
        ]
        for partition, owner in owners.items():
            for execution, timers in list(owner.executions.timers()):
                if any(timer.startswith(AFTER) for timer in timers):
                    self._add(partition, execution)
        return True

    def _heard(self, told: Sequence[Told]) -> None:
        for one in told:
            self._add(one.partition, one.decision.execution)

    def _add(self, partition: int, execution: str) -> None:
        """Somebody waits, or did."""
        owner = self._owners().get(partition)
        folded = None if owner is None else owner.executions.get(execution)
        if folded is None or not folded.state.is_dependent:
            return
        for index, (after, one) in enumerate(zip(folded.graph.after, folded.state.awaited or (), strict=True)):
            if not one.is_settled:
                wanted = Wanted(after.definition.key, one.key)
                self._wait(after.definition.workflow, Waiter(partition, execution, index, wanted, one.since, one.due))

    def _wait(self, workflow: str, waiter: Waiter) -> None:
        watch = self._watches.get(workflow)
        if watch is None:
            watch = self._watches[workflow] = _Watch()
            selector = Selector(workflow=workflow, events=frozenset((ExecutionCompleted,)))
            watch.subscription = self._feed.subscribe(selector, partial(self._told, workflow, watch))
        at = waiter.execution, waiter.place
        watch.waiters[at] = watch.by_wanted.setdefault(waiter.wanted, {})[at] = waiter
        if waiter.wanted.source not in watch.sources:
            watch.sources.add(waiter.wanted.source)
            for execution in list(watch.completed):
                self._know(workflow, watch, execution)
        if watch.looked_back_to is None or waiter.since < watch.looked_back_to:
            self._look_back(workflow, watch)
        self._meet(workflow, watch, waiter)

    def _forget(self, workflow: str, waiter: Waiter) -> None:
        watch, at = self._watches.get(workflow), (waiter.execution, waiter.place)
        if watch is None or watch.waiters.get(at) != waiter:
            return
        del watch.waiters[at], watch.by_wanted[waiter.wanted][at]
        if not watch.by_wanted[waiter.wanted]:
            del watch.by_wanted[waiter.wanted]
        if not watch.waiters:
            self._end(workflow)

    def _end(self, workflow: str) -> None:
        watch = self._watches.pop(workflow)
        if watch.subscription is not None:
            watch.subscription.end()

    def _is_on(self, workflow: str, watch: _Watch) -> bool:
        return self._watches.get(workflow) is watch

    def _sweep(self) -> None:
        """Forget who waits no more, and what has completed before anybody's time."""
        owners = self._owners()
        for workflow, watch in list(self._watches.items()):
            for waiter in list(watch.waiters.values()):
                owner = owners.get(waiter.partition)
                if owner is None or not owner.executions.is_armed(waiter.execution, after_timer(waiter.place), waiter.due):
                    self._forget(workflow, waiter)
            watch.forget_before()

    # What has completed.

    def _told(self, workflow: str, watch: _Watch, told: Sequence[Told]) -> None:
        for one in told:
            if one.origin is not None and one.origin.is_test:
                continue
            self._note(workflow, watch, Completed(one.decision.execution, one.decision.now))

    def _look_back(self, workflow: str, watch: _Watch) -> None:
        """Read what had completed before one began to hear of it."""
        assert watch.subscription is not None, "one hears first"
        if watch.is_looking or not self._is_on(workflow, watch):
            return
        if not watch.subscription.has_begun():
            self._again(partial(self._look_back, workflow, watch), SOON_MS)
            return
        since = watch.since
        watch.is_looking = True
        self._ground.completed(workflow, since, watch.subscription.after(), partial(self._looked_back, workflow, watch, since))

    def _looked_back(self, workflow: str, watch: _Watch, since: int, found: list[Completed] | Exception) -> None:
        watch.is_looking = False
        if not self._is_on(workflow, watch):
            return
        if isinstance(found, Exception):
            _log.warning("what of workflow %s has completed cannot be read, it is tried again: %s", workflow, found)
            self._again(partial(self._look_back, workflow, watch))
            return
        watch.looked_back_to = since
        for one in found:
            self._note(workflow, watch, one)
        if watch.waiters and watch.since < since:
            self._look_back(workflow, watch)

    def _note(self, workflow: str, watch: _Watch, one: Completed) -> None:
        if one.execution not in watch.completed:
            watch.completed[one.execution] = one.at
            self._know(workflow, watch, one.execution)

    def _know(self, workflow: str, watch: _Watch, execution: str) -> None:
        """Find out under which keys it is known."""
        if not self._is_on(workflow, watch) or execution not in watch.completed:
            return
        if None in watch.sources:
            self._keyed(workflow, watch, execution, Wanted(None, None))
        unknown = [source for source in watch.sources if source is not None and (execution, source) not in self._keys]
        if not unknown:
            self._known_all(workflow, watch, execution)
        elif self._asked >= ASKED_MAX:
            self._unasked.append(partial(self._know, workflow, watch, execution))
        else:
            self._asked += 1
            self._ground.know(execution, ("input",), partial(self._answers, workflow, watch, execution))

    def _answers(self, workflow: str, watch: _Watch, execution: str, known: Known | Exception) -> None:
        self._asked -= 1
        self._known(workflow, watch, execution, known)
        while self._unasked and self._asked < ASKED_MAX:
            self._unasked.popleft()()

    def _known(self, workflow: str, watch: _Watch, execution: str, known: Known | Exception) -> None:
        if not self._is_on(workflow, watch):
            return
        if isinstance(known, Exception) and not isinstance(known, Rejected):
            _log.warning("execution %s, for which others may wait, cannot be read, it is tried again: %s", execution, known)
            self._again(partial(self._know, workflow, watch, execution))
            return
        if len(self._keys) > KEYS_MAX:
            self._keys.clear()
        for source in watch.sources:
            if source is not None:
                self._keys[execution, source] = None if isinstance(known, Exception) else _key_in(source, known)
        self._known_all(workflow, watch, execution)

    def _known_all(self, workflow: str, watch: _Watch, execution: str) -> None:
        for source in list(watch.sources):
            if source is not None and (key := self._keys.get((execution, source))) is not None:
                self._keyed(workflow, watch, execution, Wanted(source, key))

    def _keyed(self, workflow: str, watch: _Watch, execution: str, wanted: Wanted) -> None:
        at, latest = watch.completed.get(execution), watch.latest.get(wanted)
        if at is not None and (latest is None or at > latest.at):  # else it was forgotten, as too old for all who wait
            watch.latest[wanted] = Completed(execution, at)
            for waiter in list(watch.by_wanted.get(wanted, {}).values()):
                self._meet(workflow, watch, waiter)

    # Who is told.

    def _meet(self, workflow: str, watch: _Watch, waiter: Waiter) -> None:
        """Tell one that waits, where what it waits for has completed; telling it twice is once."""
        found = watch.latest.get(waiter.wanted)
        if found is None or found.at < waiter.since or watch.waiters.get((waiter.execution, waiter.place)) != waiter:
            return
        command = MeetDependency(waiter.place, found.execution, found.at)
        try:
            self._send(waiter.execution, command, partial(self._answered, workflow, watch, waiter))
        except Overloaded:
            self._again(partial(self._meet, workflow, watch, waiter))

    def _answered(self, workflow: str, watch: _Watch, waiter: Waiter, answer: Answer) -> None:
        error = answer.error
        if error is None or (isinstance(error, Rejected) and not isinstance(error, Overloaded)):
            if self._is_on(workflow, watch):
                self._forget(workflow, waiter)
        else:
            self._again(partial(self._meet, workflow, watch, waiter))


def _key_in(source: str, known: Known) -> bytes | None:
    """The key that an execution has by its input; None where that has none."""
    try:
        return dependency_key(source, known.values["input"])
    except ExpressionError:
        return None
