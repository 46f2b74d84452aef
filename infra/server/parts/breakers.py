"""How circuit breakers stand is told by the process that keeps them, and heard by all that hand activities out.

What is told follows from the executions of the breakers, so after a restart nothing is told twice, and nothing is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from contracts.breakers import CLOSED, STATES, BreakerTold, encode
from contracts.caller import ENGINE
from contracts.errors import RefoldError
from domain.execution.breaker import HOME
from infra.server.alone import Alone
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from workers.partition.breaker_book import BreakerBook

if TYPE_CHECKING:
    from infra.server.cluster.shared import Shared

Write: TypeAlias = Callable[[str, bytes | None, Callable[[bool], None]], None]
"""Writes how a breaker of this name stands, or that there is no such breaker; calls back whether that is durable."""
AGAIN_MS: Final = 1_000
"""What could not be told is tried again after so long."""
_log = logging.getLogger("refold.breakers")


class Telling(Running):
    """Tells how breakers stand."""

    def __init__(
        self, book: BreakerBook, is_kept: Callable[[], bool], write: Write, now: Callable[[], int], wake: Callable[[], None]
    ) -> None:
        self._book, self._is_kept, self._write, self._now, self._wake = book, is_kept, write, now, wake
        self._seen: tuple[object, int] = None, -1
        self._again_at: int | None = None
        self._is_writing = False

    async def start(self) -> None:
        """From now on what others have written about breakers wakes the process."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self._book.hear(told)

    def step(self) -> bool:
        """Tell of the first breaker of which something else is known than was told."""
        wanted, seen = self._book.wanted, (self._book.wanted, self._book.number)
        if self._is_writing or wanted is None or not self._is_kept() or self._has_seen(seen):
            return False
        found = next(differences(self._book, wanted), None)
        if found is None:
            self._seen, self._again_at = seen, None
            return False
        name, told = found
        self._is_writing = True
        self._write(name, None if told is None else encode(told), self._written)
        return True

    def _has_seen(self, seen: tuple[object, int]) -> bool:
        if self._again_at is not None:
            return self._now() < self._again_at
        return self._seen[0] is seen[0] and self._seen[1] == seen[1]

    def _written(self, is_durable: bool) -> None:
        self._is_writing = False
        self._again_at = None if is_durable else self._now() + AGAIN_MS

    def next_due(self) -> int | None:
        """When it is tried again."""
        return self._again_at


def differences(book: BreakerBook, wanted: Mapping[str, BreakerTold]) -> Iterator[tuple[str, BreakerTold | None]]:
    """Of which breaker what is to be told; None of one that is gone."""
    for name in [*book.told]:
        if name not in book.rules and wanted.get(name, CLOSED).state == "closed":
            yield name, None
    for name in {**book.told, **wanted}:
        told, stands = book.stands(name), wanted.get(name, CLOSED)
        if name in book.rules and stands != told and not told.state == stands.state == "closed":
            yield name, stands


def _write_alone(alone: Alone, name: str, value: bytes | None, then: Callable[[bool], None]) -> None:
    try:
        if value is None:
            alone.resources.delete(STATES, name, ENGINE.actor)
        else:
            alone.resources.write(STATES, name, value, ENGINE.actor)
    except RefoldError as error:
        _log.warning("how the circuit breaker %s stands could not be told, and is tried again: %s", name, error)
        then(False)
    else:
        then(True)


class SharedWrite:
    """The same where the log may be far away: in the thread that publishes."""

    def __init__(self, shared: Shared, wake: Callable[[], None]) -> None:
        self._shared, self._wake = shared, wake
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, name: str, value: bytes | None, then: Callable[[bool], None]) -> None:
        """Later."""
        task = asyncio.ensure_future(self._tell(name, value, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, name: str, value: bytes | None, then: Callable[[bool], None]) -> None:
        try:
            await self._shared.service.write_resource(STATES, name, value, ENGINE)
        except Exception as error:  # whatever it is, it is to be told
            unexpected = None if isinstance(error, RefoldError) else error
            _log.warning("how the circuit breaker %s stands could not be told, and is tried again: %s", name, error, exc_info=unexpected)
            then(False)
        else:
            then(True)
        self._wake()


def _make(context: Context) -> Running | None:
    now = context.clock.now
    if context.alone is not None:
        alone = context.alone
        return Telling(alone.breakers, lambda: alone.owner.is_current, partial(_write_alone, alone), now, context.wake)
    if context.shared is None:
        return None
    shared = context.shared

    def wake() -> None:
        shared.rounds.wake()
        context.wake()

    return Telling(shared.breakers, lambda: shared.owned.is_current(HOME), SharedWrite(shared, context.wake), now, wake)


BREAKERS: Final = Part("breakers", ("owner",), _make)
