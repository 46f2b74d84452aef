"""Retention in a cluster: what has ended in the partitions that are owned here is archived and removed, each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from contracts.ports.clock import Clock
from infra.server.parts.running import Running
from infra.server.shared_retention import SharedRetentionSetup
from workers.archive.retention import PAUSE_MS, Then
from workers.archive.shared_retention import SharedRetention
from workers.cluster.owned import Owned, OwnedTable

if TYPE_CHECKING:
    from infra.server.archive_desk import ArchiveDesk
    from infra.server.cluster.shared import Shared

REACHED_S = 10.0
"""So long the thread waits for who says how far the rows are."""


class _Reached:
    """How far those are who read a partition's journal, asked in the event loop by the thread that archives."""

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop, partition: int) -> None:
        self._shared, self._loop, self._partition = shared, loop, partition

    def reached(self) -> int | None:
        """See Bounds."""
        return asyncio.run_coroutine_threadsafe(self._shared.reached(self._partition), self._loop).result(REACHED_S)


class ArchivingShared(Running):
    """Moves the retention of each partition that is owned here, and does in a thread what would hold up the rounds."""

    def __init__(self, setup: SharedRetentionSetup, shared: Shared, wake: Callable[[], None], desk: ArchiveDesk | None = None) -> None:
        self._setup, self._shared, self._wake, self._desk = setup, shared, wake, desk
        self._asked = 0
        """When somebody at another process has last asked to archive what is due at once."""
        self._pool = ThreadPoolExecutor(1, "refold-retention")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._of: dict[int, SharedRetention] = {}

    async def start(self) -> None:
        """From now on what is done in the thread is heard of."""
        self._loop = asyncio.get_running_loop()
        self._asked = self._shared.members.archive_asked
        if self._desk is not None:
            self._desk.serve(self._hurry)

    def _hurry(self, then: Callable[[str], None]) -> None:
        """Do what is due at once, here and, as they hear of it, in all other processes."""
        self._asked = self._shared.clock.now()
        self._shared.members.ask_to_archive(self._asked)
        self._hurry_here(then)

    def _hurry_here(self, then: Callable[[str], None]) -> None:
        assert self._loop is not None
        here = [self._retention(self._shared.owned[one], self._loop) for one in self._shared.owned.in_charge()]
        left, failed = len(here), list[str]()

        def done(why: str) -> None:
            nonlocal left
            left -= 1
            failed.extend(filter(None, (why,)))
            if not left:
                then("; ".join(failed))

        for retention in here:
            retention.hurry(done)
        if not here:
            then("")
        self._wake()

    def _beside(self, partition: int, work: Callable[[], object], then: Then) -> None:
        def do() -> object:
            self._setup.look_again(partition)
            return work()

        def done(future: Future[object]) -> None:
            if not future.cancelled() and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(arrive, future.exception() or future.result())

        def arrive(found: object) -> None:
            then(found)
            self._wake()

        self._pool.submit(do).add_done_callback(done)

    def step(self) -> bool:
        """Go on with one partition where that can be now."""
        if self._loop is None:
            return False
        now, owned = self._shared.clock.now(), self._shared.owned
        if (asked := self._shared.members.archive_asked) > self._asked:
            self._asked = asked
            self._hurry_here(lambda _: None)
        for partition in owned.in_charge():
            retention = self._retention(owned[partition], self._loop)
            if (due := retention.next_due()) is None or due > now:
                continue
            if not owned.is_current(partition):
                self._shared.rounds.between(self._wake)
            elif retention.step():
                return True
        return False

    def _retention(self, owned: Owned, loop: asyncio.AbstractEventLoop) -> SharedRetention:
        found = self._of.get(owned.partition)
        if found is None or found.owner is not owned.owner:
            shared, beside = self._shared, partial(self._beside, owned.partition)
            bounds = _Reached(shared, loop, owned.partition)
            found = self._setup.of(owned.owner, shared.catalog, shared.clock, beside, shared.rounds.wake, bounds)
            self._of[owned.partition] = found
        return found

    def next_due(self) -> int | None:
        """When one of them looks again."""
        if self._loop is None:
            return None
        dues = (self._of[one].next_due() for one in self._shared.owned.in_charge() if one in self._of)
        return min((due for due in dues if due is not None), default=self._shared.clock.now() + PAUSE_MS)

    async def stop(self) -> None:
        """What is under way in the thread comes to its end; whoever owns the partitions next goes on from there."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)


class KeepingShared(Running):
    """Removes nothing, as nobody has said where to or that it may be; and says so, once there is something to remove."""

    def __init__(self, owned: OwnedTable, clock: Clock, told: Callable[[], None]) -> None:
        self._owned, self._clock, self._told = owned, clock, told
        self._look_at: int | None = 0

    def step(self) -> bool:
        """Look, now and then."""
        now = self._clock.now()
        if self._look_at is not None and now >= self._look_at:
            self._look_at = now + PAUSE_MS
            owners = [self._owned[one].owner for one in self._owned.in_charge() if self._owned.is_current(one)]
            if any(owner.executions.expired(now, owner.position, 1) for owner in owners):
                self._look_at = None
                self._told()
        return False

    def next_due(self) -> int | None:
        """When it looks again."""
        return self._look_at
