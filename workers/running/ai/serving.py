"""How a process beside the engine serves: messages come in by stdin and go out by stdout, until stdin ends. See `wire.py`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from workers.running.ai.wire import LENGTH_BYTES, Said, frame


class Takes(Protocol):
    """What serves: `take` is given each message that comes in."""

    def take(self, content: bytes) -> None:
        """Take one message in."""


async def serve(made: Callable[[Callable[[Said], None]], Takes]) -> None:
    """Serve until stdin ends by what is made here, which is given how to answer."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(out, "wb", 0))
    program = made(lambda said: transport.write(frame(said)))
    with suppress(asyncio.IncompleteReadError):
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            program.take(await reader.readexactly(length))


def main(made: Callable[[Callable[[Said], None]], Takes]) -> None:
    """Serve, and end at once when the engine is gone: the connections are closed with the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it is meant for the engine, which ends this
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(serve(made))
