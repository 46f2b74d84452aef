"""The lane: a way past the framework for the few requests that come thousands of times a second.

    bytes ─► httptools ─► is it a hot one, whole, and as usual? ─► yes: api/hot.py answers straight to the transport
                                                            └───► no: replayed into uvicorn's own protocol ─► FastAPI

Same port, same connections, mixed as they come. Whatever is unusual about a request (its size, its encoding, a header or a
query that the lane does not know, a caller who does not read) goes the usual way, which declares and serves the same routes;
`tests/api/test_lane.py` holds both to the same answers. What it bought: the server's
CPU for a sequence of ten activities went from 860 to 390 µs (one run of each, on a busy machine).

Requests that come on a connection while the lane still owes it an answer wait for their turn (HTTP/1.1 pipelining).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, Final, Protocol

from fastapi import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.answers import POSITION
from api.problems import respond
from contracts.errors import RefoldError

BODY_BYTES_MAX: Final = 1024 * 1024
"""A larger request goes the usual way."""

_log: Final = logging.getLogger("refold.api")
_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_JSON_ANSWER: Final = b"content-type: application/json\r\n\r\n"


class Message:
    """A request as it was parsed. It answers what uvicorn asks its parser, for a request that is replayed later."""

    __slots__ = ("body", "headers", "is_whole", "keeps_alive", "method", "url", "version", "wants_upgrade")

    def __init__(self) -> None:
        self.url = self.body = self.method = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.version = ""
        self.keeps_alive = self.wants_upgrade = self.is_whole = False

    def note(self, parser: Any) -> None:
        """What the parser knows once the headers are whole."""
        self.method = parser.get_method()
        self.version = parser.get_http_version()
        self.keeps_alive = parser.should_keep_alive()
        self.wants_upgrade = parser.should_upgrade()

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing special about the connection."""
        return self.version == "1.1" and self.keeps_alive and not self.wants_upgrade

    def get_method(self) -> bytes:
        """See httptools."""
        return self.method

    def get_http_version(self) -> str:
        """See httptools."""
        return self.version

    def should_keep_alive(self) -> bool:
        """See httptools."""
        return self.keeps_alive

    def should_upgrade(self) -> bool:
        """See httptools."""
        return self.wants_upgrade


class Call:
    """A request that the lane has taken: it is answered once, or its caller goes away."""

    __slots__ = ("_line", "on_end")

    def __init__(self, line: LaneProtocol) -> None:
        self._line: LaneProtocol | None = line
        self.on_end: Callable[[bool], None] | None = None
        """Called once when it is over; with True where the caller has gone."""

    @property
    def is_open(self) -> bool:
        """Whether it still has to be answered."""
        return self._line is not None

    def answer(self, status: int, body: bytes, position: int | None = None) -> None:
        """Answer with JSON, as `api.answers.answer` does."""
        place = b"" if position is None else b"%s: %d\r\n" % (_POSITION, position)
        self._send(_STATUS_LINES[status], b"%scontent-length: %d\r\n%s" % (place, len(body), _JSON_ANSWER), body)

    def respond(self, response: Response) -> None:
        """Answer with what the framework would send."""
        head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
        self._send(_STATUS_LINES[response.status_code], head + b"\r\n", bytes(response.body))

    def _send(self, status_line: bytes, head: bytes, body: bytes) -> None:
        line = self._line
        if line is not None:
            self._end(False)
            line.send(status_line, head, body)

    def gone(self) -> None:
        """Nobody is there to be answered."""
        if self._line is not None:
            self._end(True)

    def _end(self, is_gone: bool) -> None:
        self._line = None
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end(is_gone)


_POSITION: Final = POSITION.lower().encode()


class HotRoutes(Protocol):
    """What the lane serves."""

    def may_take(self, message: Message) -> bool:
        """Whether the head of a request is one of those, and as usual."""

    def take(self, message: Message, call: Call) -> bool:
        """Answer the call now or later; False, or RefoldError, leaves it to the framework: nothing has been done for it then."""


class LaneProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a lane beside it. `make_lane` makes the class that uvicorn is given."""

    hot: ClassVar[HotRoutes]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._message: Message | None = None
        """What is being read; None while it goes straight to uvicorn."""
        self._call: Call | None = None
        self._held: deque[Message] = deque()
        self._is_draining = self._closes = False

    # What comes in.

    def on_message_begin(self) -> None:
        """See httptools."""
        self._message = Message()

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        assert self._message is not None
        self._message.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; after the body these are trailers."""
        if self._message is None:
            super().on_header(name, value)
        else:
            self._message.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """See httptools. From here a request is passed on, unless it may be a hot one or has to wait."""
        message = self._message
        assert message is not None
        message.note(self.parser)
        if not self._is_waited_for and not (self._is_free and self.hot.may_take(message)):
            self._message = None
            self._pass_on(message)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        message = self._message
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

    def _take(self, message: Message) -> None:
        if self._is_free and self.hot.may_take(message):
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
        if message.body:
            super().on_body(message.body)
        if message.is_whole:
            super().on_message_complete()
        self.parser = parser

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
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

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
        if message is not None and message.version and not (self._is_free and self.hot.may_take(message)):
            self._message = None
            self._pass_on(message)

    # Its end.

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        call, self._call = self._call, None
        self._held.clear()
        super().connection_lost(exc)
        if call is not None:
            call.gone()

    def shutdown(self) -> None:
        """See uvicorn: close when the answer that is owed has gone out."""
        if self._call is not None:
            self._closes = True
        else:
            super().shutdown()


def make_lane(routes: HotRoutes) -> type[LaneProtocol]:
    """The protocol class that serves these routes."""

    class Lane(LaneProtocol):
        hot = routes

    return Lane
