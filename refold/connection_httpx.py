"""Connections over TLS and through proxies: the same face over httpx2."""

from __future__ import annotations

import httpx2

from refold.connection import CONNECT_TIMEOUT_S, Answer, ConnectionLost
from refold.errors import Unavailable


class HttpxConnection:
    """See `refold.connection.Connection`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx2.Client()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See Connection."""
        try:
            answer = self._client.request(method, self._url + path, content=body, headers=_full(body, headers), timeout=_limits(timeout_s))
        except httpx2.HTTPError as error:
            raise _unavailable(self._url, error) from None
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

    def close(self) -> None:
        """See Connection."""
        self._client.close()
        self._client = httpx2.Client()


class HttpxAsyncConnection:
    """See `refold.connection.AsyncConnection`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx2.AsyncClient()

    async def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See AsyncConnection."""
        limits = _limits(timeout_s)
        try:
            answer = await self._client.request(method, self._url + path, content=body, headers=_full(body, headers), timeout=limits)
        except httpx2.HTTPError as error:
            raise _unavailable(self._url, error) from None
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

    def close(self) -> None:
        """See AsyncConnection. What is open ends with the loop."""


def _full(body: bytes | None, headers: dict[str, str] | None) -> dict[str, str]:
    content_type = {} if body is None else {"content-type": "application/json"}
    return {"accept": "application/json"} | content_type | (headers or {})


def _limits(timeout_s: float | None) -> httpx2.Timeout:
    return httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)


def _unavailable(url: str, error: httpx2.HTTPError) -> Unavailable:
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Unavailable(f"{url} cannot be reached: {error}")
    return ConnectionLost(f"{url}: {error or type(error).__name__}")
