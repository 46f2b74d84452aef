"""Forwards connections: `python forwarding.py LISTEN=TARGET …`, each side `tcp:PORT` of loopback or `unix:PATH`. It holds a cut apart.

    engine ─► 127.0.0.1:9092 of its own network namespace ─► unix socket ─► 127.0.0.1:9092 of the machine ─► broker

Sockets of files reach through namespaces, where the network does not. A forwarder that is stopped is a network that is
silent; the interface of the namespace taken down is one that is gone.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(place: str) -> Streams:
    sort, _, where = place.partition(":")
    if sort == "tcp":
        return await asyncio.open_connection("127.0.0.1", int(where))
    return await asyncio.open_unix_connection(where)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await reader.read(262_144):
            writer.write(content)
            await writer.drain()
    writer.close()


async def _listen(place: str, target: str) -> None:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await _connect(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    sort, _, where = place.partition(":")
    if sort == "tcp":
        server = await asyncio.start_server(forward, "127.0.0.1", int(where))
    else:
        Path(where).unlink(missing_ok=True)
        server = await asyncio.start_unix_server(forward, where)
    async with server:
        await server.serve_forever()


async def _main(pairs: list[str]) -> None:
    await asyncio.gather(*(_listen(*pair.split("=")) for pair in pairs))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
