"""Retention: what has ended long enough ago is archived and removed, a piece at a time (`workers/archive/retention.py`).

Without an archive nothing is removed, unless somebody has said that it may be: then it is said in the log that there is something.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from infra.server.alone import Alone
from infra.server.archive_desk import ArchiveDesk
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.parts.shared_retention import ArchivingShared, KeepingShared
from infra.server.retention import RetentionSetup, made_for
from workers.archive.retention import PAUSE_MS, Then

_log = logging.getLogger("refold.retention")


class Archiving(Running):
    """Moves retention, and does in a thread what would hold up the owner."""

    def __init__(self, setup: RetentionSetup, alone: Alone, wake: Callable[[], None], desk: ArchiveDesk | None = None) -> None:
        self._pool, self._wake, self._desk = ThreadPoolExecutor(1, "refold-retention"), wake, desk
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived: deque[tuple[Then, object]] = deque()
        self._retention = made_for(setup, alone, self._beside)

    async def start(self) -> None:
        """From now on what is done in the thread is heard of."""
        self._loop = asyncio.get_running_loop()
        if self._desk is not None:
            self._desk.serve(self._hurry)

    def _hurry(self, then: Callable[[str], None]) -> None:
        self._retention.hurry(then)
        self._wake()

    def _beside(self, work: Callable[[], object], then: Then) -> None:
        def done(future: Future[object]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            self._arrived.append((then, error if error is not None else future.result()))
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._wake)

        self._pool.submit(work).add_done_callback(done)

    def step(self) -> bool:
        """Go on with what was done in the thread, or with the next thing."""
        if self._loop is None:
            return False
        if self._arrived:
            then, found = self._arrived.popleft()
            then(found)
            return True
        return self._retention.step()

    def next_due(self) -> int | None:
        """When it looks again."""
        return None if self._loop is None else self._retention.next_due()

    async def stop(self) -> None:
        """What is under way in the thread comes to its end; the next process goes on from there."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)


class Keeping(Running):
    """Removes nothing, as nobody has said where to or that it may be; and says so, once there is something to remove."""

    def __init__(self, alone: Alone) -> None:
        self._alone, self._look_at, self._has_told = alone, 0, False

    def step(self) -> bool:
        """Look, now and then."""
        now, owner = self._alone.clock.now(), self._alone.owner
        if not self._has_told and now >= self._look_at and owner.is_current:
            self._look_at = now + PAUSE_MS
            if owner.executions.expired(now, owner.position, 1):
                self._has_told = True
                _tell()
        return False

    def next_due(self) -> int | None:
        """When it looks again."""
        return None if self._has_told or not self._alone.owner.is_current else self._look_at


def _tell() -> None:
    _log.warning(
        "executions have ended longer ago than they are to be kept, and nothing is removed: name a folder for bundles of them "
        "(setting `archive`), or say that they may be removed without (`remove_unarchived`)"
    )


def _make(context: Context) -> Running | None:
    if context.shared is not None and context.shared_retention is not None:
        if context.shared_retention.is_allowed:
            return ArchivingShared(context.shared_retention, context.shared, context.wake, context.archive)
        return KeepingShared(context.shared.owned, context.clock, _tell)
    if context.alone is None or context.retention is None:
        return None
    if context.retention.is_allowed:
        return Archiving(context.retention, context.alone, context.wake, context.archive)
    return Keeping(context.alone)


RETENTION: Final = Part("retention", ("owner",), _make)
