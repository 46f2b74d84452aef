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
    """Between the head of an answer and its end, or between the two ends of a WebSocket."""

    __slots__ = ("_flow", "_transport", "is_head")

    def __init__(self, transport: asyncio.Transport, flow: Flow, is_head: bool = False) -> None:
        self._transport, self._flow = transport, flow
        self.is_head = is_head
        """Whether only the head of the answer is asked for."""

    @property
    def is_full(self) -> bool:
        """Whether more waits to be read than is good."""
        return self._flow.write_paused

    def write(self, chunk: bytes) -> None:
        """Write what `chunk_of` or `frame_of` has made."""
        if not self._transport.is_closing():
            self._transport.write(chunk)

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
