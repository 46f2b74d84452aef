"""Taking part in a cluster: what this process says of itself, what follows from what the others say, and its farewell.

start: tails ─► heartbeats ─► an assignment ─► claims                      (workers/cluster/members.py, owners.py)
leave: partitions are handed over ─► farewell ─► everything is out
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from contracts.errors import LogError, LogUnreachable
from contracts.members import PartitionHeld
from contracts.worker_topics import CANCELLATIONS, MEMBERS
from infra.server.progress import Progress
from workers.cluster.follower import Follower
from workers.cluster.members import Members, Own
from workers.cluster.owned import Owned
from workers.cluster.owners import Owners
from workers.cluster.permission import MembersPermission
from workers.cluster.ports import ClusterLog
from workers.cluster.projection_share import ProjectionShare
from workers.cluster.record_outbox import RecordOutbox
from workers.cluster.shared_channel import SharedChannel
from workers.tasks.dead_letters import DEAD_LETTERS, DeadLetters
from workers.tasks.dead_letters import LOOK_BACK_RECORDS as LOOK_BACK_LETTERS
from workers.tasks.gateway import Gateway

LOOK_BACK_RECORDS: Final = 2_000
"""So many records of the members' topic are read at the start: a repeat of the assignment is among them."""
LOOK_EVERY_S: Final = 5.0
"""How often it is looked whether partitions were added."""
START_S: Final = 30.0
"""So long a process that starts tries to reach the brokers again."""
LOOK_PAUSE_S: Final = 0.2
OUT_S: Final = 2.0
"""How long is waited at the end until everything is out."""
OWNER: Final = "owner"

_log = logging.getLogger("refold.cluster")

TASKS_TOLD_MAX: Final = 3
"""So many of the tasks of each worker a heartbeat tells of."""


class Participation:
    """Lives in the event loop. `failed` gets what ends the process. See `workers.cluster.members.Host`."""

    def __init__(
        self,
        log: ClusterLog,
        members: Members,
        permission: MembersPermission,
        owners: Owners,
        gateway: Gateway,
        letters: DeadLetters,
        progress: Progress,
        share: ProjectionShare | None,
        outbox: RecordOutbox,
        follower: Follower,
        channel: SharedChannel,
        look_again: Callable[[], Awaitable[int]],
        failed: asyncio.Future[None],
    ) -> None:
        """`look_again` takes notice of partitions that were added, everywhere; `share` is where the read models are everybody's."""
        self._log, self._members, self._permission, self._owners, self._gateway = log, members, permission, owners, gateway
        self._letters, self._progress, self._share, self._outbox, self._follower = letters, progress, share, outbox, follower
        self._channel, self._look_again, self._failed = channel, look_again, failed
        self.partitions = log.log.partitions
        self._is_behind = asyncio.Event()
        """Whether an assignment has named partitions that are not known here yet."""
        self._is_owner = OWNER in members.who.roles
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to take part. Raises LogUnreachable where no broker answers for long."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                end = await self._log.end(MEMBERS, 0)
                start = max(await self._log.start(MEMBERS, 0), end - LOOK_BACK_RECORDS)
                cancelled = await self._log.end(CANCELLATIONS, 0)
                last = await self._log.end(DEAD_LETTERS, 0)
                letters = max(await self._log.start(DEAD_LETTERS, 0), last - LOOK_BACK_LETTERS)
                break
            except LogUnreachable:  # brokers start and restart
                if time.monotonic() > deadline:
                    raise
        self._letters.begin(letters, last)
        self._log.follow(DEAD_LETTERS, 0, letters, self._letters.on_records)
        self._log.follow(MEMBERS, 0, start, self._members.on_records)
        self._log.follow(CANCELLATIONS, 0, cancelled, self._gateway.on_cancellations)
        for work in (self._members.run(self), self._look_for_partitions()):
            task = asyncio.ensure_future(work)
            task.add_done_callback(self._look_at)
            self._tasks.append(task)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    # Membership.

    def own(self) -> Own:
        """See Host."""
        held = {partition: self._held(owned) for partition, owned in self._owners.owned.items() if owned.owner.is_in_charge}
        workers = tuple(self._gateway.remote.workers(TASKS_TOLD_MAX).workers)
        rows = {} if self._progress.process is None else self._progress.all
        return Own(partitions=held, workers=workers, rows=rows, heard=self._channel.heard)

    def _held(self, owned: Owned) -> PartitionHeld:
        position = owned.owner.position
        return PartitionHeld(
            epoch=owned.epoch,
            position=position,
            lag=max(0, position - self._progress.of(owned.partition)),
            open=len(owned.owner.executions),
            claimed_at=owned.claimed_at,
            takeover_ms=owned.takeover_ms,
        )

    def on_change(self) -> None:
        """See Host."""
        self._permission.look_again()
        if self._share is not None:
            self._share.look_again()
        self._letters.look_again()
        self._channel.hear_of(self._members.heard_by_others())
        membership = self._members.membership
        for _, one in membership.table.living():
            self._progress.tell_of_others({partition: held.position for partition, held in one.said.partitions.items()})
        if self._is_owner:
            mine = frozenset(partition for partition in self._members.mine if partition < self.partitions)
            if mine != self._members.mine:
                self._is_behind.set()
            self._owners.assign(mine, 0 if membership.in_force is None else membership.in_force.generation)

    async def _look_for_partitions(self) -> None:
        """Partitions may be added at any time."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._is_behind.wait()
            self._is_behind.clear()
            try:
                if await self._log.partition_count() > self.partitions:
                    self.partitions = await self._look_again()
                    _log.info("the log has %d partitions now", self.partitions)
                    self.on_change()
            except LogError as error:
                _log.warning("nobody says how many partitions there are: %s", error)
            await asyncio.sleep(LOOK_PAUSE_S)

    # The end.

    async def leave(self) -> None:
        """Hand the partitions over, send what is to be sent, and go."""
        await self._members.leave()
        await self._owners.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(OUT_S):
                await self._outbox.settled()
        await self._gateway.close()

    async def close(self) -> None:
        """Let go of everything."""
        for task in self._tasks:
            task.cancel()
        self._channel.close()
        self._outbox.close()
        self._follower.close()
        await self._log.close()
