"""The routes of webhooks, beside those of the operations: `/hooks/PATH`, and `/hooks-test/PATH`, which starts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.caller import caller_in
from api.hooks.deliveries import Came
from api.hooks.desk import Hooks
from api.service import Service
from contracts.caller import Caller, CallerInSpan

HOOKS: Final = "/hooks/"
TESTS: Final = "/hooks-test/"
WEBHOOK: Final = "webhook"
"""Who starts what a request of a sender starts."""


class _Door:
    """An application of its own, so that a route takes every method."""

    def __init__(self, hooks: Hooks, is_test: bool) -> None:
        self._hooks, self._is_test = hooks, is_test

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = joined(request.headers.raw)
        sender = "" if request.client is None else request.client.host
        came = Came(request.method, headers, request.url.query, await request.body(), sender)
        response = await self._hooks.take(request.path_params["path"], came, as_webhook(caller_in(scope)), self._is_test)
        await response(scope, receive, send)


def hook_routes(service: Service) -> list[Route]:
    """The routes over a service. Who may start is not asked here: a signature says it."""
    hooks = Hooks(service)
    return [Route(HOOKS + "{path:path}", _Door(hooks, False)), Route(TESTS + "{path:path}", _Door(hooks, True))]


def joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in small letters; one that stands several times is a list with commas."""
    pairs = list(raw)
    headers = {name.decode("latin-1"): one.decode("latin-1") for name, one in pairs}
    if len(headers) == len(pairs):
        return headers
    headers = {}
    for name, one in pairs:
        key, text = name.decode("latin-1"), one.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def as_webhook(caller: Caller) -> Caller:
    """Who is said to have started what a request starts."""
    if isinstance(caller, CallerInSpan):
        return CallerInSpan(WEBHOOK, caller.correlation, caller.span)
    return Caller(WEBHOOK, caller.correlation)
