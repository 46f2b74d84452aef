"""A lean HTTP/1.1 connection that is kept open: one request at a time, JSON both ways, blocking or on asyncio's loop.

A request is written in one piece, and an answer read by its Content-Length or its chunks. What it does not know, TLS and
proxies, it leaves to httpx2, which is loaded only then.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from refold.errors import Unavailable

CONNECT_TIMEOUT_S: Final = 10.0
HEAD_BYTES_MAX: Final = 64 * 1024
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
_READ_BYTES: Final = 256 * 1024


class Answer(NamedTuple):
    """What a server answered; the names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class ConnectionLost(Unavailable):
    """The connection broke: whether the request was taken in, nobody knows."""


class Parser:
    """Reads one answer after another from the bytes of a connection. Raises ConnectionLost for what is no HTTP/1.1."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head: tuple[int, dict[str, str]] | None = None
        self._start = 0
        self._chunks: list[bytes] = []
        self.keeps_open = True

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes in; the answer, once it is whole."""
        self._data += data
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None
        headers = self._head[1]
        if self._head[0] in (204, 304):
            return self._done(b"", 0)
        if "chunked" in headers.get("transfer-encoding", ""):
            return self._read_chunks()
        length = _size(headers.get("content-length", "0"), 10)
        if len(self._data) < self._start + length:
            return None
        return self._done(bytes(self._data[self._start : self._start + length]), self._start + length)

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            if len(self._data) > HEAD_BYTES_MAX:
                raise ConnectionLost("the answer has no end of its headers")
            return False
        first, *lines = self._data[:end].decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise ConnectionLost(f"expected an answer of HTTP/1.1, found {first[:80]!r}")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        self.keeps_open = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        status = int(rest[:3])
        del self._data[: end + 4]
        if status < 200:
            return self._read_head()
        self._head, self._start = (status, headers), 0
        return True

    def _read_chunks(self) -> Answer | None:
        while True:
            end = self._data.find(b"\r\n", self._start)
            if end < 0 and len(self._data) - self._start <= HEAD_BYTES_MAX:
                return None
            size = _size(self._data[self._start : end].split(b";")[0].decode("latin-1"), 16, self._start)
            if len(self._data) < end + 4 + size:
                return None
            if size == 0:
                return self._done(b"".join(self._chunks), end + 4)
            self._chunks.append(bytes(self._data[end + 2 : end + 2 + size]))
            self._start = end + 4 + size

    def _done(self, body: bytes, used: int) -> Answer:
        assert self._head is not None
        answer = Answer(*self._head, body)
        del self._data[:used]
        self._head, self._chunks, self._start = None, [], 0
        return answer


def _size(text: str, base: int, read: int = 0) -> int:
    """The bytes of an answer, or of a piece of one after so many that are read. Raises ConnectionLost for no number, and for too many."""
    try:
        size = int(text, base)
    except ValueError:
        size = -1
    if size < 0:
        raise ConnectionLost(f"expected a number of bytes, found {text[:80]!r}")
    if read + size > ANSWER_BYTES_MAX:
        raise ConnectionLost(f"the answer has more than {ANSWER_BYTES_MAX:,} bytes, which are read at most")
    return size


class Address:
    """Where a server is, and how a request to it begins."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected a URL like http://localhost:8080, found {url!r}")
        self.proxy = _proxy_for(parts.scheme, parts.hostname)
        self.is_plain = parts.scheme == "http" and not self.proxy
        self.host, self.port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        self.prefix = parts.path.rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc}{self.prefix}"
        self._host_line = f"host: {parts.netloc.rpartition('@')[2]}\r\n"

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None) -> bytes:
        """A whole request as bytes."""
        lines = f"{method} {self.prefix}{path} HTTP/1.1\r\n{self._host_line}accept: application/json\r\n"
        for name, value in (headers or {}).items():
            if "\r" in value or "\n" in value:
                raise ValueError(f"the header {name} has a line break in it")
            lines += f"{name}: {value}\r\n"
        if body is None:
            return f"{lines}\r\n".encode("latin-1")
        if not headers or "content-type" not in headers:
            lines += "content-type: application/json\r\n"
        return f"{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body


def _proxy_for(scheme: str, host: str) -> str:
    """The proxy that the environment sends requests to this host through, without its password; nothing without one."""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    proxy = next(filter(None, map(os.environ.get, names)), "")
    if not proxy:
        return ""
    from urllib.request import proxy_bypass

    before, separator, address = proxy.rpartition("@")
    scheme, has_scheme, _ = before.partition("://")
    return "" if proxy_bypass(host) else (f"{scheme}://{address}" if separator and has_scheme else address)


class Connection(Protocol):
    """A connection that blocks. Use it from one thread at a time."""

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """Ask and wait for the answer. Raises Unavailable; ConnectionLost where nobody knows whether it was taken in."""

    def close(self) -> None:
        """Close it; the next request opens it again."""


class AsyncConnection(Protocol):
    """A connection on the event loop; one request at a time."""

    async def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """Ask and wait for the answer. Raises Unavailable; ConnectionLost where nobody knows whether it was taken in."""

    def close(self) -> None:
        """Close it; the next request opens it again."""


def connect(url: str) -> Connection:
    """A connection to a server; it is opened by the first request. Raises ValueError for what is no URL."""
    address = Address(url)
    if address.is_plain:
        return _PlainConnection(address)
    from refold.client.connection_httpx import HttpxConnection

    return HttpxConnection(address)


def connect_async(url: str) -> AsyncConnection:
    """The same for the event loop."""
    address = Address(url)
    if address.is_plain:
        return _PlainAsyncConnection(address)
    from refold.client.connection_httpx import HttpxAsyncConnection

    return HttpxAsyncConnection(address)


class _PlainConnection:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._parser = Parser()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See Connection."""
        content = self._address.request(method, path, body, headers)
        opened = self._kept() or self._open()
        try:
            opened.settimeout(timeout_s)
            opened.sendall(content)
            while (answer := self._parser.feed(_received(opened))) is None:
                pass
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise ConnectionLost(f"{self._address.url}: {error or type(error).__name__}") from None
            raise
        if not self._parser.keeps_open:
            self.close()
        return answer

    def _kept(self) -> socket.socket | None:
        """The connection that is open, unless the server has ended it since: then nothing is sent into it."""
        kept = self._socket
        if kept is not None:
            try:
                kept.settimeout(0)
                kept.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return kept
            except OSError:
                pass
            self.close()
        return None

    def _open(self) -> socket.socket:
        try:
            opened = socket.create_connection((self._address.host, self._address.port), CONNECT_TIMEOUT_S)
        except OSError as error:
            raise Unavailable(f"{self._address.url} cannot be reached: {error}") from None
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._parser = opened, Parser()
        return opened

    def close(self) -> None:
        """See Connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _received(opened: socket.socket) -> bytes:
    data = opened.recv(_READ_BYTES)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data


class _Protocol(asyncio.Protocol):
    """The transport's side of a connection on the loop."""

    def __init__(self) -> None:
        self.parser = Parser()
        self.waiter: asyncio.Future[Answer] | None = None
        self.transport: Any = None
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        try:
            answer = self.parser.feed(data)
        except (ValueError, Unavailable) as error:
            self._fail(error)
            return
        if answer is not None and self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(answer)

    def time_is_up(self) -> None:
        """No answer has come in time."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(TimeoutError())

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        self._fail(error or ConnectionResetError("the server closed the connection"))

    def _fail(self, error: Exception) -> None:
        self.is_lost = True
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(ConnectionLost(str(error) or type(error).__name__))
        self.transport.close()


class _PlainAsyncConnection:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._protocol: _Protocol | None = None

    async def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float | None = None
    ) -> Answer:
        """See AsyncConnection."""
        protocol = self._protocol
        if protocol is None or protocol.is_lost or not protocol.parser.keeps_open:
            self.close()
            protocol = await self._open()
        loop = asyncio.get_running_loop()
        protocol.waiter = loop.create_future()
        protocol.transport.write(self._address.request(method, path, body, headers))
        timer = None if timeout_s is None else loop.call_later(timeout_s, protocol.time_is_up)  # a third of what `wait_for` costs
        try:
            return await protocol.waiter
        except TimeoutError:
            self.close()
            raise ConnectionLost(f"{self._address.url}: no answer within {timeout_s} s") from None
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def _open(self) -> _Protocol:
        loop = asyncio.get_running_loop()
        try:
            opening = loop.create_connection(_Protocol, self._address.host, self._address.port)
            _, protocol = await asyncio.wait_for(opening, CONNECT_TIMEOUT_S)
        except OSError as error:
            raise Unavailable(f"{self._address.url} cannot be reached: {error or type(error).__name__}") from None
        self._protocol = protocol
        return protocol

    def close(self) -> None:
        """See AsyncConnection."""
        if self._protocol is not None:
            self._protocol.is_lost = True
            self._protocol.transport.close()
            self._protocol = None
