"""The readers of a stream as a process: so many connections; a few of them take the times.

    python -m benchmarks.readers URL COUNT < nothing      a line "ready", and when stdin ends a line of JSON

A URL of `http` is that of server-sent events, one of `ws` that of the WebSocket, over which the workflow of its query is read.

A reader that takes times sees for each event how long ago it was decided; the others only count what arrives, and seldom.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from datetime import datetime
from functools import partial
from typing import Final, cast
from urllib.parse import SplitResult, urlsplit

import uvloop

TIMED_EVERY: Final = 50
"""One of so many readers takes the times."""
READ_BYTES: Final = 64 * 1024
"""The others are woken by the kernel (SO_RCVLOWAT) once so much lies there: on two cores they would be what is measured, too."""
BATCH: Final = 200
"""So many connections are opened at a time."""
_UPGRADE: Final = (
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
_EVENT: Final = re.compile(rb'"subject":"([^"]+)","time":"([^"]+)".*?"version":([0-9]+)', re.DOTALL)


class Reader(asyncio.Protocol):
    """One connection."""

    def __init__(self, url: SplitResult, is_timed: bool) -> None:
        is_socket = url.scheme == "ws"
        self._request = f"GET {url.path} HTTP/1.1\r\nhost: {url.netloc}\r\n{_UPGRADE if is_socket else ''}\r\n".encode()
        ask = json.dumps({"subscribe": "events", "id": "a", "workflow": url.query}).encode()
        self._ask = b"\x81" + bytes([0x80 | len(ask)]) + bytes(4) + ask if is_socket else b""
        self._is_timed, self._rest = is_timed, b""
        self.has_begun = asyncio.get_running_loop().create_future()
        self.events = self.doubles = self.ends = 0
        self.times_ms: list[float] = []
        self._last: dict[bytes, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count, or take the times."""
        if not self.has_begun.done():
            self._begin(data)
        if not self._is_timed:
            self.events += data.count(b'{"specversion')
            return
        self.ends += b"event: end" in data
        now, end = time.time() * 1_000, 0
        self._rest += data
        for found in list(_EVENT.finditer(self._rest)):
            (subject, decided, version), end = found.groups(), found.end()
            self.events += 1
            self.doubles += int(version) <= self._last.get(subject, 0)
            self._last[subject] = int(version)
            self.times_ms.append(now - datetime.fromisoformat(decided.decode()).timestamp() * 1_000)
        self._rest = self._rest[end:]

    def _begin(self, data: bytes) -> None:
        if self._ask and b" 101 " in data:
            self._transport.write(self._ask)
        if b'"position":"' not in data:
            return
        self.has_begun.set_result(None)
        if not self._is_timed:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, READ_BYTES)

    def connection_lost(self, error: Exception | None) -> None:
        """The server has ended it."""
        self.ends += 1


def _same(reader: Reader) -> Reader:
    return reader


async def read(url: str, count: int) -> None:
    """Read until stdin ends."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    readers: list[Reader] = []
    for first in range(0, count, BATCH):
        opened = [Reader(parts, number % TIMED_EVERY == 0) for number in range(first, min(first + BATCH, count))]
        for reader in opened:
            await loop.create_connection(partial(_same, reader), parts.hostname or "", parts.port or 80)
        await asyncio.gather(*(reader.has_begun for reader in opened))
        readers += opened
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    timed = [reader for reader in readers if reader.times_ms]
    times = sorted(time for reader in timed for time in reader.times_ms)
    counts = [reader.events for reader in readers]
    told = {
        "p50_ms": times[len(times) // 2],
        "p95_ms": times[len(times) * 95 // 100],
        "p99_ms": times[len(times) * 99 // 100],
        "events_least": min(counts),
        "events_most": max(counts),
        "doubles": sum(reader.doubles for reader in readers),
        "ends": sum(reader.ends for reader in readers),
        "cpu_s": time.process_time(),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(read(sys.argv[1], int(sys.argv[2])))
