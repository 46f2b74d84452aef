"""The partitions that this process owns: claimed one by one, moved together (workers/cluster/rounds.py).

assigned ─► allowed (workers/cluster/members.py) ─► claim, fold (in another thread) ─► commands from the highest source on
    ▲                                                                                          │
    └────────────── stood down: a pause, and only when membership is confirmed ◄── rounds ◄────┘
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from contracts.errors import LogCorrupt, LogError
from contracts.ports.clock import Clock
from workers.cluster.decided_commands import drop_decided
from workers.cluster.offload import Offloading
from workers.cluster.owned import Moves, Owned, OwnedTable
from workers.cluster.ports import ClusterLog
from workers.cluster.rounds import Rounds
from workers.cluster.source_check import check_commands
from workers.partition.metrics import Metrics, total
from workers.partition.recovery import Recovered
from workers.partition.round import Item
from workers.tasks.notices import Notices

PAUSES_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""How long to wait before claiming again, longer each time; by chance up to twice as long."""
LET_GO_S: Final = 0.5
"""How long a partition that is let go may take to send what it still has to."""
INTAKE_MAX: Final = 5_000
"""With so many commands waiting, no more are read until half of them are decided."""

_log = logging.getLogger("refold.cluster")


class Permission(Protocol):
    """Whether a partition may be claimed; see `workers.cluster.permission`."""

    async def may_take(self, partition: int) -> bool:
        """Wait until it may be; False where it is not to be any more."""

    def stood_down(self, partition: int) -> None:
        """It was thrown out of: only what is confirmed from now on permits it again."""

    def changed(self) -> None:
        """A partition has come or gone: the others are to hear of it."""


class Callers(Protocol):
    """Those who wait here for what becomes of executions, wherever these are owned; see `workers.cluster.router`."""

    def taken(self, owned: Owned) -> None:
        """A partition is ours; its owner has told of nothing yet."""

    def released(self, owned: Owned, items: list[Item]) -> None:
        """A partition is ours no more; these were not decided here."""


class Owners:
    """Lives in the event loop. `make` makes the owner of a partition, with what is beside it; `owned` are those in charge.

    `before_release` is called before a partition is let go: what it still has to send goes out then.
    """

    def __init__(
        self,
        log: ClusterLog,
        owned: OwnedTable,
        rounds: Rounds,
        make: Callable[[int, Moves], Owned],
        clock: Clock,
        offloading: Offloading,
        permission: Permission,
        callers: Callers,
        before_release: Callable[[int], None],
        failed: asyncio.Future[None],
        jitter: Callable[[], float],
    ) -> None:
        self._log, self.owned, self._rounds, self._make, self._clock, self._offloading = log, owned, rounds, make, clock, offloading
        self._permission, self._callers, self._before_release, self._jitter = permission, callers, before_release, jitter
        self._loop = asyncio.get_running_loop()
        self._storing: set[asyncio.Task[None]] = set()
        self._wanted: frozenset[int] = frozenset()
        self._generation = 0
        self.counted = Metrics()
        """What was counted about partitions that were let go."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._pool = ThreadPoolExecutor(1, "refold-recovery")
        self._is_stopped = False
        self._notices = Notices(_log)
        self._failed = failed

    # Which partitions.

    def assign(self, partitions: frozenset[int], generation: int) -> None:
        """From now on own these, and no others."""
        self._wanted, self._generation = partitions, generation
        for partition in partitions:
            self._begin(partition, self._take)
        for partition in set(self.owned) - partitions:
            self._begin(partition, self._let_go)

    def _begin(self, partition: int, work: Callable[[int], Awaitable[None]]) -> None:
        """One thing at a time is done about a partition; afterwards it is seen whether that is still what is wanted."""
        if partition in self._tasks or self._is_stopped:
            return
        if work == self._take and self.owned.is_in_charge(partition):
            return

        async def run() -> None:
            try:
                await work(partition)
            finally:
                self._tasks.pop(partition, None)
            self._look_again(partition)

        task = self._tasks[partition] = asyncio.ensure_future(run())
        task.add_done_callback(self._look_at)

    def _look_again(self, partition: int) -> None:
        if partition in self._wanted:
            self._begin(partition, self._take)
        elif partition in self.owned:
            self._begin(partition, self._let_go)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """What ends in an error that nobody expects ends the process, loudly, instead of leaving a partition without an owner."""
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    # Taking over.

    async def _take(self, partition: int) -> None:
        owned = self.owned.get(partition) or self._make(partition, self)
        failures = 0
        while partition in self._wanted and not self._is_stopped:
            if not await self._permission.may_take(partition):
                return
            began = time.monotonic()
            try:
                recovered = await self._loop.run_in_executor(self._pool, owned.owner.recover, self._generation)
                await check_commands(self._log, owned.intake, recovered)
            except LogError as error:
                self._tell_not_taken(partition, error)
                owned.owner.metrics.last_stand_down = str(error)
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)] * (1 + self._jitter()))
                failures += 1
                continue
            if partition in self._wanted and not self._is_stopped:
                self._take_over(owned, recovered, began)
            return

    def _tell_not_taken(self, partition: int, error: LogError) -> None:
        message = f"partition {partition} could not be taken over: {error}"
        if isinstance(error, LogCorrupt):
            self._notices.say(logging.CRITICAL, f"corrupt {partition}", message)
        else:
            self._notices.say(logging.WARNING, type(error).__name__, message)

    def _take_over(self, owned: Owned, recovered: Recovered, began: float) -> None:
        partition = owned.partition
        owned.epoch = recovered.checkpoint.offset - 1
        owned.next = recovered.checkpoint.sources.get(partition, -1) + 1
        owned.is_held_back = owned.is_storing = owned.is_leaving = False
        self._callers.taken(owned)
        owned.owner.take_over(recovered)
        owned.claimed_at = self._clock.now()
        owned.takeover_ms = round((time.monotonic() - began) * 1000)
        owned.owner.metrics.count_takeover(owned.claimed_at - owned.takeover_ms, owned.claimed_at)
        self.owned[partition] = owned
        self._log.follow("commands", partition, owned.next, self._on_commands)
        self._permission.changed()
        self._rounds.wake()
        if recovered.thrown_away:  # whoever threw the keys away may have been killed before this
            task = asyncio.ensure_future(drop_decided(self._log, partition, recovered.checkpoint))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    # Letting go.

    async def _let_go(self, partition: int) -> None:
        owned = self.owned[partition]
        owned.is_leaving = True
        self._log.unfollow("commands", partition)
        await self._rounds.settled(_nothing)
        self._before_release(partition)
        deadline = time.monotonic() + LET_GO_S
        while not owned.task_outbox.is_empty and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        del self.owned[partition]
        self.counted = total((self.counted, owned.owner.metrics))
        self.counted.foreign = 0  # of their journals, which are theirs to tell who owns them now
        self._callers.released(owned, owned.owner.release())
        self._permission.changed()

    def stood_down(self, owned: Owned) -> None:
        """Its claim does not hold any more: claim again, if that is still wanted."""
        message = f"partition {owned.partition}: stood down: {owned.owner.metrics.last_stand_down}"
        self._notices.say(logging.WARNING, "stood down", message)
        self._log.unfollow("commands", owned.partition)
        self._permission.stood_down(owned.partition)
        self._look_again(owned.partition)

    def on_problem(self, topic: str, partition: int, error: LogError) -> None:
        """A topic cannot be read on."""
        owned = self.owned.get(partition)
        if topic == "commands" and owned is not None:
            _log.critical("commands, partition %d cannot be read on: %s", partition, error)
            owned.owner.stand_down(error)
            self.stood_down(owned)

    # Commands.

    def _on_commands(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
        owned = self.owned.get(partition)
        if owned is None or owned.is_leaving:
            return
        items: list[Item] = []
        for offset, _, content in records:
            owned.next = offset + 1
            item = owned.intake.item(offset, content)
            if item is not None:
                items.append(item)
        if all(self._offloading.is_ready(item.envelope) for item in items):
            self._take_in(owned, items)
        else:
            self._hold_back(owned)
            owned.is_storing = True
            self._begin_storing(owned, items)

    def _take_in(self, owned: Owned, items: list[Item]) -> None:
        for item in items:
            owned.owner.take(item)
        if owned.owner.waiting > INTAKE_MAX:
            self._hold_back(owned)
        self._rounds.wake()

    def _begin_storing(self, owned: Owned, items: list[Item]) -> None:
        """Big values are stored, and definitions read, before their commands are decided; what comes behind waits, in its order."""
        epoch = owned.epoch

        async def store() -> None:
            small = await self._offloading.items(items)
            owned.is_storing = False
            if owned.epoch == epoch and self.owned.is_in_charge(owned.partition):
                self._take_in(owned, small)
                self.acted(owned)

        task = asyncio.ensure_future(store())
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        task.add_done_callback(self._look_at)

    def _hold_back(self, owned: Owned) -> None:
        if not owned.is_held_back:
            owned.is_held_back = True
            self._log.unfollow("commands", owned.partition)

    def acted(self, owned: Owned) -> None:
        """Read further commands, if they were held back and there is room."""
        if owned.is_held_back and not owned.is_storing and owned.owner.waiting < INTAKE_MAX // 2:
            owned.is_held_back = False
            self._log.follow("commands", owned.partition, owned.next, self._on_commands)

    # The end.

    async def stop(self) -> None:
        """Let go of everything at once; what was not decided is taken up by whoever owns it next."""
        self._wanted, self._is_stopped = frozenset(), True
        for task in list(self._tasks.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()))
        await self._rounds.stop()
        for partition in list(self.owned):
            self._log.unfollow("commands", partition)
            self.owned.pop(partition).owner.release()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _nothing() -> None:
    """There is nothing to read: the end of the round is what is waited for."""
