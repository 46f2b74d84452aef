"""The desk: where activities of the engine's own workflows ask the engine itself, from their threads.

    activity, in its thread ─► call(work) ─► the event loop: work(operator) ─► its outcome

Until the engine serves it, and where none does (`refold run`), who asks waits, and may be cancelled as ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, wait
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from contracts.caller import Caller
from contracts.commands import Command
from contracts.ports.activities import ActivityContext
from domain.bulk.action import Row, Which
from workers.running.activity_error import Cancelled
from workers.running.healing import Healer

T = TypeVar("T")
LOOK_EVERY_S: Final = 0.2


class Selected(NamedTuple):
    """The executions that a filter gave, and up to where the journal of each partition went before that."""

    executions: Sequence[str]
    offsets: Mapping[int, int]


class Standing(NamedTuple):
    """How an execution stands; its output is None until it has one."""

    status: str
    output: Any


class Operator(Protocol):
    """The engine, as its own workflows move it. All methods belong to the event loop's thread."""

    @property
    def is_alone(self) -> bool:
        """Whether no other process runs activities of this log."""

    async def select(self, which: Which, most: int) -> Selected:
        """The executions that are meant, as they are now, the engine's own left out; one more than `most` where there are more."""

    async def succeeded(self, operation: str) -> Selected:
        """Those that an operation has done something with, and offsets before it began."""

    async def rows(self, executions: Sequence[str], incidents: str | None = None) -> Mapping[str, Row]:
        """How executions stand, by their ids; what there is none of is left out. Of incidents those alone that a filter takes."""

    async def has_acted(self, execution: str, caller: Caller, offsets: Mapping[int, int]) -> bool:
        """Whether a command of this caller has been decided in an execution, from these offsets on."""

    async def standing(self, execution: str) -> Standing | None:
        """How an execution stands; None where there is none of that id."""

    async def give(self, execution: str, command: Command, caller: Caller) -> None:
        """Give a command to an execution, and wait until it is durable. Raises what it is refused with."""

    @property
    def healer(self) -> Healer:
        """What executions of `refold.heal` ask."""


class Desk:
    """One for a process. `serve` and `close` are of the loop's thread, `call` of any other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._served: tuple[asyncio.AbstractEventLoop, Operator] | None = None

    def serve(self, operator: Operator) -> None:
        """From now on work is done, in this thread's event loop."""
        with self._changed:
            self._served = asyncio.get_running_loop(), operator
            self._changed.notify_all()

    def close(self) -> None:
        """Take no new work in."""
        with self._changed:
            self._served = None

    def call(self, context: ActivityContext, work: Callable[[Operator], Awaitable[T]]) -> T:
        """Have work done, and wait for it. Raises what it raises, and Cancelled once nobody waits for the activity."""
        loop, operator = self._wait_until_served(context)

        async def do() -> T:
            return await work(operator)

        future = asyncio.run_coroutine_threadsafe(do(), loop)
        context.on_cancel(lambda: _cancel(future))
        while True:
            if wait([future], LOOK_EVERY_S).done:
                try:
                    return future.result()
                except CancelledError:
                    raise Cancelled from None
            context.heartbeat()

    def _wait_until_served(self, context: ActivityContext) -> tuple[asyncio.AbstractEventLoop, Operator]:
        while True:
            with self._changed:
                if self._served is not None:
                    return self._served
                self._changed.wait(LOOK_EVERY_S)
            context.heartbeat()


def _cancel(future: Future[Any]) -> None:
    future.cancel()
