"""A line: the connection of a request, for an answer that goes on for long. What is written to it goes out at once.

The lane's protocol leaves it in the scope of each request (`api/lane.py`), that of a WebSocket in its own (`api/web_socket.py`). A
thousand readers are told of an event by as many calls of `write`: no task and no message of the framework stands between.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final, Protocol

LINE: Final = "refold.line"
"""Where it is in the scope of a request."""


class Flow(Protocol):
    """How much the other side takes."""

    @property
    def write_paused(self) -> bool:
        """Whether more waits to be read than is good."""

    async def drain(self) -> None:
        """Wait until it takes more."""


class Line:
    """Between the head of an answer and its end, or between the two ends of a WebSocket. It can be lent to who writes to many."""

    __slots__ = ("_behind", "_flow", "_is_back", "_loan", "_transport", "is_head")

    def __init__(self, transport: asyncio.Transport, flow: Flow, is_head: bool = False) -> None:
        self._transport, self._flow = transport, flow
        self.is_head = is_head
        """Whether only the head of the answer is asked for."""
        self._loan: Callable[[], None] | None = None
        """Asks for it back, while it is lent."""
        self._behind: list[bytes] = []
        """What is to be written then."""
        self._is_back: asyncio.Event | None = None

    @property
    def is_full(self) -> bool:
        """Whether more waits to be read than is good."""
        return self._flow.write_paused

    def write(self, chunk: bytes) -> None:
        """Write what `chunk_of` or `frame_of` has made; where it is lent, once it is back, which is asked for."""
        if self._loan is not None:
            self._behind.append(chunk)
            self._loan()
        elif not self._transport.is_closing():
            self._transport.write(chunk)

    @property
    def lendable(self) -> int | None:
        """Its file descriptor, where whatever was written has gone out, and nothing stands between that and the wire."""
        transport = self._transport
        if self._loan is not None or transport.is_closing() or transport.get_write_buffer_size():
            return None
        if transport.get_extra_info("sslcontext") is not None or (socket := transport.get_extra_info("socket")) is None:
            return None
        found: int = socket.fileno()
        return found if found >= 0 else None

    def lend(self, ask_back: Callable[[], None]) -> None:
        """Somebody else writes to it, until it has been asked for back and has come."""
        self._loan = ask_back

    def take_back(self, rest: bytes = b"") -> None:
        """It is back, with the rest of what could not be written."""
        behind, self._behind, self._loan = self._behind, [], None
        if rest:
            self.write(rest)
        for chunk in behind:
            self.write(chunk)
        if self._is_back is not None:
            self._is_back.set()

    def give_up(self) -> None:
        """Nobody knows what was written to it: cut the other side off, which may come again from what it has read."""
        self._transport.abort()
        self.take_back()

    async def home(self) -> None:
        """Have it back, where it is lent."""
        if self._loan is not None:
            self._is_back = asyncio.Event()
            self._loan()
            await self._is_back.wait()

    def when_room(self, then: Callable[[], None]) -> None:
        """Call back once less waits to be read, or nobody is there any more."""
        task = asyncio.ensure_future(self._flow.drain())
        task.add_done_callback(lambda _: then())


def chunk_of(content: bytes) -> bytes:
    """A chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(content), content)


def frame_of(content: bytes) -> bytes:
    """A message of a WebSocket, whose content is UTF-8, as a server sends it: one frame of text (RFC 6455, 5.2)."""
    size = len(content)
    if size < 126:
        return b"\x81%c%b" % (size, content)
    head = struct.pack("!BBH", 0x81, 126, size) if size < 65536 else struct.pack("!BBQ", 0x81, 127, size)
    return head + content
