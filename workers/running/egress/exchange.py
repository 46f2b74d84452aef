"""One exchange over HTTP: a request out, a response of limited size back, within a time, cut off on cancel."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpcore2
import httpx2

from contracts.ports.activities import ActivityContext
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.egress.addresses import Allow, Resolve
from workers.running.egress.authorization import keeping
from workers.running.egress.transport import Line, Transport
from workers.running.watch import Watch

REDIRECTS_MAX: Final = 10
CONNECT_S_MAX: Final = 10.0
"""A connection that is not there after this time does not come; it cannot be interrupted either."""

_WINDOW_BITS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request and the limits of its answer."""

    method: str
    url: httpx2.URL
    headers: dict[str, str]
    content: bytes | None
    timeout_s: float
    follow_redirects: bool
    response_bytes_max: int
    secret_headers: tuple[str, ...] = ()
    """Those of its headers that a redirect takes nowhere else."""


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(context: ActivityContext, question: Question, lookup: Resolve, is_allowed: Allow) -> Answer:
    """Send and receive. Raises ActivityError `http.connect`, `http.timeout`, `http.protocol`, `http.too_large` or
    `http.forbidden_address`, or Cancelled.
    """
    line = Line()
    try:
        with Watch(context, question.timeout_s, line.cut) as watch:
            return _under_watch(context, watch, question, lambda: _send(question, Transport(line, lookup, is_allowed, _tls())))
    finally:
        line.close()


@functools.cache
def _tls() -> Any:
    return httpx2.create_ssl_context(trust_env=False)


def _under_watch(context: ActivityContext, watch: Watch, question: Question, send: Callable[[], Answer]) -> Answer:
    try:
        return send()
    except ActivityError:
        raise
    except Exception as error:
        if context.is_cancelled:
            raise Cancelled from None
        if watch.is_late:
            raise _timeout(question) from None
        raise _failure(question, error) from error


def _send(question: Question, transport: Transport) -> Answer:
    timeout = httpx2.Timeout(question.timeout_s, connect=min(CONNECT_S_MAX, question.timeout_s))
    with httpx2.Client(transport=transport, trust_env=False, timeout=timeout, max_redirects=REDIRECTS_MAX) as client:
        client.event_hooks = {"request": [keeping(question.secret_headers, question.url)]}
        client.headers.update({"accept-encoding": "gzip, deflate", "user-agent": "refold"})
        request = client.build_request(question.method, question.url, headers=question.headers, content=question.content)
        response = client.send(request, stream=True, follow_redirects=question.follow_redirects)
        try:
            body = b"".join(_body(response, question.response_bytes_max))
        finally:
            response.close()
        return Answer(response.status_code, dict(response.headers), body)


def _body(response: httpx2.Response, bytes_max: int) -> Iterator[bytes]:
    """The body, unpacked, piece by piece; a small body that unpacks to a huge one is stopped on the way."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "") and encoding not in _WINDOW_BITS:
        raise ActivityError("http.protocol", f"the response is encoded as {encoding}, expected gzip, deflate or none")
    unpack = zlib.decompressobj(_WINDOW_BITS[encoding]) if encoding in _WINDOW_BITS else None
    bytes_left = bytes_max
    for piece in response.iter_raw():
        part = unpack.decompress(piece, bytes_left + 1) if unpack else piece
        bytes_left -= len(part)
        if bytes_left < 0:
            raise ActivityError("http.too_large", f"the response is larger than {bytes_max} bytes (response_bytes_max)", retryable=False)
        yield part


def _timeout(question: Question) -> ActivityError:
    return ActivityError("http.timeout", f"{question.method} {_shown(question.url)} did not end within {question.timeout_s:g} s")


def _failure(question: Question, error: Exception) -> ActivityError:
    where = f"{question.method} {_shown(question.url)}"
    if isinstance(error, httpcore2.TimeoutException):
        return _timeout(question)
    if isinstance(error, httpcore2.ConnectError):
        return ActivityError("http.connect", f"{where}: {error}")
    if isinstance(error, httpcore2.LocalProtocolError | httpcore2.UnsupportedProtocol):
        return ActivityError("http.protocol", f"{where} cannot be sent: {error}", retryable=False)
    if isinstance(error, httpcore2.NetworkError | httpcore2.ProtocolError | httpx2.HTTPError | zlib.error):
        return ActivityError("http.protocol", f"{where}: {error}")
    raise error


def _shown(url: httpx2.URL) -> str:
    """The URL without what may be secret in it."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
