"""A reader: one who reads a selection from a position on, as fast as it wants.

    by itself: from its position, read from the journal as far as need be ──► with its group: told together with all who are there
        ▲                                                                           │
        └──────────────────────── its connection takes no more for now ─────────────┘

Nothing is kept for one who does not read: it is held, and goes on from its position, or is cut off after a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from api.line import Line
from api.streams.position import Places, moved_on, shown
from api.streams.selection import Entry, Selection, Teller, Writer
from contracts.ports.feed import Feed, Subscription, Told

SLOW_S: Final = 20.0
"""So long a reader may take no more before it is cut off."""
LOOK_S: Final = 0.05
LOOK_S_MAX: Final = 1.0
"""How soon, and how often at last, it is looked whether a reader by itself has caught up."""

Why: TypeAlias = Literal["ended", "slow", "stopping", "failed"]
"""Why a stream ends: the execution has ended; the reader is too slow; the server stops; the engine has failed on an event."""
SAID: Final[dict[str, str]] = {
    "ended": "the execution has ended",
    "slow": f"nothing was read for {SLOW_S:g} s: come again, from the last position",
    "stopping": "the server is stopping: come again, from the last position",
    "failed": "the engine failed on an event; its log says why",
}
_log: Final = logging.getLogger("refold.streams")


class Batch:
    """Entries that are told at once, up to where everything was told with them, and whether the execution has ended so."""

    __slots__ = ("_written", "ends", "entries", "places")

    def __init__(self, entries: Sequence[Entry], places: Places, ends: bool) -> None:
        self.entries, self.places, self.ends = entries, places, ends
        self._written: dict[str, bytes] = {}

    def written(self, kind: str, write: Callable[[Sequence[Entry]], bytes]) -> bytes:
        """The entries as bytes for one kind of sink, written when the first needs them."""
        written = self._written.get(kind)
        if written is None:
            written = self._written[kind] = write(self.entries)
        return written


class Form(NamedTuple):
    """A line that can be lent, and how its kind of reader is told: of a batch, that we are still there, and of a position."""

    line: Line
    batch: Callable[[Batch], bytes]
    beat: bytes
    position: Callable[[str], bytes]


OnReturn: TypeAlias = Callable[[int], None]
"""A line is back, as it takes no more for now: it was told of everything up to, and with, the message of this number."""


class Sink(Protocol):
    """Where a reader is told."""

    @property
    def form(self) -> Form | None:
        """How it can be told together with others by another process; None where it cannot."""

    @property
    def is_full(self) -> bool:
        """Whether it takes no more for now."""

    def tell(self, batch: Batch) -> None:
        """Tell of these."""

    def say_position(self, position: str) -> None:
        """Everything up to here was told."""

    def beat(self) -> None:
        """We are still there."""

    def when_room(self, then: Callable[[], None]) -> None:
        """Call back once it takes more again."""

    def end(self, why: Why) -> None:
        """There is no more to come."""


class Loop(Protocol):
    """What tells the time: asyncio's event loop."""

    def time(self) -> float:
        """In seconds, from anywhere."""

    def call_soon(self, callback: Callable[[], object]) -> Any:
        """When this turn is over."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> Any:
        """So many seconds later; what is given back can be cancelled."""


class Together(Protocol):
    """A group of readers of the same selection."""

    selection: Selection
    writer: Writer

    def now(self) -> Places | None:
        """Up to where its readers were told; None while something is on its way to them, or it has not begun."""

    def join(self, reader: Reader) -> None:
        """Tell it from `now` on, or from where the group will begin."""

    def leave(self, reader: Reader) -> None:
        """Do not tell it for the moment."""

    def remove(self, reader: Reader) -> None:
        """It has ended."""

    def come_back(self, reader: Reader, number: int) -> Places:
        """It was with the crowd, and is not told for the moment; up to where it was told with the message of this number."""


class Reader:
    """Begins at `places`, without any with its group from now on."""

    def __init__(
        self, feed: Feed, loop: Loop, group: Together, sink: Sink, places: Places | None, on_end: Callable[[Reader], None]
    ) -> None:
        """Nobody is told before `begin`."""
        self._feed, self._loop, self._group, self._sink, self._on_end = feed, loop, group, sink, on_end
        self.places: Places = places or {}
        """Up to where it was told."""
        self._is_from_now = places is None
        self.is_over = self._ends_at_end = self._has_begun = self._is_away = False
        self._subscription: Subscription | None = None
        self._teller: Teller | None = None
        self._timer: Any = None

    def begin(self) -> None:
        """Begin. Raises Rejected for an execution in a partition that the log does not have."""
        if self._is_from_now:
            self._group.join(self)
        else:
            self._go_alone()

    # With its group.

    def begin_with(self, places: Places) -> None:
        """It is told together with its group from here on."""
        self.places = places
        self._say_begin()
        self._check_end()

    def deliver(self, batch: Batch) -> None:
        """Told with its group."""
        if self._sink.is_full:
            self._group.leave(self)
            self._wait_for_room()
        else:
            self._tell(batch)

    def lend(self, add: Callable[[Line, OnReturn], bool]) -> Form | None:
        """Have it told with a crowd from here on; how, and None where that cannot be."""
        form = self._sink.form
        if form is None or not self._has_begun or self._sink.is_full or not add(form.line, self._on_return):
            return None
        self._is_away = True
        return form

    def _on_return(self, number: int) -> None:
        self._is_away = False
        if not self.is_over:
            self.places = self._group.come_back(self, number)
            self._wait_for_room()

    def _say_begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._sink.say_position(shown(self.places))

    def _tell(self, batch: Batch) -> None:
        self.places = batch.places
        if batch.entries:
            self._sink.tell(batch)
        if batch.ends:
            self.end("ended")

    # By itself.

    def _go_alone(self) -> None:
        """Read on from where it stands."""
        selection = self._group.selection
        self._teller = Teller(selection, self._group.writer, self.places)
        after = {partition: place.offset for partition, place in self.places.items()}
        self._subscription = self._feed.subscribe(selection.selector, self._take, after)
        self._say_begin()
        self._look_later(LOOK_S)

    def _take(self, told: Sequence[Told]) -> None:
        assert self._teller is not None
        try:
            entries = self._teller.tell(told)
        except Exception:
            _log.exception("a stream failed")
            self.end("failed")
            return
        self._tell(Batch(entries, dict(self._teller.places), self._teller.has_ended))
        if not self.is_over and self._sink.is_full and self._subscription is not None:
            self._subscription.hold()
            self._wait_for_room()

    def _look_later(self, delay: float) -> None:
        self._cancel()
        self._timer = self._loop.call_later(delay, lambda: self._look(delay))

    def _look(self, delay: float) -> None:
        """Whether it has caught up with its group, or with the end of an execution that has ended before."""
        subscription = self._subscription
        if subscription is None or self.is_over:
            return
        if subscription.is_at_end():
            self.places = moved_on(self.places, subscription.after())
            self._check_end()
            if self.is_over:
                return
            if self._group.now() == self.places:
                self._stop_alone()
                self._group.join(self)
                return
        self._look_later(min(2 * delay, LOOK_S_MAX))

    def _stop_alone(self) -> None:
        self._cancel()
        if self._subscription is not None:
            self._subscription.end()
            self._subscription = self._teller = None

    # One that does not read.

    def _wait_for_room(self) -> None:
        self._cancel()
        self._timer = self._loop.call_later(SLOW_S, lambda: self.end("slow"))
        self._sink.when_room(self._on_room)

    def _on_room(self) -> None:
        if self.is_over:
            return
        self._cancel()
        if self._subscription is None:
            self._go_alone()
        else:
            self._look_later(LOOK_S)
            self._subscription.go_on()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Its end.

    def end_at_end(self) -> None:
        """The execution has ended: there is no more to come than stands in the journal."""
        self._ends_at_end = True
        self._check_end()

    def _check_end(self) -> None:
        if not self._ends_at_end or self.is_over or not self._has_begun:
            return
        if self._subscription is None and self._group.now() is None:  # with its group, to which the end is on its way
            self._loop.call_later(LOOK_S, self._check_end)
        elif self._subscription is None or self._subscription.is_at_end():
            self.end("ended")

    def beat(self) -> None:
        """Say that we are there; and up to where it was told, where that has moved without an event."""
        if self.is_over or self._is_away or self._sink.is_full or not self._has_begun:
            return
        subscription = self._subscription
        places = self._group.now() if subscription is None else moved_on(self.places, subscription.after())
        if places is None or places == self.places:
            self._sink.beat()
        else:
            self.places = places
            self._sink.say_position(shown(places))

    def end(self, why: Why) -> None:
        """Tell it no more, and say why. Ending twice is once."""
        if not self.is_over:
            self.close()
            self._sink.end(why)

    def close(self) -> None:
        """Tell it no more."""
        if not self.is_over:
            self.is_over = True
            self._stop_alone()
            self._group.remove(self)
            self._on_end(self)
