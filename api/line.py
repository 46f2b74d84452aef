"""A line: the connection of a request, for an answer that goes on for long. What is written to it goes out at once, in chunks.

The lane's protocol leaves it in the scope of each request (`api/lane.py`). A thousand readers are told of an event by as many calls
of `write`: no task and no message of the framework stands between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

LINE: Final = "refold.line"
"""Where it is in the scope of a request."""


class Flow(Protocol):
    """How much the other side takes."""

    write_paused: bool

    async def drain(self) -> None:
        """Wait until it takes more."""


class Line:
    """Between the head of an answer and its end."""

    __slots__ = ("_flow", "_transport", "is_head")

    def __init__(self, transport: asyncio.Transport, flow: Flow, is_head: bool) -> None:
        self._transport, self._flow = transport, flow
        self.is_head = is_head
        """Whether only the head of the answer is asked for."""

    @property
    def is_full(self) -> bool:
        """Whether more waits to be read than is good."""
        return self._flow.write_paused

    def write(self, chunk: bytes) -> None:
        """Write a chunk, as `framed` makes it."""
        if not self._transport.is_closing():
            self._transport.write(chunk)

    def when_room(self, then: Callable[[], None]) -> None:
        """Call back once less waits to be read, or nobody is there any more."""
        task = asyncio.ensure_future(self._flow.drain())
        task.add_done_callback(lambda _: then())


def framed(content: bytes) -> bytes:
    """A chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(content), content)
