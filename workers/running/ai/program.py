"""The AI process's own program: reads what it is asked from stdin and answers on stdout, until stdin ends. See `wire.py`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from workers.running.ai.asking import Models
from workers.running.ai.faults import fault_of
from workers.running.ai.wire import LENGTH_BYTES, Ask, Call, Piece, Said, Stop, frame, read_asked

if TYPE_CHECKING:
    from workers.running.ai.servers import Servers

FRAME_S: Final = 0.03
"""So long pieces of text are gathered before they leave: each costs everybody behind, and nobody reads faster."""


class Program:
    """Serves calls side by side."""

    def __init__(self, say: Callable[[Said], None]) -> None:
        self._say = say
        self._models = Models()
        self._servers: Servers | None = None
        self._running: dict[int, asyncio.Task[None]] = {}

    def take(self, content: bytes) -> None:
        """Take one message in."""
        match read_asked(content):
            case Ask() as ask:
                task = asyncio.get_running_loop().create_task(self._serve(ask))
                self._running[ask.number] = task
                task.add_done_callback(lambda _: self._running.pop(ask.number, None))
            case Call() as call:
                task = asyncio.get_running_loop().create_task(self._serve_call(call))
                self._running[call.number] = task
                task.add_done_callback(lambda _: self._running.pop(call.number, None))
            case Stop(number=number):
                if (found := self._running.get(number)) is not None:
                    found.cancel()

    async def _serve_call(self, call: Call) -> None:
        from workers.running.ai.servers import Servers  # half a second that only who calls tools has to wait

        if self._servers is None:
            self._servers = Servers()
        self._say(await self._servers.ask(call))

    async def _serve(self, ask: Ask) -> None:
        gathered = _Gathered(lambda text: self._say(Piece(number=ask.number, text=text)))
        try:
            answer: Said = await self._models.ask(ask, gathered.add)
        except asyncio.CancelledError:
            gathered.drop()
            raise
        except Exception as error:
            answer = fault_of(ask, error)
        gathered.flush()
        self._say(answer)


class _Gathered:
    """Pieces of text that wait to leave together."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._texts: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        self._texts.append(text)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FRAME_S, self.flush)

    def flush(self) -> None:
        text = "".join(self._texts)
        self.drop()
        if text:
            self._say(text)

    def drop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._texts.clear()


async def serve() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(out, "wb", 0))
    program = Program(lambda said: transport.write(frame(said)))
    with suppress(asyncio.IncompleteReadError):
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            program.take(await reader.readexactly(length))


def main() -> None:
    """Serve, and end at once when the engine is gone: the connections are closed with the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it is meant for the engine, which ends this
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(serve())


if __name__ == "__main__":
    main()
