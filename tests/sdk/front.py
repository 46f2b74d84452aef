"""What may stand between a client and a server: TLS in front of the server, and a forward proxy. Both real, both on loopback."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

HEAD_BYTES_MAX = 64 * 1024


class Transport:
    """Something that listens on a free port of loopback, in a thread of its own, and passes on what comes."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Task[Any]] = set()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = self._run(asyncio.start_server(self._attend, "127.0.0.1", 0, ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._open):
            task.cancel()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self.pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class TlsFront(Transport):
    """Takes TLS off, and passes the rest on to a server that speaks plain HTTP."""

    def __init__(self, tls: ssl.SSLContext, target: int) -> None:
        self._target = target
        super().__init__(tls)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(reader, writer, *await asyncio.open_connection("127.0.0.1", self._target))


class ForwardProxy(Transport):
    """A forward proxy: tunnels for CONNECT, and requests with the whole URL. With a password it asks for it."""

    def __init__(self, password: str = "") -> None:
        self.asked: list[str] = []
        """The methods and places that it was asked for."""
        self._wanted = "Basic " + base64.b64encode(password.encode()).decode() if password else ""
        super().__init__()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await read_head(reader):
            first, _, headers = head.partition("\r\n")
            method, place, _ = first.split(" ")
            if self._wanted and f"proxy-authorization: {self._wanted}".lower() not in headers.lower():
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            self.asked.append(f"{method} {place}")
            if method == "CONNECT":
                host, _, port = place.rpartition(":")
                target = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await join(reader, writer, *target)
                return
            await self._relay(reader, writer, method, place, headers)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, place: str, headers: str) -> None:
        """One request and its answer, over a connection of its own to the server."""
        url = urlsplit(place)
        path = place.partition(url.netloc)[2] or "/"
        up_reader, up_writer = await asyncio.open_connection(url.hostname, url.port)
        kept = [line for line in headers.split("\r\n") if line and not line.lower().startswith(("proxy-", "connection:"))]
        up_writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1"))
        length = next((int(line.split(":")[1]) for line in kept if line.lower().startswith("content-length:")), 0)
        up_writer.write(await reader.readexactly(length))
        try:
            await copy(up_reader, writer)
        finally:
            up_writer.close()
        raise ConnectionResetError("one answer a connection: the server has closed it")


async def read_head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n")
    except asyncio.IncompleteReadError:
        return ""


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(HEAD_BYTES_MAX):
        writer.write(data)
        await writer.drain()


async def join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up_reader: asyncio.StreamReader, up_writer: asyncio.StreamWriter
) -> None:
    """Pass bytes in both directions until either side has had enough."""
    both = [asyncio.ensure_future(copy(reader, up_writer)), asyncio.ensure_future(copy(up_reader, writer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in both:
            one.cancel()
        up_writer.close()
