"""A group: those who read the same and are up to date. What they are told is written once, and told to all of them at a measured pace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from api.streams.crowd import CROWD_FROM, Crowd, Crowds
from api.streams.position import Place, Places, moved_on, shown
from api.streams.reader import Batch, Form, Loop, Reader
from api.streams.selection import Entry, Selection, Teller, Writer
from contracts.ports.feed import Feed, Told

PACE_S: Final = 0.00008
"""So long for each reader is waited between two batches: what comes meanwhile goes out with the second."""
LINGER_S: Final = 0.00003
"""So long for each reader the first event of a batch waits for others: what an execution does comes in bursts, and goes out together."""
AT_ONCE_S: Final = 0.001
"""Who would wait less is told at once."""
SLICE: Final = 400
"""So many readers are told in one turn of the loop, which takes about 3 ms; between two turns the engine does its own work."""
ENTRIES_MAX: Final = 10_000
"""So many events wait while others are being told; the rest is read from the journal then."""
_log: Final = logging.getLogger("refold.streams")
BEGIN_S: Final = 0.05
"""How often it is looked whether it is known where a group begins."""


class Group:
    """See `api.streams.reader.Together`. It lasts as long as it has readers, also such as read by themselves."""

    def __init__(
        self, feed: Feed, loop: Loop, selection: Selection, writer: Writer, on_empty: Callable[[Group], None], crowds: Crowds
    ) -> None:
        self.selection, self.writer = selection, writer
        self._loop, self._on_empty = loop, on_empty
        self._members: set[Reader] = set()
        self._live: dict[Reader, None] = {}
        """Those who are told by the event loop."""
        self._away = Away(crowds, self._on_told)
        self._teller: Teller | None = None
        self._places: Places = {}
        self._entries: list[Entry] = []
        self._is_telling = self._is_due = self._is_empty = self._has_told_end = False
        self._flushed_at = 0.0
        self._subscription = feed.subscribe(selection.selector, self._take)
        self._subscription.hold()
        self._begin()

    def _begin(self) -> None:
        """As soon as it is known of all partitions where they stand."""
        if self._is_empty:
            return
        if not self._subscription.has_begun():
            self._loop.call_later(BEGIN_S, self._begin)
            return
        self._places = {partition: Place(offset) for partition, offset in self._subscription.after().items()}
        self._teller = Teller(self.selection, self.writer, self._places)
        self._subscription.go_on()
        for reader in list(self._live):
            reader.begin_with(self._places)

    @property
    def _is_flushing(self) -> bool:
        return self._is_telling or self._away.is_telling

    def now(self) -> Places | None:
        """See Together."""
        if self._teller is None or self._entries or self._is_flushing or not self._subscription.is_at_end():
            return None
        return moved_on(self._places, self._subscription.after())

    def add(self, reader: Reader) -> None:
        """It is one of those who read this, be it by itself."""
        self._members.add(reader)

    def join(self, reader: Reader) -> None:
        """See Together."""
        self._live[reader] = None
        if self._teller is not None:
            self._places = self.now() or self._places
            reader.begin_with(self._places)

    def leave(self, reader: Reader) -> None:
        """See Together."""
        self._live.pop(reader, None)

    def come_back(self, reader: Reader, number: int) -> Places:
        """See Together."""
        self._away.readers.pop(reader, None)
        return self._away.places_of(number)

    def remove(self, reader: Reader) -> None:
        """See Together."""
        self._live.pop(reader, None)
        self._away.readers.pop(reader, None)
        self._members.discard(reader)
        if not self._members and not self._is_empty:
            self._is_empty = True
            self._subscription.end()
            self._on_empty(self)

    def _take(self, told: Sequence[Told]) -> None:
        assert self._teller is not None
        try:
            self._entries += self._teller.tell(told)
        except Exception:
            _log.exception("the streams of %s failed", self.selection)
            for reader in list(self._members):
                reader.end("failed")
            return
        if not self._entries and not self._teller.has_ended:
            if not self._is_flushing:
                self._places = dict(self._teller.places)
            return
        if not self._is_due and not self._is_flushing:
            self._plan()
        elif len(self._entries) >= ENTRIES_MAX:
            self._subscription.hold()

    def _plan(self) -> None:
        self._is_due = True
        now, readers = self._loop.time(), len(self._live) + len(self._away.readers)
        at = max(self._flushed_at + PACE_S * readers, now + LINGER_S * readers)
        if at - now >= AT_ONCE_S:
            self._loop.call_later(at - now, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        """Tell all who are there of what has come."""
        assert self._teller is not None
        self._is_due, self._flushed_at = False, self._loop.time()
        entries, self._entries = self._entries, []
        self._places = dict(self._teller.places)
        batch = Batch(entries, self._places, self._teller.has_ended)
        self._has_told_end = batch.ends
        self._away.lend(self._live)
        self._away.tell(batch)
        self._tell(batch, list(self._live), 0)

    def _tell(self, batch: Batch, readers: list[Reader], start: int) -> None:
        for reader in readers[start : start + SLICE]:
            if reader in self._live:
                reader.deliver(batch)
        self._is_telling = start + SLICE < len(readers)
        if self._is_telling:
            self._loop.call_soon(lambda: self._tell(batch, readers, start + SLICE))
        else:
            self._on_told()

    def _on_told(self) -> None:
        """Those who were told of a batch have been; there may be more by now."""
        if self._is_flushing or self._is_due:
            return
        self._subscription.go_on()
        is_end_due = self._teller is not None and self._teller.has_ended and not self._has_told_end
        if self._entries or (self._live and is_end_due):
            self._plan()

    def beat(self) -> None:
        """Say that we are there, to those who are told by another process; see `Reader.beat`."""
        self._away.beat(self.now())


class Away:
    """Those of a group who are told by another process, and what is on its way to them."""

    def __init__(self, crowds: Crowds, on_told: Callable[[], None]) -> None:
        self._crowds, self._on_told = crowds, on_told
        self._crowd: Crowd | None = None
        self.readers: dict[Reader, Form] = {}
        self._places: Places = {}
        """Up to where they are told."""
        self._under_way: dict[int, Places] = {}
        """By message, up to where it tells."""

    @property
    def is_telling(self) -> bool:
        """Whether any is still to be told of something."""
        return bool(self._under_way)

    def places_of(self, number: int) -> Places:
        """Up to where one was told with this message."""
        return self._under_way.get(number, self._places)

    def _look(self) -> None:
        """Whoever was told by one that is gone has been cut off, and ends by itself."""
        if self._crowd is not None and self._crowd.is_gone:
            self._crowd = None
            self.readers.clear()

    def lend(self, live: dict[Reader, None]) -> None:
        """Where there are many, have those told there who can be; they are not among the live then."""
        self._look()
        if len(live) + len(self.readers) < CROWD_FROM or not live:
            return
        self._crowd = self._crowd or self._crowds.open()
        for reader in list(live) if self._crowd is not None else ():
            assert self._crowd is not None
            if (form := reader.lend(self._crowd.add)) is not None:
                del live[reader]
                self.readers[reader] = form

    def tell(self, batch: Batch) -> None:
        """Tell them of this."""
        if not self.readers:
            return
        self._places = batch.places
        if batch.entries:
            self._say(next(iter(self.readers.values())).batch(batch))
        for reader in list(self.readers) if batch.ends else ():
            reader.end("ended")

    def beat(self, places: Places | None) -> None:
        """Say that we are there, and up to where that is, where it has moved without an event."""
        self._look()
        if not self.readers or self.is_telling:
            return
        form = next(iter(self.readers.values()))
        if places is None or places == self._places:
            self._say(form.beat)
        else:
            self._places = places
            self._say(form.position(shown(places)))

    def _say(self, content: bytes) -> None:
        assert self._crowd is not None
        number = self._crowd.tell(content, self._told)
        self._under_way[number] = self._places

    def _told(self, number: int) -> None:
        self._under_way.pop(number, None)
        self._on_told()
