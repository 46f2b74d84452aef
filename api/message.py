"""A request as it comes: its parts, how large its head may be, until when it has to be whole; and the answer that it is owed."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol

from fastapi import Response

from api.answers import POSITION
from api.caller import REQUEST_ID
from api.gate import BODY_S, PAUSE_S
from api.problems import BadRequest

STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_JSON_ANSWER: Final = b"content-type: application/json\r\n\r\n"
_POSITION: Final = POSITION.lower().encode()
HEAD_BYTES_MAX: Final = 32 * 1024
HEAD_LINES_MAX: Final = 100
"""How large the head of a request may be, and how many lines of headers it may have."""
HEAD_S: Final = 30.0
"""How long a head may take until it is whole."""


class Message:
    """A request as it was parsed. It answers what uvicorn asks its parser, for a request that is replayed later."""

    url = body = method = b""
    version = ""
    keeps_alive = wants_upgrade = is_whole = False
    kind: bytes | None = None
    key: str | None = None
    """Its content type and its `Idempotency-Key`, once `is_hot` is known."""
    is_hot: bool | None = None
    """Whether the lane may take it; None until that was asked."""
    since = heard_at = 0.0
    """When it was seen to be half, and when more of it came."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

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

    @property
    def ends_at(self) -> float:
        """Until when the rest of it has to be there."""
        return min(self.heard_at + PAUSE_S, self.since + BODY_S) if self.version else self.since + HEAD_S

    def check_head(self) -> None:
        """Raise BadRequest for a head over the limits."""
        if len(self.headers) > HEAD_LINES_MAX:
            raise too_large_head(f"{len(self.headers)} lines of headers; at most {HEAD_LINES_MAX} may be")
        size = len(self.method) + len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            raise too_large_head(f"{size:,} bytes; at most {HEAD_BYTES_MAX:,} may be")

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


class Line(Protocol):
    """The connection that a request came on."""

    client: tuple[str, int] | None

    def send(self, status_line: bytes, head: bytes, body: bytes) -> None:
        """Write an answer."""


class Call:
    """A request that the lane has taken: it is answered once, or its caller goes away."""

    __slots__ = ("_line", "on_end", "request_id")

    def __init__(self, line: Line) -> None:
        self._line: Line | None = line
        self.on_end: Callable[[bool], None] | None = None
        """Called once when it is over; with True where the caller has gone."""
        self.request_id = ""
        """What the answer says as `X-Request-Id`, if anything."""

    @property
    def is_open(self) -> bool:
        """Whether it still has to be answered."""
        return self._line is not None

    @property
    def sender(self) -> str:
        """The address that it came from."""
        return "" if self._line is None or self._line.client is None else self._line.client[0]

    def answer(self, status: int, body: bytes, position: int | None = None) -> None:
        """Answer with JSON, as `api.answers.answer` does."""
        place = b"" if position is None else b"%s: %d\r\n" % (_POSITION, position)
        self._send(STATUS_LINES[status], b"%scontent-length: %d\r\n%s" % (place, len(body), _JSON_ANSWER), body)

    def respond(self, response: Response) -> None:
        """Answer with what the framework would send."""
        head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
        self._send(STATUS_LINES[response.status_code], head + b"\r\n", bytes(response.body))

    def _send(self, status_line: bytes, head: bytes, body: bytes) -> None:
        line = self._line
        if line is not None:
            self._end(False)
            if self.request_id:
                head = b"%s: %s\r\n%s" % (REQUEST_ID, self.request_id.encode(), head)
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


def too_large_head(found: str) -> BadRequest:
    """The refusal of a head over the limits."""
    return BadRequest(431, "head_too_large", f"the head of the request has {found}")
