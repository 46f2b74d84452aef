"""Callers who do not read what they are answered: how many there are, how much waits for them, and when they are given up.

What was written and not read yet stands in this process's memory. A caller who reads nothing for a while, or takes too long
for all of it, is cut off; and where too much waits for all of them together, those who have been at it longest.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

UNREAD_BYTES_MAX: Final = 256 * 1024 * 1024
"""How much may wait for all slow readers together. One answer alone may be larger."""
READ_PAUSE_S: Final = 30.0
"""How long a caller may read nothing of an answer."""
READ_S: Final = 300.0
"""How long a caller may take to read an answer."""


class Sink(Protocol):
    """Where answers go: a transport of asyncio."""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be read."""

    def abort(self) -> None:
        """Cut the caller off, and throw away what waits."""


class _Reading:
    """One caller who is slow to read."""

    def __init__(self, size: int, since: float) -> None:
        self.size, self.since = size, since
        self.timer: asyncio.TimerHandle | None = None


class Readers:
    """The slow readers of a server: those for whom more waits than a transport takes at once."""

    def __init__(self, unread_bytes_max: int = UNREAD_BYTES_MAX) -> None:
        self._unread_bytes_max = unread_bytes_max
        self._slow: dict[Sink, _Reading] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._slow)

    def begin(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        """A caller has become slow."""
        reading = self._slow[sink] = _Reading(sink.get_write_buffer_size(), loop.time())
        reading.timer = loop.call_later(READ_PAUSE_S, self._look, sink, loop)
        if sum(one.size for one in self._slow.values()) > self._unread_bytes_max:
            self._make_room(sink)

    def end(self, sink: Sink) -> None:
        """It has caught up, or is gone."""
        reading = self._slow.pop(sink, None)
        if reading is not None and reading.timer is not None:
            reading.timer.cancel()

    def _look(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        """Has it read anything since it was looked at?"""
        reading, now, size = self._slow[sink], loop.time(), sink.get_write_buffer_size()
        if size >= reading.size or now >= reading.since + READ_S:
            self._cut_off(sink)
            return
        reading.size = size
        reading.timer = loop.call_later(min(READ_PAUSE_S, reading.since + READ_S - now), self._look, sink, loop)

    def _make_room(self, newest: Sink) -> None:
        """Cut off those who have been slow for longest, until there is room for all others."""
        unread = {sink: sink.get_write_buffer_size() for sink in self._slow}
        waiting = sum(unread.values())
        for sink, size in unread.items():
            if waiting <= self._unread_bytes_max or sink is newest:
                return
            self._cut_off(sink)
            waiting -= size

    def _cut_off(self, sink: Sink) -> None:
        self.end(sink)
        sink.abort()
