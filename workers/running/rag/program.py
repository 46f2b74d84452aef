"""The RAG process's own program: does the works that it is asked for, each in a thread. See `workers/running/ai/wire.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
from msgspec import Raw

from workers.running.activity_error import ActivityError
from workers.running.ai.serving import main
from workers.running.ai.wire import Done, Fault, Piece, Said, Stop, Work, read_asked
from workers.running.rag.work import Stopped, Task
from workers.running.rag.works import WORKS

THREADS: Final = 4
_encode: Final = msgspec.json.Encoder().encode


class Program:
    """Does works side by side."""

    def __init__(self, say: Callable[[Said], None]) -> None:
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="rag")
        self._running: dict[int, Task] = {}

    def take(self, content: bytes) -> None:
        """Take one message in."""
        match read_asked(content):
            case Work() as work:
                task = self._running[work.number] = Task(
                    self._loop, lambda share: self._say(Piece(number=work.number, text=f"{share:.3f}"))
                )
                doing = self._loop.run_in_executor(self._threads, _done, work, task)
                doing.add_done_callback(lambda done: self._told(work.number, done.result()))
            case Stop(number=number):
                if (found := self._running.get(number)) is not None:
                    found.stop()

    def _told(self, number: int, said: Said | None) -> None:
        self._running.pop(number, None)
        if said is not None:
            self._say(said)


def _done(work: Work, task: Task) -> Said | None:
    """What has come of it; None where nobody waits."""
    try:
        task.go_on()
        given: Any = msgspec.json.decode(work.given)
        return Done(number=work.number, content=Raw(_encode(WORKS[work.name](task, given))))
    except Stopped:
        return None
    except ActivityError as error:
        said = {"details": error.details, "retryable": error.retryable, "retry_after_s": error.retry_after_s}
        return Fault(number=work.number, type=error.error_type, message=str(error), **said)
    except ImportError as error:
        message = f"{work.name} needs a library that cannot be loaded: {error}"
        return Fault(number=work.number, type="rag.not_installed", message=message, retryable=False)
    except Exception as error:  # whatever a library makes of a file: the next work is none the worse for it
        return Fault(number=work.number, type=type(error).__name__, message=f"{work.name}: {error}"[:2_000])


if __name__ == "__main__":
    main(Program)
