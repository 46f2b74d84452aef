"""The streams of a server: who reads what, how many there may be, and their end.

    an event becomes durable ─► feed ─► a group for each selection ─► its readers ─► sinks: server-sent events, a WebSocket
    from a position          ─► feed ─► a reader by itself ─────────► until it has caught up with its group

Nobody waits for a reader: the feed keeps little and reads the rest from the journal (`contracts/ports/feed.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from api.requests import Requests
from api.streams.crowd import Crowds, NoCrowds
from api.streams.group import SLICE, Group
from api.streams.position import Places
from api.streams.reader import Loop, Reader, Sink
from api.streams.selection import Selection, Writer
from contracts.errors import Overloaded
from contracts.ports.feed import Feed
from contracts.positions import Positions
from contracts.public_events import SOURCE_DEFAULT

STREAMS_MAX: Final = 10_000
"""So many readers may there be at a server."""
BEAT_S: Final = 15.0
"""So often each hears that the server is still there."""


class Streams:
    """Lives in the event loop's thread."""

    def __init__(
        self,
        feed: Feed,
        requests: Requests,
        positions: Positions,
        source: str = SOURCE_DEFAULT,
        streams_max: int = STREAMS_MAX,
        loop: Loop | None = None,
        crowds: Crowds | None = None,
    ) -> None:
        """`source` is that of the public events; `crowds` tells those who are many and read the same."""
        self._crowds: Crowds = crowds or NoCrowds()
        self.requests = requests
        self.feed, self._streams_max = feed, streams_max
        self._loop: Loop = asyncio.get_running_loop() if loop is None else loop
        self._groups: dict[Selection, Group] = {}
        self._readers: set[Reader] = set()
        self._writer = Writer(positions, source)
        self._beating: Any = None
        self._is_closed = False
        self._on_close: dict[object, Callable[[], None]] = {}

    @property
    def count(self) -> int:
        """How many readers there are."""
        return len(self._readers)

    def check_room(self) -> None:
        """Raise Overloaded where there are as many readers, or connections, as may be."""
        count = max(len(self._readers), len(self._on_close))
        if count >= self._streams_max:
            raise Overloaded(f"{count} streams are being read; the limit is {self._streams_max}", retry_after_s=5.0)

    def open(self, selection: Selection, places: Places | None, sink: Sink) -> Reader:
        """Tell a sink from these places on, without any from now on. Raises Overloaded, and Rejected for a partition that is not there."""
        self.check_room()
        group = self._groups.get(selection)
        if group is None:
            group = self._groups[selection] = Group(self.feed, self._loop, selection, self._writer, self._forget, self._crowds)
        reader = Reader(self.feed, self._loop, group, sink, places, self._readers.discard)
        group.add(reader)
        self._readers.add(reader)
        try:
            reader.begin()
        except Exception:
            reader.close()
            raise
        if self._is_closed:
            reader.end("stopping")
        elif self._beating is None:
            self._beating = self._loop.call_later(BEAT_S, self._beat)
        return reader

    def on_close(self, then: Callable[[], None]) -> Callable[[], None]:
        """Call a connection back when all are ended; at once where they are. What is given back forgets that. Raises Overloaded."""
        self.check_room()
        self._on_close[key := object()] = then
        if self._is_closed:
            then()

        def forget() -> None:
            self._on_close.pop(key, None)

        return forget

    def _forget(self, group: Group) -> None:
        self._groups.pop(group.selection, None)

    def _beat(self) -> None:
        for group in list(self._groups.values()):
            group.beat()
        self._beat_some(list(self._readers), 0)
        self._beating = self._loop.call_later(BEAT_S, self._beat) if self._readers else None

    def _beat_some(self, readers: list[Reader], start: int) -> None:
        for reader in readers[start : start + SLICE]:
            reader.beat()
        if start + SLICE < len(readers):
            self._loop.call_soon(lambda: self._beat_some(readers, start + SLICE))

    def close(self) -> None:
        """End all of them, and those that are yet to come: they may come again, here or elsewhere."""
        self._is_closed = True
        for reader in list(self._readers):
            reader.end("stopping")
        for then in list(self._on_close.values()):
            then()
