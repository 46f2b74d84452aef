"""The gate: what every request passes before anything is done for it. From which site it comes, how many may be under way, how large a
body may be, how slow.

Written to the ASGI interface itself, as it stands before every request. Health and metrics always pass.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caller import CALLER, REQUEST_ID, caller_of
from api.hooks.route import HOOKS, TESTS
from api.problems import BadRequest, problem
from api.requests import Requests
from api.sites import Sites
from contracts.caller import Caller
from contracts.worker_protocol import REQUEST_BYTES_MAX as WORKER_BYTES_MAX

WORKERS: Final = "/v1/worker/"
"""The worker protocol has limits and refusals of its own."""
ALWAYS: Final = ("/health/", "/metrics", WORKERS)
"""Requests that pass however many there are: the worker protocol has limits of its own, and relieves the engine."""
HOOKED: Final = (HOOKS, TESTS)
"""There a method is what the trigger says of it."""
HEALTH: Final = "/health/"
"""Tells nothing that were worth a name: whoever looks after a server asks by any."""
PAUSE_S: Final = 30.0
"""How long a body may pause."""
BODY_S: Final = 300.0
"""How long a body may take."""

DRAINED_BYTES_MAX: Final = 128 * 1024 * 1024
"""A refused body of up to this size is let come and thrown away: who sends it reads the answer only then. A larger one is broken off."""


class Gate:
    """Says who asks; bounds the number of requests under way, the size of a body and the time that it takes to come."""

    def __init__(
        self,
        app: ASGIApp,
        sites: Sites,
        body_bytes_max: int,
        requests_max: int,
        pause_s: float = PAUSE_S,
        body_s: float = BODY_S,
        requests: Requests | None = None,
    ) -> None:
        self.app, self.sites, self.body_bytes_max, self._requests_max = app, sites, body_bytes_max, requests_max
        self._pause_s, self._body_s = pause_s, body_s
        self.requests = requests or Requests()

    @property
    def is_full(self) -> bool:
        """Whether no further request is let in."""
        return self.requests.counted >= self._requests_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not scope["path"].startswith(WORKERS):
            caller = caller_of(scope["headers"])
            scope, send = {**scope, CALLER: caller}, _naming(send, caller)
        refused = None if scope["path"].startswith(HEALTH) else self.sites.refusal(scope["headers"])
        is_counted = not scope["path"].startswith(ALWAYS)
        if refused is None and is_counted and self.is_full:
            detail = f"{self.requests.counted} requests are under way; the limit is {self._requests_max}"
            refused = problem(429, "overloaded", detail, {"Retry-After": "1"})
        if refused is not None:
            await refused(scope, receive, send)
            return
        if scope["method"] == "HEAD" and not scope["path"].startswith(HOOKED):  # the answer of GET; its body is left out further out
            scope = {**scope, "method": "GET"}
        self.requests.under_way += is_counted
        try:
            await self._measured(scope, receive, send)
        finally:
            self.requests.under_way -= is_counted

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket in, or refuse it before it is one: a page of another site may open one without being asked."""
        refused = self.sites.refusal(scope["headers"])
        if refused is None:
            await self.app({**scope, CALLER: caller_of(scope["headers"])}, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": "it comes from another site"})

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = WORKER_BYTES_MAX if scope["path"].startswith(WORKERS) else self.body_bytes_max
        said = f"the body has more than {most:,} bytes"
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > most:
            headers = {"Connection": "close"} if int(length) > DRAINED_BYTES_MAX else None
            await problem(413, "too_large", said, headers)(scope, receive, send)
            return
        left, is_whole = most, False
        end = asyncio.get_running_loop().time() + self._body_s

        async def receive_some() -> Message:
            nonlocal left, is_whole
            if is_whole:  # what comes now is that the caller hangs up, and that may take its time
                return await receive()
            message = await self._in_time(receive, end)
            is_whole = not message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                raise BadRequest(413, "too_large", said)
            return message

        await self.app(scope, receive_some, send)

    async def _in_time(self, receive: Receive, end: float) -> Message:
        """The next piece of a body, if it comes in time: half a request must not take the place of whole ones for ever."""
        try:
            async with asyncio.timeout_at(min(end, asyncio.get_running_loop().time() + self._pause_s)):
                return await receive()
        except TimeoutError:
            raise BadRequest(408, "too_slow", "the rest of the body did not come in time") from None


def _naming(send: Send, caller: Caller) -> Send:
    """The same, with the correlation id in the head of the answer."""
    named = (REQUEST_ID, caller.correlation.encode())

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), named]
        await send(message)

    return send_named
