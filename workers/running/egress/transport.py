"""The transport under httpx: it connects to checked addresses only, and a line through which all of it can be cut.

Every connection, that of a redirect too, goes through `_Backend.connect_tcp`. The name stays in the `Host` header and
in TLS, as only the socket gets the address.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore2
import httpx2

from workers.running.egress.addresses import Allow, Resolve, allowed_addresses


class Line:
    """The sockets of one request. `cut` ends them, and those that are opened later, from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        """Keep a handle on the connection; a duplicate, since TLS takes the first one over."""
        with self._lock:
            self._sockets.append(connected.dup())
            if self._is_cut:
                self._shut_down()

    def cut(self) -> None:
        """End all connections: whoever waits on them wakes up."""
        with self._lock:
            self._is_cut = True
            self._shut_down()

    def close(self) -> None:
        """Let the handles go."""
        with self._lock:
            for held in self._sockets:
                held.close()
            self._sockets.clear()

    def _shut_down(self) -> None:
        for held in self._sockets:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class _Backend(httpcore2.NetworkBackend):
    """Connects to the checked addresses of a host, one after the other."""

    def __init__(self, line: Line, lookup: Resolve, is_allowed: Allow) -> None:
        self._line = line
        self._lookup = lookup
        self._is_allowed = is_allowed
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect. Raises ActivityError `http.forbidden_address`, httpcore2.ConnectError."""
        try:
            addresses = allowed_addresses(host, port, self._lookup, self._is_allowed)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"cannot resolve {host}: {error}") from error
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return self._connect(address, port, timeout, local_address, socket_options)
        return self._connect(addresses[-1], port, timeout, local_address, socket_options)

    def _connect(self, address: str, *rest: Any) -> httpcore2.NetworkStream:
        stream = self._sockets.connect_tcp(address, *rest)
        self._line.hold(stream.get_extra_info("socket"))
        return stream


class _Body(httpx2.SyncByteStream):
    """The body of a response as it comes in."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class Transport(httpx2.BaseTransport):
    """Sends requests over checked connections of its own. Errors of the network come as httpcore2's."""

    def __init__(self, line: Line, lookup: Resolve, is_allowed: Allow, tls: Any) -> None:
        self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=_Backend(line, lookup, is_allowed))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and give the response with its body still to come."""
        url = request.url
        response = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions)

    def close(self) -> None:
        """Close what is still open."""
        self._pool.close()
