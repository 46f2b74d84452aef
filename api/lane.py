"""The lane: a way past the framework for the few requests that come thousands of times a second.

    bytes ─► httptools ─► is it a hot one, whole, and as usual? ─► yes: api/hot.py answers straight to the transport
                                                            └───► no: replayed into uvicorn's own protocol ─► FastAPI

Same port, same connections, mixed as they come. Whatever is unusual about a request (its size, its encoding, a header or a
query that the lane does not know, a caller who does not read) goes the usual way, which declares and serves the same routes;
`tests/api/test_lane.py` holds both to the same answers. What it bought: the server's
CPU for a sequence of ten activities went from 860 to 390 µs (one run of each, on a busy machine).

Requests that come on a connection while the lane still owes it an answer wait for their turn (HTTP/1.1 pipelining).

What uvicorn bounds nowhere is bounded here, for both ways: the head of a request, the time until a request is whole, and what
waits for a caller who does not read (`api/readers.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, ClassVar, Final, Protocol

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.gate import PAUSE_S
from api.line import LINE, Line
from api.message import HEAD_BYTES_MAX, HEAD_LINES_MAX, HEAD_S, STATUS_LINES, Call, Message, too_large_head
from api.problems import BadRequest, respond
from api.readers import Readers
from contracts.errors import RefoldError

BODY_BYTES_MAX: Final = 1024 * 1024
"""A larger request goes the usual way."""

_log: Final = logging.getLogger("refold.api")


class HotRoutes(Protocol):
    """What the lane serves."""

    def may_take(self, message: Message) -> bool:
        """Whether the head of a request is one of those, and as usual."""

    def take(self, message: Message, call: Call) -> bool:
        """Answer the call now or later; False, or RefoldError, leaves it to the framework: nothing has been done for it then."""


class LaneProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a lane beside it. `make_lane` makes the class that uvicorn is given."""

    hot: ClassVar[HotRoutes]
    readers: ClassVar[Readers]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._message: Message | None = None
        """What is being read; None while it goes straight to uvicorn."""
        self._begun: Message | None = None
        """The request that has begun and is not whole, whoever reads it."""
        self._unheard = self._received = 0
        """Bytes that have made nothing whole yet; those that came last."""
        self._is_moving = False
        self._patience: asyncio.TimerHandle | None = None
        self._call: Call | None = None
        self._held: deque[Message] = deque()
        self._is_draining = self._closes = False

    # What comes in.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio. Who says nothing is a connection that is kept alive."""
        super().connection_made(transport)
        self._keep_alive()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._unset_keepalive_if_required()
        self._is_moving = False
        self._received = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade() and not self._is_waited_for:
                self._upgrade()
                return
            self._unsupported_upgrade_warning()
        except httptools.HttpParserError as error:
            refused = error.__context__
            self._break_off(refused if isinstance(refused, BadRequest) else BadRequest(400, "http", f"this is no HTTP/1.1: {error}"))
            return
        if self._begun is not None or not self._is_moving:
            self._note_half()

    def _upgrade(self) -> None:
        """Hand the connection over to a WebSocket."""
        if self._patience is not None:
            self._patience.cancel()
        self.readers.end(self.transport)
        self.handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """See httptools."""
        self._message = self._begun = Message()

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        assert self._message is not None
        self._message.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; after the body these are trailers, which nobody reads."""
        message = self._message
        if message is not None and not message.version:
            message.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """See httptools. From here a request is passed on, unless it may be a hot one or has to wait."""
        message = self._message
        assert message is not None
        self._is_moving = True
        message.note(self.parser)
        if message.since or self._received > HEAD_BYTES_MAX or len(message.headers) > HEAD_LINES_MAX:
            message.check_head()
        if not self._is_waited_for and not self._may_take(message):
            self._message = None
            self._pass_on(message)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        message = self._message
        self._is_moving = True
        if message is None:
            super().on_body(body)
            return
        message.body += body
        if len(message.body) > BODY_BYTES_MAX and not self._is_waited_for:
            self._message = None
            self._pass_on(message)

    def on_message_complete(self) -> None:
        """See httptools."""
        message, self._message = self._message, None
        self._begun, self._is_moving = None, True
        if message is None:
            super().on_message_complete()
            return
        message.is_whole = True
        if self._is_waited_for:
            self._held.append(message)
            self.flow.pause_reading()
        else:
            self._take(message)

    @property
    def _is_waited_for(self) -> bool:
        """Whether the lane owes an answer to an earlier request of this connection."""
        return self._call is not None or bool(self._held)

    @property
    def _is_free(self) -> bool:
        """Whether the framework owes nothing, and the caller reads what it is sent."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused and not self.pipeline

    def _may_take(self, message: Message) -> bool:
        if message.is_hot is None:
            message.is_hot = self.hot.may_take(message)
        return message.is_hot and self._is_free

    def _take(self, message: Message) -> None:
        if self._may_take(message):
            call = self._call = Call(self)
            try:
                if self.hot.take(message, call):
                    return
            except RefoldError:  # said by the framework, which finds the same
                pass
            except Exception as bug:
                call.respond(respond(bug))
                return
            self._call = None
        self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        """Replay a request, as far as it has come, into uvicorn's own protocol."""
        parser: Any = self.parser
        self.parser = message  # type: ignore[assignment]  # what came later on the wire must not speak for it
        super().on_message_begin()
        super().on_url(message.url)
        for name, value in message.headers:
            super().on_header(name, value)
        super().on_headers_complete()
        self.scope[LINE] = Line(self.transport, self.flow, message.method == b"HEAD")  # type: ignore[typeddict-unknown-key]  # our own
        if message.body:
            super().on_body(message.body)
        if message.is_whole:
            super().on_message_complete()
        self.parser = parser

    # What does not come.

    def _note_half(self) -> None:
        """What came is part of something. It must not grow without end, and its rest has to come in time."""
        self._unheard = 0 if self._is_moving else self._unheard + self._received
        if self._unheard > HEAD_BYTES_MAX:
            self._break_off(too_large_head(f"more than {HEAD_BYTES_MAX:,} bytes, which is as much as may be"))
        elif self._begun is None:
            if not self._is_owed:
                self._keep_alive()
        else:
            now = self.loop.time()
            self._begun.since, self._begun.heard_at = self._begun.since or now, now
            if self._patience is None:
                self._patience = self.loop.call_later(HEAD_S, self._look_at_half)

    def _look_at_half(self) -> None:
        self._patience = None
        half = self._begun
        if half is None or self.transport.is_closing():
            return
        ends, now = half.ends_at, self.loop.time()
        if now < ends:
            self._patience = self.loop.call_later(ends - now, self._look_at_half)
        elif self._is_owed:  # the gate looks at the time of a body that is read; what is behind it has its turn later
            self._patience = self.loop.call_later(PAUSE_S, self._look_at_half)
        else:
            self._break_off(BadRequest(408, "too_slow", f"the rest of the {'body' if half.version else 'head'} did not come in time"))

    @property
    def _is_owed(self) -> bool:
        """Whether anybody owes an answer on this connection."""
        return self._is_waited_for or not (self.cycle is None or self.cycle.response_complete)

    def _break_off(self, refused: BadRequest) -> None:
        """Say what is wrong, and close: what else comes on this connection cannot be told apart."""
        response = respond(refused)
        head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers if header[0] != b"connection")
        parts = (STATUS_LINES[response.status_code], self._default_head(), b"connection: close\r\n", head, b"\r\n", bytes(response.body))
        self.transport.write(b"".join(parts))
        self.transport.close()

    def _keep_alive(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    # What goes out.

    def send(self, status_line: bytes, head: bytes, body: bytes) -> None:
        """Write an answer of the lane, then take up what has waited for it."""
        self._call = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        close = b"connection: close\r\n" if self._closes else b""
        self.transport.write(b"".join((status_line, self._default_head(), close, head, body)))
        if self._closes:
            self.transport.close()
        elif self._is_waited_for or self._is_draining:
            self._take_held()
        else:
            self._reconsider()
            self._keep_alive()

    def _default_head(self) -> bytes:
        return b"".join(b"%s: %s\r\n" % header for header in self.server_state.default_headers)

    def _take_held(self) -> None:
        if self._is_draining:
            return
        self._is_draining = True
        self.flow.resume_reading()
        while self._held and self._call is None:
            self._take(self._held.popleft())
        self._is_draining = False
        if not self._is_waited_for:
            self._reconsider()

    def _reconsider(self) -> None:
        """A request that was kept back while an answer was owed, and is not whole: it may have to be asked to go on."""
        message = self._message
        if message is not None and message.version and not self._may_take(message):
            self._message = None
            self._pass_on(message)

    def pause_writing(self) -> None:
        """See asyncio: the caller reads slower than it is answered."""
        super().pause_writing()
        self.readers.begin(self.transport, self.loop)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self.readers.end(self.transport)

    # Its end.

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        call, self._call = self._call, None
        self._held.clear()
        self._begun = None
        if self._patience is not None:
            self._patience.cancel()
        self._unset_keepalive_if_required()
        self.readers.end(self.transport)
        super().connection_lost(exc)
        if call is not None:
            call.gone()

    def shutdown(self) -> None:
        """See uvicorn: close when the answer that is owed has gone out."""
        if self._call is not None:
            self._closes = True
        else:
            super().shutdown()


def make_lane(routes: HotRoutes, of: Readers) -> type[LaneProtocol]:
    """The protocol class that serves these routes, and notes who is slow to read."""

    class Lane(LaneProtocol):
        hot = routes
        readers = of

    return Lane
