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
from typing import Final

from contracts.errors import LogCorrupt, LogError
from contracts.ports.clock import Clock
from workers.cluster.offload import Offloading
from workers.cluster.owned import Owned
from workers.cluster.ports import ClusterLog
from workers.cluster.resumption import check_commands
from workers.cluster.rounds import Rounds
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


class Owners:
    """Lives in the event loop. `make` makes the owner of a partition, with what is beside it."""

    def __init__(
        self, log: ClusterLog, make: Callable[[int], Owned], clock: Clock, offloading: Offloading, jitter: Callable[[], float]
    ) -> None:
        self._log, self._make, self._clock, self.offloading, self._jitter = log, make, clock, offloading, jitter
        self._storing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._wanted: frozenset[int] = frozenset()
        self._generation = 0
        self.owned: dict[int, Owned] = {}
        """Those in charge, and those that have just stood down."""
        self.counted = Metrics()
        """What was counted about partitions that were let go."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._pool = ThreadPoolExecutor(1, "refold-recovery")
        self._is_stopped = False
        self._notices = Notices(_log)
        self.failed: asyncio.Future[None] = self._loop.create_future()
        self.rounds = Rounds(log, self.owned, clock, self.failed)
        self.rounds.on_stood_down, self.rounds.on_settled = self._on_stood_down, self._read_on
        self.may_take: Callable[[int], Awaitable[bool]] = _always
        """Waits until a partition may be claimed; False where it is not to be any more."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_stood_down: Callable[[int], None] = lambda partition: None
        self.before_release: Callable[[int], None] = lambda partition: None
        self.on_release: Callable[[Owned, list[Item]], None] = lambda owned, items: None
        self.on_taken: Callable[[Owned], None] = lambda owned: None
        """Called when a partition is ours, before its owner tells of anything."""

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
        if work == self._take and self.is_in_charge(partition):
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
        if not task.cancelled() and (error := task.exception()) is not None and not self.failed.done():
            self.failed.set_exception(error)

    def is_in_charge(self, partition: int) -> bool:
        """Whether the partition is owned here, as far as is known."""
        owned = self.owned.get(partition)
        return owned is not None and owned.owner.is_in_charge and not owned.is_leaving

    def in_charge(self) -> list[int]:
        """The partitions that are owned here."""
        return [partition for partition in self.owned if self.is_in_charge(partition)]

    def is_settled(self, partition: int) -> bool:
        """Whether it is owned here and its memory is what the journal says."""
        return self.is_in_charge(partition) and not self.owned[partition].is_ahead

    # Taking over.

    async def _take(self, partition: int) -> None:
        owned = self.owned.get(partition) or self._make(partition)
        failures = 0
        while partition in self._wanted and not self._is_stopped:
            if not await self.may_take(partition):
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
        owned.is_held_back = owned.is_storing = owned.is_leaving = owned.is_ahead = False
        self.on_taken(owned)
        owned.owner.take_over(recovered)
        owned.claimed_at = self._clock.now()
        owned.takeover_ms = round((time.monotonic() - began) * 1000)
        owned.owner.metrics.count_takeover(owned.claimed_at - owned.takeover_ms, owned.claimed_at)
        self.owned[partition] = owned
        self._log.follow("commands", partition, owned.next, self._on_commands)
        self.on_change()
        self.rounds.wake()

    # Letting go.

    async def _let_go(self, partition: int) -> None:
        owned = self.owned[partition]
        owned.is_leaving = True
        self._log.unfollow("commands", partition)
        await self.rounds.settled(_nothing)
        self.before_release(partition)
        deadline = time.monotonic() + LET_GO_S
        while not owned.dispatch.is_empty and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        del self.owned[partition]
        self.counted = total((self.counted, owned.owner.metrics))
        self.counted.foreign = 0  # of their journals, which are theirs to tell who owns them now
        self.on_release(owned, owned.owner.release())
        self.on_change()

    def _on_stood_down(self, owned: Owned) -> None:
        """Its claim does not hold any more: claim again, if that is still wanted."""
        message = f"partition {owned.partition}: stood down: {owned.owner.metrics.last_stand_down}"
        self._notices.say(logging.WARNING, "stood down", message)
        self._log.unfollow("commands", owned.partition)
        self.on_stood_down(owned.partition)
        self._look_again(owned.partition)

    def on_problem(self, topic: str, partition: int, error: LogError) -> None:
        """A topic cannot be read on."""
        owned = self.owned.get(partition)
        if topic == "commands" and owned is not None:
            _log.critical("commands, partition %d cannot be read on: %s", partition, error)
            owned.owner.stand_down(error)
            self._on_stood_down(owned)

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
        if all(self.offloading.is_ready(item.envelope.command) for item in items):
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
        self.rounds.wake()

    def _begin_storing(self, owned: Owned, items: list[Item]) -> None:
        """Big values are stored, and definitions read, before their commands are decided; what comes behind waits, in its order."""
        epoch = owned.epoch

        async def store() -> None:
            small = await self.offloading.items(items)
            owned.is_storing = False
            if owned.epoch == epoch and self.is_in_charge(owned.partition):
                self._take_in(owned, small)
                self._read_on(owned)

        task = asyncio.ensure_future(store())
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        task.add_done_callback(self._look_at)

    def _hold_back(self, owned: Owned) -> None:
        if not owned.is_held_back:
            owned.is_held_back = True
            self._log.unfollow("commands", owned.partition)

    def _read_on(self, owned: Owned) -> None:
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
        await self.rounds.stop()
        for partition in list(self.owned):
            self._log.unfollow("commands", partition)
            self.owned.pop(partition).owner.release()
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _always(partition: int) -> bool:
    return True


def _nothing() -> None:
    """There is nothing to read: the end of the round is what is waited for."""
