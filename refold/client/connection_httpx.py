"""Connections over TLS and through proxies: the same face over httpx2, which takes both from the environment."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache

import httpx2

from refold.client.connection import CONNECT_TIMEOUT_S, Address, Answer, ConnectionLost
from refold.errors import Unavailable


class HttpxConnection:
    """See `refold.client.connection.Connection`. Raises ValueError for a proxy that cannot be used."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: httpx2.Client | None = self._made()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See Connection."""
        client, url = self.client, self._address.url + path
        try:
            return _answer(client.request(method, url, content=body, headers=_full(body, headers), timeout=_limits(timeout_s)))
        except httpx2.HTTPError as error:
            raise _unavailable(self._address, error) from None

    @property
    def client(self) -> httpx2.Client:
        """What asks."""
        self._client = self._client or self._made()
        return self._client

    def close(self) -> None:
        """See Connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _made(self) -> httpx2.Client:
        try:
            return httpx2.Client(verify=_context())
        except (ValueError, ImportError) as error:
            raise _bad_proxy(self._address, error) from None


class HttpxAsyncConnection:
    """See `refold.client.connection.AsyncConnection`. Raises ValueError for a proxy that cannot be used."""

    def __init__(self, address: Address) -> None:
        self._address = address
        try:
            self.client = httpx2.AsyncClient(verify=_context())
        except (ValueError, ImportError) as error:
            raise _bad_proxy(address, error) from None

    async def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See AsyncConnection."""
        url = self._address.url + path
        try:
            return _answer(await self.client.request(method, url, content=body, headers=_full(body, headers), timeout=_limits(timeout_s)))
        except httpx2.HTTPError as error:
            raise _unavailable(self._address, error) from None

    def close(self) -> None:
        """See AsyncConnection. What is open ends with the loop."""


@contextmanager
def open_stream(url: str, path: str, headers: dict[str, str], silence_s: float) -> Iterator[tuple[int, Iterator[bytes]]]:
    """An answer that goes on for long, on a connection of its own: its status, and its bytes as they come.

    Raises Unavailable where it breaks, or nothing comes for so long.
    """
    connection = HttpxConnection(address := Address(url))
    try:
        with connection.client.stream("GET", address.url + path, headers=headers, timeout=_limits(silence_s)) as answer:
            yield answer.status_code, answer.iter_bytes()
    except httpx2.HTTPError as error:
        raise _unavailable(address, error) from None
    finally:
        connection.close()


@asynccontextmanager
async def open_async_stream(
    url: str, path: str, headers: dict[str, str], silence_s: float
) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """The same on the event loop."""
    connection = HttpxAsyncConnection(address := Address(url))
    try:
        async with connection.client.stream("GET", address.url + path, headers=headers, timeout=_limits(silence_s)) as answer:
            yield answer.status_code, answer.aiter_bytes()
    except httpx2.HTTPError as error:
        raise _unavailable(address, error) from None
    finally:
        await connection.client.aclose()


def _context() -> ssl.SSLContext:
    return _context_of(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=8)
def _context_of(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Whom to trust, as these variables of the environment say: read once, as it takes as long as many requests."""
    return httpx2.create_ssl_context()


def _full(body: bytes | None, headers: dict[str, str] | None) -> dict[str, str]:
    content_type = {} if body is None else {"content-type": "application/json"}
    return {"accept": "application/json"} | content_type | (headers or {})


def _limits(timeout_s: float | None) -> httpx2.Timeout:
    return httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)


def _answer(answer: httpx2.Response) -> Answer:
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def _place(address: Address) -> str:
    return f"{address.url} through the proxy {address.proxy}" if address.proxy else address.url


def _unavailable(address: Address, error: httpx2.HTTPError) -> Unavailable:
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):  # nothing was sent
        return Unavailable(f"{_place(address)} cannot be reached: {error or type(error).__name__}")
    return ConnectionLost(f"{_place(address)}: {error or type(error).__name__}")


def _bad_proxy(address: Address, error: Exception) -> ValueError:
    return ValueError(f"the proxy {address.proxy} cannot be used, expected one like http://host:port: {error}")
