"""How an assistant's calls reach the server: over the HTTP API, as anybody's, by the client that users have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from api.assistants.offers import Request
from refold.client import requests as ask
from refold.client.asynchronous import AsyncClient
from refold.errors import Refused, Unavailable
from refold.json_values import dumps

T = TypeVar("T")
AGAIN_AFTER_S: Final = 0.5


class Asking(AsyncClient):
    """The client, with requests that are made of calls of tools."""

    async def send(self, request: Request) -> Any:
        """What the server answers; a text where it answers one. Raises Refused, Unavailable."""
        if request.text is not None:
            found = ask.publish(request.text, ask.asked("POST", request.path, None, request.query).path)
            return await self._ask(found)
        plain = ask.asked(request.method, request.path, None, request.query)
        wait = request.query.get("wait")
        found = plain._replace(
            body=None if request.method in ("GET", "DELETE") else dumps(request.body),
            headers={"idempotency-key": request.key} if request.key is not None else None,
            is_safe=request.method in ("GET", "PUT", "DELETE") or request.key is not None,
            timeout_s=ask.ANSWER_TIMEOUT_S + (wait if isinstance(wait, int | float) else 0),
            is_text=request.path.endswith("/source"),
        )
        answer = await self._ask(found)
        return answer.decode() if isinstance(answer, bytes) else answer


async def patiently(make: Callable[[], Awaitable[T]], until: float) -> T:
    """What it gives; while the server is away, again and again, until this time of the loop. Raises Unavailable, Refused."""
    while True:
        try:
            return await make()
        except Unavailable:
            if asyncio.get_running_loop().time() >= until:
                raise
        await asyncio.sleep(AGAIN_AFTER_S)


def problem_of(error: Refused | Unavailable, server: str) -> dict[str, Any]:
    """A problem document (RFC 9457) of what went wrong."""
    if isinstance(error, Refused):
        return error.problem
    detail = f"the server {server} cannot be reached, or has no room now: {error}"
    return {"type": "urn:refold:unavailable", "title": "Service Unavailable", "status": 503, "detail": detail, "reason": "unavailable"}
