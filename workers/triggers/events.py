"""Event triggers: each partition's events are asked in the order of its journal, by whoever owns it, for all triggers that wait.

    feed ─► taken by which triggers ─► what the execution knows ─► started, each by the event's id ─► position durable ─► on

A partition has one position for all triggers, since what is new begins with the time from which it says what it says. Killed anywhere,
the next owner begins at the position: what was started already has the same id, and is there. What a trigger starts may have to wait for a
credential, for days: one whose workflow has secrets is read for alone, from a position of its own, so that it holds up no other.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any, Final, NamedTuple, ParamSpec

import msgspec

from contracts.errors import ExpressionError, InvalidInput, RefoldError, Rejected
from contracts.ports.clock import Clock
from contracts.ports.feed import Feed, Selector, Subscription, Told
from contracts.public_events import TYPE_PREFIX
from contracts.triggers import DEPTH_MAX, Fired, Trigger
from domain.event_filter import EventFilter, event_seen
from domain.triggers.event import LINKED, EventTrigger, filter_of, needs_values, types_wanted
from domain.triggers.firing import config_of, seen, started_with, triggered
from projections.public.present import SOURCES
from workers.partition.trigger_states import TriggerStates
from workers.triggers.directory import Directory
from workers.triggers.event_ground import SKEW_MS, Ground, Known
from workers.triggers.firing import Advance, Fire, Outcome, waits

AGAIN_MS: Final = 1_000
"""What could not be read, started or noted is tried again so long after."""
NOTED_EVERY_MS: Final = 60_000
NOTED_EVERY_RECORDS: Final = 1_000
"""So often it is noted how far it is where nothing was started, at most, and only after so many records."""

_log = logging.getLogger("refold.triggers")
_plain: Final = msgspec.to_builtins
P = ParamSpec("P")


class _Waiting(NamedTuple):
    """A trigger that waits for events, from a time on."""

    trigger: Trigger
    filter: EventFilter
    types: frozenset[str]
    begins: int
    needs_values: bool
    may_wait: bool


class _Stretch:
    """A partition that is read here, for the triggers that wait. `done` is the offset up to which all was asked and started.

    `alone` is the one that is read for alone; `beside` are those for which the others of a stretch do not, whose positions begin with its.
    """

    def __init__(self, partition: int, waiting: Sequence[_Waiting], alone: str = "", beside: Sequence[str] = ()) -> None:
        self.partition, self.waiting, self.alone, self.beside = partition, waiting, alone, beside
        self.base = self.done = self.noted = 0
        self.subscription: Subscription | None = None
        self.is_busy = self.has_ended = False


class _Start(NamedTuple):
    waiting: _Waiting
    event: dict[str, Any]

    @property
    def name(self) -> str:
        return self.waiting.trigger.name

    @property
    def links(self) -> tuple[str, ...]:
        """What its input needs that is behind a link."""
        link = LINKED.get(self.event["type"].removeprefix(TYPE_PREFIX))
        return (link,) if link is not None and self.waiting.needs_values else ()


class _Round:
    """What the events of one turn start together."""

    def __init__(self, stretch: _Stretch, until: int, left: int, fired: list[Fired]) -> None:
        self.stretch, self.until, self.left, self.fired = stretch, until, left, fired
        self.next: list[_Start] = []
        """What is looked at once the first was started: while that waits, nothing else of its trigger is tried each second."""
        self.is_told = False
        """Whether it was said already that something of it has to be tried again."""


def position_name(partition: int, alone: str = "") -> str:
    """Under what it is noted how far the events of a partition are, for all triggers or for one alone; no trigger is called so."""
    return f"events/{partition}/{alone}" if alone else f"events/{partition}"


class Events:
    """Those of the partitions that are ours. Moved by steps, in one thread, in which the feed tells."""

    def __init__(
        self, directory: Directory, states: TriggerStates, clock: Clock, feed: Feed, ground: Ground, fire: Fire, advance: Advance,
        owned: Callable[[], Collection[int]],
    ) -> None:  # fmt: skip
        self._directory, self._states, self._clock, self._feed, self._ground = directory, states, clock, feed, ground
        self._fire, self._advance, self._owned, self._metrics = fire, advance, owned, states.metrics
        self._waiting: dict[str, _Waiting] = {}
        self._stretches: dict[int, list[_Stretch]] = {}
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()
        self._told: set[Trigger] = set()
        """Those of whose filter it was said that it fails."""
        self._seen: object = None
        self._note_at = 0

    def next_due(self) -> int | None:
        """When something is tried again."""
        return self._later[0][0] if self._later else None

    def step(self) -> bool:
        """Try again what is due; True when anything was."""
        now, due = self._clock.now(), []
        while self._later and self._later[0][0] <= now:
            due.append(heapq.heappop(self._later)[2])
        for do in due:
            do()
        if now >= self._note_at and self._stretches:
            self._note_at = now + NOTED_EVERY_MS
            self._note_passed()
        return bool(due)

    def _again(self, stretch: _Stretch, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self._clock.now() + AGAIN_MS, next(self._numbers), self._safely(stretch, do)))

    def _safely(self, stretch: _Stretch, do: Callable[P, None]) -> Callable[P, None]:
        """The same, but what nobody expected is logged, and the partition is read again from what is noted on, a moment later."""

        def done(*args: P.args, **named: P.kwargs) -> None:
            try:
                do(*args, **named)
            except Exception:
                _log.exception("the events of partition %d could not be handled, it is tried again", stretch.partition)
                self._begin_anew(stretch)

        return done

    def _begin_anew(self, stretch: _Stretch) -> None:
        if not stretch.has_ended:
            self._end(stretch)
            anew = _Stretch(stretch.partition, stretch.waiting, stretch.alone, stretch.beside)
            beside = self._stretches[stretch.partition]
            beside[beside.index(stretch)] = anew
            self._again(anew, partial(self._begin, anew))

    def refresh(self, share: object = None) -> None:
        """Take notice of triggers and partitions that have come, gone or changed; `share` is another where other partitions are ours."""
        stand = (self._directory.revision, share)
        if stand == self._seen:
            return
        self._seen = stand
        waiting = {one.trigger.name: one for one in self._found()}
        has_changed = waiting != self._waiting
        self._waiting = waiting
        owned = frozenset(self._owned()) if waiting else frozenset()
        for partition in list(self._stretches):
            if has_changed or partition not in owned:
                for stretch in self._stretches.pop(partition):
                    self._end(stretch)
        for partition in sorted(owned - self._stretches.keys()):
            self._stretches[partition] = self._stretches_of(partition)
            for stretch in list(self._stretches[partition]):
                self._begin(stretch)

    def _stretches_of(self, partition: int) -> list[_Stretch]:
        """One for all triggers together, and one for each that is read for alone, or was once and has a place of its own since."""
        all_, positions = self._waiting.items(), self._states.positions
        alone = {name: one for name, one in all_ if one.may_wait or position_name(partition, name) in positions}
        together = [one for name, one in all_ if name not in alone]
        stretches = [_Stretch(partition, (one,), name) for name, one in alone.items()]
        return [*([_Stretch(partition, together, beside=tuple(alone))] if together else ()), *stretches]

    def _found(self) -> Iterator[_Waiting]:
        for name, trigger in self._directory.all().items():
            if trigger.type != EventTrigger.name or self._directory.pause_of(name) is not None:
                continue
            try:
                config = config_of(trigger)
                found = filter_of(config.filter)
                wanted = types_wanted(config.filter)
                begins, may_wait = self._directory.begins(trigger), self._directory.has_secrets(trigger)
                yield _Waiting(trigger, found, wanted, begins, needs_values(config), may_wait)
            except (ValueError, RefoldError):
                _log.exception("trigger %s: its config cannot be read, so it waits for nothing", name)

    def close(self) -> None:
        """Hear of nothing any more."""
        for stretch in self._all_stretches():
            self._end(stretch)
        self._stretches.clear()

    def _all_stretches(self) -> list[_Stretch]:
        return [stretch for found in self._stretches.values() for stretch in found]

    def _end(self, stretch: _Stretch) -> None:
        stretch.has_ended = True
        if stretch.subscription is not None:
            stretch.subscription.end()

    def _begin(self, stretch: _Stretch) -> None:
        """Subscribe from the position on, and from where the first of the triggers may have to hear of anything."""
        if not stretch.has_ended:
            first = min(one.begins for one in stretch.waiting)
            self._ground.first_since(stretch.partition, first - SKEW_MS, self._safely(stretch, partial(self._subscribe, stretch)))

    def _subscribe(self, stretch: _Stretch, found: int | Exception) -> None:
        if stretch.has_ended:
            return
        if isinstance(found, Exception):
            _log.warning("the events of partition %d cannot be read, it is tried again: %s", stretch.partition, found)
            self._again(stretch, partial(self._begin, stretch))
            return
        positions = self._states.positions
        stretch.base = positions.get(position_name(stretch.partition), 0)
        at = max(found, positions.get(position_name(stretch.partition, stretch.alone), stretch.base))
        stretch.done = stretch.noted = at
        wanted = frozenset(SOURCES[type_] for one in stretch.waiting for type_ in one.types)
        selector = Selector(events=wanted, with_origin=True, partitions=frozenset((stretch.partition,)))
        stretch.subscription = self._feed.subscribe(selector, self._safely(stretch, partial(self._take, stretch)), {stretch.partition: at})

    # What happens.

    def _take(self, stretch: _Stretch, told: Sequence[Told]) -> None:
        """Ask all triggers of these; nothing more is told until what they start is durable, and noted."""
        if stretch.has_ended:
            return
        until = told[-1].offset + 1
        starts: list[_Start] = []
        fired: list[Fired] = []
        for one in told:
            for event in map(_plain, self._ground.present(one)):
                for waiting in self._hearing(stretch, event, one.decision.now):
                    verdict = waiting.filter.asked(event)
                    if verdict:
                        starts.append(_Start(waiting, event))
                    elif verdict is None:
                        fired += self._failed(waiting, event)
        if not starts and not fired:
            stretch.done = until
            return
        assert stretch.subscription is not None, "nothing is told before one subscribes"
        stretch.subscription.hold()
        stretch.is_busy = True
        round_ = _Round(stretch, until, len(starts), fired)
        if stretch.alone:
            starts, round_.next = starts[:1], starts[1:]
        for start in starts:
            self._look(round_, start)
        if not starts:
            self._finish(round_)

    def _hearing(self, stretch: _Stretch, event: dict[str, Any], at: int) -> Iterator[_Waiting]:
        type_ = event["type"].removeprefix(TYPE_PREFIX)
        return (one for one in stretch.waiting if type_ in one.types and at >= one.begins)

    def _failed(self, waiting: _Waiting, event: dict[str, Any]) -> Iterator[Fired]:
        """That a filter cannot be asked is said once, unless it is only that something is not there."""
        trigger = waiting.trigger
        if trigger in self._told or not (why := waiting.filter.fault(event)):
            return
        self._told.add(trigger)
        if not any(one.reason == "filter" and one.at >= waiting.begins for one in self._states.skipped(trigger.name)):
            _log.warning("trigger %s: its filter cannot be asked of event %s: %s", trigger.name, event["id"], why)
            yield Fired(trigger.name, event["id"], self._clock.now(), "", "filter", why[:500])

    def _look(self, round_: _Round, start: _Start) -> None:
        self._ground.know(start.event["subject"], start.links, self._safely(round_.stretch, partial(self._known, round_, start)))

    def _known(self, round_: _Round, start: _Start, known: Known | Exception) -> None:
        if isinstance(known, Rejected):
            self._started(round_, start, Outcome(error=known))
        elif isinstance(known, Exception):
            _log.warning("trigger %s: execution %s cannot be read, it is tried again: %s", start.name, start.event["subject"], known)
            self._again(round_.stretch, partial(self._look, round_, start))
        elif known.depth >= DEPTH_MAX:
            self._metrics.too_deep += 1
            said = f"{known.depth} triggers have started each other up to this event; {DEPTH_MAX} are the most"
            self._started(round_, start, Outcome(error=Rejected("too_deep", said)))
        else:
            self._start(round_, start, known)

    def _start(self, round_: _Round, start: _Start, known: Known) -> None:
        trigger, depth = start.waiting.trigger, known.depth + 1
        event = event_seen(start.event)
        filled = {**event, "data": {**event["data"], **known.values}}
        try:
            said = triggered(trigger, event["id"], seen(trigger, {"event": event}, depth=depth))
            given = started_with(trigger, seen(trigger, {"event": filled}, depth=depth))
        except (ExpressionError, InvalidInput) as error:
            self._started(round_, start, Outcome(error=error))
        else:
            self._fire(trigger, said, given, self._safely(round_.stretch, partial(self._answered, round_, start)))

    def _answered(self, round_: _Round, start: _Start, outcome: Outcome) -> None:
        if outcome.error is not None and not outcome.is_final:
            if not round_.is_told:
                round_.is_told = True
                _log.warning("trigger %s: event %s starts nothing yet, it is tried again: %s", start.name, start.event["id"], outcome.error)
                if listed := waits(self._states, start.name, start.event["id"], self._clock.now(), outcome.error):
                    self._advance({}, listed, _nothing)
            self._again(round_.stretch, partial(self._look, round_, start))
        else:
            self._started(round_, start, outcome)

    def _started(self, round_: _Round, start: _Start, outcome: Outcome) -> None:
        error, now, cause = outcome.error, self._clock.now(), start.event["id"]
        if error is None:
            self._metrics.fired += 1
            round_.fired.append(Fired(start.name, cause, now, outcome.execution))
        else:
            self._metrics.refused += 1
            reason = error.reason if isinstance(error, Rejected) else "expression" if isinstance(error, ExpressionError) else "input"
            round_.fired.append(Fired(start.name, cause, now, "", reason, str(error)[:500]))
        round_.left -= 1
        if round_.left == 0:
            self._finish(round_)
        following, round_.next = round_.next, []
        for one in following:
            self._look(round_, one)

    # How far it is.

    def _finish(self, round_: _Round) -> None:
        positions = self._positions(round_.stretch, round_.until)
        self._advance(positions, round_.fired, self._safely(round_.stretch, partial(self._noted, round_)))

    def _positions(self, stretch: _Stretch, until: int) -> dict[str, int]:
        """What is noted of a stretch that is done up to there; who is read for alone, and has no place of its own yet, has that of all."""
        beside = (position_name(stretch.partition, one) for one in stretch.beside)
        found = {name: stretch.base for name in beside if name not in self._states.positions}
        return {**found, position_name(stretch.partition, stretch.alone): until}

    def _noted(self, round_: _Round, is_durable: bool) -> None:
        if not is_durable:
            self._again(round_.stretch, partial(self._finish, round_))
            return
        stretch = round_.stretch
        stretch.done = stretch.noted = max(stretch.done, round_.until)
        stretch.is_busy = False
        if stretch.subscription is not None:
            stretch.subscription.go_on()

    def _note_passed(self) -> None:
        """Where nothing was started for long, note how far it is all the same, so that a new owner has less to read."""
        found: dict[str, int] = {}
        for stretch in self._all_stretches():
            if stretch.subscription is not None and not stretch.is_busy:
                at = stretch.subscription.after().get(stretch.partition, 0)
                if at >= stretch.noted + NOTED_EVERY_RECORDS:
                    found |= self._positions(stretch, at)
                    stretch.noted = at
        if found:
            self._advance(found, (), _nothing)


def _nothing(is_durable: bool) -> None:
    """Whether it was noted or not is the same."""
