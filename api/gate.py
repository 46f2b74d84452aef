"""The gate: what every request passes before anything is done for it. How many may be under way, and how large a body may be.

Written to the ASGI interface itself, as it stands before every request. Health and metrics always pass.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import BadRequest, problem

ALWAYS: Final = ("/health/", "/metrics", "/v1/worker/")
"""Requests that pass however many there are: the worker protocol has limits of its own, and relieves the engine."""


class Gate:
    """Bounds the number of requests under way and the size of a body."""

    def __init__(self, app: ASGIApp, body_bytes_max: int, requests_max: int) -> None:
        self._app, self.body_bytes_max, self._requests_max = app, body_bytes_max, requests_max
        self._said = f"the body has more than {body_bytes_max:,} bytes"
        self.under_way = 0

    @property
    def is_full(self) -> bool:
        """Whether no further request is let in."""
        return self.under_way >= self._requests_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_counted = not scope["path"].startswith(ALWAYS)
        if is_counted and self.is_full:
            detail = f"{self.under_way} requests are under way; the limit is {self._requests_max}"
            await problem(429, "overloaded", detail, {"Retry-After": "1"})(scope, receive, send)
            return
        self.under_way += is_counted
        try:
            await self._measured(scope, receive, send)
        finally:
            self.under_way -= is_counted

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > self.body_bytes_max:
            await problem(413, "too_large", self._said, {"Connection": "close"})(scope, receive, send)
            return
        left = self.body_bytes_max

        async def receive_some() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise BadRequest(413, "too_large", self._said)
            return message

        await self._app(scope, receive_some, send)
