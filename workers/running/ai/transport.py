"""The transport under the providers' clients: it reaches checked addresses only, and sees what of a request is really sent.

Libraries drop options that a model does not take, with a warning, or without one. What counts is the body on the wire.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final

import httpcore2
import httpx2
import msgspec

from workers.running.activity_error import ActivityError
from workers.running.egress.addresses import allowed_addresses, is_public, resolve

CONNECT_S: Final = 10.0
Places = Mapping[str, Sequence[tuple[str, ...]]]
"""For each option where in the body of a request it may stand."""


class Sent:
    """What one call has put on the wire, and why it was not let: `refusal` says more than what the library makes of it."""

    def __init__(self, asked: Sequence[str], places: Places, is_strict: bool) -> None:
        self.asked, self._places, self._is_strict = asked, places, is_strict
        self.requests = 0
        self.ignored: tuple[str, ...] = ()
        self.refusal: ActivityError | None = None
        self._answers: list[httpx2.Response] = []

    def hold(self, answer: httpx2.Response) -> None:
        """Have an answer closed with the call."""
        self._answers.append(answer)

    async def close(self) -> None:
        """Close the connections of answers that were not read to their end: libraries leave that to the collector of garbage."""
        for answer in self._answers:
            if isinstance(answer.stream, httpx2.AsyncByteStream):
                await answer.stream.aclose()

    def look_at(self, body: bytes) -> None:
        """Note what of the options is missing in a body. Raises ActivityError where none may be."""
        self.requests += 1
        try:
            sent = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return
        self.ignored = tuple(name for name in self.asked if not any(_stands(sent, place) for place in self._places.get(name, ())))
        if self.ignored and self._is_strict:
            message = f"the model takes no {', '.join(self.ignored)}, and `strict` asks for all settings to count; nothing was sent"
            self.refusal = ActivityError("input.invalid", message, details={"ignored_settings": list(self.ignored)}, retryable=False)
            raise self.refusal


SENT: Final[ContextVar[Sent | None]] = ContextVar("sent", default=None)
"""The call that the present task is for."""


def _stands(body: Any, place: tuple[str, ...]) -> bool:
    for step in place:
        if not isinstance(body, dict) or body.get(step) is None:
            return False
        body = body[step]
    return True


class _Checked(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses only: a name is resolved once, and the connection goes where it was found to lead."""

    def __init__(self) -> None:
        self._own = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect. Raises httpcore2.ConnectError; why is left with the call."""
        try:
            addresses = await asyncio.to_thread(allowed_addresses, host, port, resolve, is_public)
        except ActivityError as refusal:
            sent = SENT.get()
            if sent is not None:
                sent.refusal = refusal
            raise httpcore2.ConnectError(str(refusal)) from None
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"cannot resolve {host}: {error}") from error
        return await self._own.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._own.sleep(seconds)


class Transport(httpx2.AsyncHTTPTransport):
    """Sends requests, and has each looked at by the call it is for. With `is_checked` it reaches public addresses only."""

    def __init__(self, is_checked: bool) -> None:
        tls = ssl.create_default_context()
        super().__init__(verify=tls)
        if is_checked:
            self._pool = httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=_Checked())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        sent = SENT.get()
        if sent is not None and request.method == "POST":
            sent.look_at(await request.aread())
        answer = await super().handle_async_request(request)
        if sent is not None:
            sent.hold(answer)
        return answer


def client(is_checked: bool) -> httpx2.AsyncClient:
    """A client of its own: no redirects, no proxies of the environment where addresses are checked, no limit of time but the call's."""
    timeout = httpx2.Timeout(None, connect=CONNECT_S)
    return httpx2.AsyncClient(transport=Transport(is_checked), timeout=timeout, follow_redirects=False, trust_env=False)
