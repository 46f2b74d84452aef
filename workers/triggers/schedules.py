"""Schedules: a heap of when each is due next. What is due is started, then it is said how far the schedule is, then it waits again.

    waits ─► due ─► which of its times were missed ─► started, each by its cause ─► position durable ─► waits
      ▲                                                       │ not now (no owner, no room)
      └──────────────── changed, paused, resumed              └─► tried again a second later

Killed anywhere, the next process begins at the position: what was started already has the same id, and is there. The clock decides
when something is looked at, never what is due next: that follows from the position alone, so a clock set back fires nothing twice.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from contracts.errors import ExpressionError, InvalidInput, RefoldError, Rejected
from contracts.ports.clock import Clock
from contracts.triggers import Fired, Trigger
from domain.triggers.firing import config_of, seen, started_with, triggered
from domain.triggers.moments import Moments, cause_of, last_times, times_between
from domain.triggers.schedule import SCHEDULE
from workers.partition.trigger_states import TriggerStates
from workers.triggers.directory import Directory
from workers.triggers.firing import Advance, Fire, Outcome, waits

MISSED_AFTER_MS: Final = 60_000
"""What fires so much later than it is to has been missed: nobody was there."""
AGAIN_MS: Final = 1_000
"""What could not be started, or not be noted, is tried again so long after."""
STEP_MAX: Final = 100
"""So many schedules are taken up in one step."""
COUNTED_MAX: Final = 10_000
"""Of times that were missed so many are counted."""

_log = logging.getLogger("refold.triggers")


class _Due(NamedTuple):
    """What is to be done about a schedule that is due: its times that are started, and how many of those before are passed over."""

    times: list[int]
    skipped: int
    until: int


class _Round:
    """The firings of one schedule that are under way together."""

    __slots__ = ("again", "fired", "left", "trigger", "until")

    def __init__(self, trigger: Trigger, left: int, until: int) -> None:
        self.trigger, self.left, self.until = trigger, left, until
        self.fired: list[tuple[int, Fired]] = []
        """With the time that each was due at; 0 is what was passed over."""
        self.again: int | None = None
        """The first of its times that could not be started now."""


class Schedules:
    """Those that fall to this process. Moved by steps, in one thread."""

    def __init__(
        self, directory: Directory, states: TriggerStates, clock: Clock, fire: Fire, advance: Advance,
        is_mine: Callable[[str], bool],
    ) -> None:  # fmt: skip
        self._directory, self._states, self._clock = directory, states, clock
        self._fire, self._advance, self._is_mine = fire, advance, is_mine
        self._metrics = states.metrics
        self._heap: list[tuple[int, str, int]] = []
        """When to look, the name, and the time that it is due at."""
        self._waiting: dict[str, int] = {}
        """By name the time that a schedule waits for; what stands in the heap with another is old."""
        self._done: dict[str, int] = {}
        """How far a schedule is that is ahead of what was noted."""
        self._busy: set[str] = set()
        self._known: dict[str, tuple[Trigger, int]] = {}
        self._told: set[str] = set()
        """Those of which it was said that they start nothing yet."""
        self._seen: object = None

    def __len__(self) -> int:
        return len(self._waiting)

    def next_due(self) -> int | None:
        """When the next one is to be looked at."""
        return self._heap[0][0] if self._heap else None

    def refresh(self, share: object = None) -> None:
        """Take notice of schedules that have come, gone, changed, were paused or resumed; `share` is another where other ones are ours."""
        stand = (self._directory.revision, share)
        if stand == self._seen:
            return
        self._seen = stand
        found: dict[str, tuple[Trigger, int]] = {}
        for name, trigger in self._directory.all().items():
            if trigger.type == SCHEDULE.name and self._is_mine(name) and self._directory.pause_of(name) is None:
                found[name] = (trigger, self._directory.begins(trigger))
        for name in self._known.keys() - found.keys():
            self._waiting.pop(name, None)
            self._done.pop(name, None)
            self._told.discard(name)
        changed = [name for name, one in found.items() if self._known.get(name) != one]
        self._known = found
        for name in changed:
            if name not in self._busy:
                self._wait(name)
        self._metrics.waiting = len(self._waiting)

    def _moments(self, trigger: Trigger) -> Moments:
        return SCHEDULE.moments(trigger.name, config_of(trigger))

    def _base(self, name: str, begins: int) -> int:
        """The time after which a schedule is due next."""
        return max(begins, self._states.positions.get(name, begins), self._done.get(name, begins))

    def _wait(self, name: str) -> None:
        """Let a schedule wait for the next time at which it is due, if there is one."""
        trigger, begins = self._known[name]
        try:
            moments = self._moments(trigger)
            due = moments.after(self._base(name, begins))
        except (ValueError, RefoldError):
            _log.exception("trigger %s: its config cannot be read, so it is never due", name)
            due = None
        if due is None:
            self._waiting.pop(name, None)
        else:
            self._push(name, due, due + moments.jitter_ms)

    def _push(self, name: str, due: int, at: int) -> None:
        self._waiting[name] = due
        heapq.heappush(self._heap, (at, name, due))
        if len(self._heap) > 2 * len(self._waiting) + 1_000:
            self._heap = [one for one in self._heap if self._waiting.get(one[1]) == one[2]]
            heapq.heapify(self._heap)

    def step(self) -> bool:
        """Take up what is due now; True when anything was."""
        now, taken = self._clock.now(), 0
        while self._heap and self._heap[0][0] <= now and taken < STEP_MAX:
            _, name, due = heapq.heappop(self._heap)
            if self._waiting.get(name) == due and name not in self._busy:
                taken += 1
                self._take_up(name, now)
        return taken > 0

    def _take_up(self, name: str, now: int) -> None:
        trigger, begins = self._known[name]
        found = self._due(trigger, self._base(name, begins), now)
        self._busy.add(name)
        round_ = _Round(trigger, len(found.times), found.until)
        if found.skipped:
            round_.fired.append((0, Fired(name, cause_of(found.until), now, "", "missed", _why(trigger), found.skipped)))
        for due in found.times:
            self._start(round_, due, now)
        if not found.times:
            self._finish(round_)

    def _due(self, trigger: Trigger, base: int, now: int) -> _Due:
        """Which of the times that have come are started: those on time, and of those that were missed what `catch_up` says."""
        config, moments = config_of(trigger), self._moments(trigger)
        until = now - moments.jitter_ms
        missed_until = until - MISSED_AFTER_MS
        on_time = times_between(moments, max(base, missed_until), until, COUNTED_MAX)
        most = {"none": 0, "last": 0 if on_time else 1, "all": config.catch_up_limit - len(on_time)}[config.catch_up]
        times = [*(last_times(moments, base, missed_until, most) if most > 0 and missed_until > base else ()), *on_time]
        counted = len(times_between(moments, base, until, COUNTED_MAX))
        last = times[-1] if times else (last_times(moments, base, until, 1) or [base])[-1]
        return _Due(times, max(0, counted - len(times)), last)

    def _start(self, round_: _Round, due: int, now: int) -> None:
        trigger = round_.trigger
        found = seen(trigger, SCHEDULE.given(due))
        said = triggered(trigger, cause_of(due), found)
        then = partial(self._started, round_, due, now)
        try:
            given = started_with(trigger, found)
        except (ExpressionError, InvalidInput) as error:
            then(Outcome(error=error))
        else:
            self._fire(trigger, said, given, then)

    def _started(self, round_: _Round, due: int, now: int, outcome: Outcome) -> None:
        name, error = round_.trigger.name, outcome.error
        round_.left -= 1
        if error is None:
            round_.fired.append((due, Fired(name, cause_of(due), now, outcome.execution)))
        elif outcome.is_final:
            reason = error.reason if isinstance(error, Rejected) else "expression" if isinstance(error, ExpressionError) else "input"
            round_.fired.append((due, Fired(name, cause_of(due), now, "", reason, str(error)[:500])))
        else:
            round_.again = due if round_.again is None else min(due, round_.again)
            if name not in self._told:
                self._told.add(name)
                _log.warning("trigger %s: %s starts nothing yet, it is tried again: %s", name, cause_of(due), error)
            if listed := waits(self._states, name, cause_of(due), now, error):
                self._advance({}, listed, lambda is_durable: None)
        if round_.left == 0:
            self._finish(round_)

    def _finish(self, round_: _Round) -> None:
        """All of it was answered: note how far the schedule is. What could not be started now is tried again, with what comes behind it."""
        if (first := round_.again) is None:
            self._told.discard(round_.trigger.name)
        else:
            round_.fired = [one for one in round_.fired if one[0] < first]
            round_.until = first - 1
            if not any(due for due, _ in round_.fired):
                self._try_again(round_)
                return
        self._advance({round_.trigger.name: round_.until}, [fired for _, fired in round_.fired], partial(self._noted, round_))

    def _try_again(self, round_: _Round) -> None:
        name = round_.trigger.name
        self._busy.discard(name)
        if name in self._known and name in self._waiting:
            self._push(name, self._waiting[name], self._clock.now() + AGAIN_MS)

    def _noted(self, round_: _Round, is_durable: bool) -> None:
        name = round_.trigger.name
        if not is_durable:
            self._try_again(round_)
            return
        self._count(round_)
        self._busy.discard(name)
        if name in self._known:
            self._done[name] = max(round_.until, self._done.get(name, 0))
            self._wait(name)

    def _count(self, round_: _Round) -> None:
        """What is noted is counted, so that what is tried again counts once."""
        jitter_ms = self._moments(round_.trigger).jitter_ms
        for due, fired in round_.fired:
            if not due:
                self._metrics.missed += fired.count
            elif fired.reason:
                self._metrics.refused += 1
            else:
                self._metrics.on_time(fired.at - due - jitter_ms)


def _why(trigger: Trigger) -> str:
    return f"due while nobody was there to fire it; `catch_up` is `{config_of(trigger).catch_up}`"
