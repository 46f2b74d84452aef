"""A stream as server-sent events (WHATWG HTML, 9.2): what a browser's EventSource and a dozen lines of any program read.

    retry: 1000                          once, at the beginning

    id: 0:16                             where the stream is: at the beginning, and where it has moved on without an event
    event: position
    data: {"position":"0:16"}

    id: 0:17.2                           an event: a CloudEvent, and the position after it
    data: {"specversion":"1.0","id":"order-1/7", …}

    :                                    we are still there

    event: end                           the last: why, and what to do
    data: {"reason":"stopping","detail":"…"}

Each block has its own `id` and data: readers differ in what they make of those without (`findings/sse-clients-ids.sh`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.line import LINE, Line, chunk_of
from api.streams.position import Places
from api.streams.reader import SAID, Batch, Form, Why
from api.streams.selection import Entry, Selection
from api.streams.streams import Streams

MEDIA_TYPE: Final = "text/event-stream"
RETRY_MS: Final = 1_000
"""So long after its stream has ended a reader comes again."""
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_BEAT: Final = chunk_of(b":\n\n")
_encode: Final = msgspec.json.Encoder().encode


class EventSink:
    """See `api.streams.reader.Sink`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.form = Form(line, _batch, _BEAT, _position)
        self.when_room = line.when_room
        self.has_ended = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether it takes no more for now."""
        return self._line.is_full

    def tell(self, batch: Batch) -> None:
        """Tell of these."""
        self._line.write(_batch(batch))

    def say_position(self, position: str) -> None:
        """Everything up to here was told."""
        self._line.write(_position(position))

    def beat(self) -> None:
        """We are still there."""
        self._line.write(_BEAT)

    def end(self, why: Why) -> None:
        """There is no more to come."""
        said = _encode({"reason": why, "detail": SAID[why]})
        self._line.write(chunk_of(b"event: end\ndata: %b\n\n" % said))
        self.has_ended.set()


def _batch(batch: Batch) -> bytes:
    return batch.written("", _written)


def _position(position: str) -> bytes:
    return chunk_of(b'id: %b\nevent: position\ndata: {"position":"%b"}\n\n' % (position.encode(), position.encode()))


def _written(entries: Sequence[Entry]) -> bytes:
    return chunk_of(b"".join([b"id: %b\ndata: %b\n\n" % (entry.position.encode(), entry.content) for entry in entries]))


class EventStream(Response):
    """The answer that a stream is. `has_ended` says whether there is anything left to wait for."""

    media_type = MEDIA_TYPE

    def __init__(
        self, streams: Streams, selection: Selection, places: Places | None, has_ended: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Raises Overloaded where there is no room for it."""
        streams.check_room()
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._selection, self._places, self._has_ended = streams, selection, places, has_ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the reader is gone, or there is no more to come."""
        line: Line = scope[LINE]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if not line.is_head:
            await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
            try:
                await self._tell(EventSink(line), receive)
            finally:
                await line.home()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, sink: EventSink, receive: Receive) -> None:
        requests = self._streams.requests
        reader = self._streams.open(self._selection, self._places, sink)
        requests.under_way -= 1  # it has a bound of its own
        gone = asyncio.ensure_future(is_gone(receive))
        over = asyncio.ensure_future(sink.has_ended.wait())
        try:
            if self._has_ended is not None and await self._has_ended():
                reader.end_at_end()
            await asyncio.wait({gone, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            requests.under_way += 1
            reader.close()
            gone.cancel()
            over.cancel()


async def is_gone(receive: Receive) -> None:
    """Wait until whoever reads is there no more."""
    while (await receive())["type"] != "http.disconnect":
        pass
