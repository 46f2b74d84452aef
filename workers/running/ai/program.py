"""The AI process's own program: reads what it is asked from stdin and answers on stdout, until stdin ends. See `wire.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from workers.running.ai.asking import Models
from workers.running.ai.faults import fault_of
from workers.running.ai.serving import main
from workers.running.ai.wire import Ask, Call, Piece, Said, Stop, read_asked

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


if __name__ == "__main__":
    main(Program)
