"""A group: those who read the same and are up to date. What they are told is written once, and told to all of them at a measured pace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from api.streams.position import Place, Places, moved_on
from api.streams.reader import Batch, Loop, Reader
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
_log: Final = logging.getLogger("refold.streams")
BEGIN_S: Final = 0.05
"""How often it is looked whether it is known where a group begins."""


class Group:
    """See `api.streams.reader.Together`. It lasts as long as it has readers, also such as read by themselves."""

    def __init__(self, feed: Feed, loop: Loop, selection: Selection, writer: Writer, on_empty: Callable[[Group], None]) -> None:
        self.selection, self.writer = selection, writer
        self._loop, self._on_empty = loop, on_empty
        self._members: set[Reader] = set()
        self._live: dict[Reader, None] = {}
        self._teller: Teller | None = None
        self._places: Places = {}
        self._entries: list[Entry] = []
        self._is_flushing = self._is_due = self._is_empty = False
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

    def remove(self, reader: Reader) -> None:
        """See Together."""
        self._live.pop(reader, None)
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

    def _plan(self) -> None:
        self._is_due = True
        now, readers = self._loop.time(), len(self._live)
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
        self._tell(Batch(entries, self._places, self._teller.has_ended), list(self._live), 0)

    def _tell(self, batch: Batch, readers: list[Reader], start: int) -> None:
        for reader in readers[start : start + SLICE]:
            if reader in self._live:
                reader.deliver(batch)
        self._is_flushing = start + SLICE < len(readers)
        if self._is_flushing:
            self._loop.call_soon(lambda: self._tell(batch, readers, start + SLICE))
        elif self._entries or (self._live and self._teller is not None and self._teller.has_ended and not batch.ends):
            self._plan()
