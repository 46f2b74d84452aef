"""One process of a cluster: its membership, the partitions it owns, its gateway; how they begin, and how they end together.

start: tails ─► heartbeats ─► an assignment ─► claims                      (workers/cluster/members.py, owners.py)
drain: nothing new is taken in ─► running activities end ─► partitions are handed over ─► farewell
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from contracts.errors import LogError, LogUnreachable
from contracts.members import PartitionHeld
from contracts.worker_topics import CANCELLATIONS, MEMBERS
from infra.server.cluster.service import ClusterService
from infra.server.cluster.view import cluster_view
from workers.cluster.members import Members, Own, Pace, Who
from workers.cluster.owned import Owned
from workers.cluster.owners import Owners
from workers.cluster.ports import ClusterLog
from workers.cluster.projection_share import projected_by
from workers.cluster.record_outbox import RecordOutbox
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
WAIT_S: Final = 0.1
OUT_S: Final = 2.0
"""How long is waited at the end until everything is out."""
OWNER: Final = "owner"
PROJECTOR: Final = "projector"

_log = logging.getLogger("refold.cluster")


class ClusterProcess:
    """Lives in the event loop. `failed` gets what ends the process."""

    def __init__(
        self,
        who: Who,
        log: ClusterLog,
        outgoing: RecordOutbox,
        owners: Owners,
        service: ClusterService,
        gateway: Gateway,
        look_again: Callable[[], Awaitable[int]],
        pace: Pace | None = None,
    ) -> None:
        self._log, self._record_outbox, self._owners, self._service, self._gateway = log, outgoing, owners, service, gateway
        self._look_again = look_again
        self._partitions = log.log.partitions
        self._is_behind = asyncio.Event()
        """Whether an assignment has named partitions that are not known here yet."""
        self._loop = asyncio.get_running_loop()
        self.members = Members(who, self._store, self._own, lambda: self._partitions, self._on_change, pace)
        self._is_owner = OWNER in who.roles
        self._changed = asyncio.Event()
        self.letters: DeadLetters
        self.on_members: Callable[[], None] = lambda: None
        """Called whenever the members have changed."""
        self._marks: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.failed = owners.failed
        service.view_cluster = lambda: cluster_view(self.members, self._partitions)
        owners.may_take, owners.on_change, owners.on_stood_down = self._may_take, self.members.say_now, self._mark

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
        self.letters.begin(letters, last)
        self._log.follow(DEAD_LETTERS, 0, letters, self.letters.on_records)
        self._log.follow(MEMBERS, 0, start, self.members.on_records)
        self._log.follow(CANCELLATIONS, 0, cancelled, self._gateway.on_cancellations)
        for work in (self.members.run(), self._look_for_partitions()):
            task = asyncio.ensure_future(work)
            task.add_done_callback(self._look_at)
            self._tasks.append(task)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self.failed.done():
            self.failed.set_exception(error)

    async def _store(self, record: bytes) -> None:
        answer = (await self._log.append(MEMBERS, {0: [record]}))[0]
        if isinstance(answer, LogError):
            raise answer

    # Membership.

    def _own(self) -> Own:
        held = {partition: self._held(owned) for partition, owned in self._owners.owned.items() if owned.owner.is_in_charge}
        return Own(partitions=held, workers=tuple(self._gateway.remote.workers().workers))

    def _held(self, owned: Owned) -> PartitionHeld:
        position = owned.owner.position
        return PartitionHeld(
            epoch=owned.epoch,
            position=position,
            lag=max(0, position - self._service.projected_offset(owned.partition)),
            open=len(owned.owner.executions),
            claimed_at=owned.claimed_at,
            takeover_ms=owned.takeover_ms,
        )

    @property
    def projected(self) -> frozenset[int]:
        """The partitions that this process is to project, where the read models are shared."""
        membership = self.members.membership
        assignment = membership.in_force or membership.latest
        projectors = [name for name, one in membership.roster.living() if PROJECTOR in one.said.roles and not one.said.leaving]
        return projected_by(self.members.who.node, {} if assignment is None else assignment.owners, projectors)

    def _on_change(self) -> None:
        self._changed.set()
        self.on_members()
        self.letters.look_again()
        living = self.members.membership.roster.living()
        self._service.tell_of_others({partition: held.position for _, one in living for partition, held in one.said.partitions.items()})
        if self._is_owner:
            assignment = self.members.membership.in_force
            mine = frozenset(partition for partition in self.members.mine if partition < self._partitions)
            if mine != self.members.mine:
                self._is_behind.set()
            self._owners.assign(mine, 0 if assignment is None else assignment.generation)

    def _mark(self, partition: int) -> None:
        self._marks[partition] = self.members.mark()

    async def _may_take(self, partition: int) -> bool:
        """Wait until the partition may be claimed; False where it is not ours any more."""
        while partition in self.members.mine:
            if self.members.may_take(partition) and self.members.confirmed_since(self._marks.get(partition, 0)):
                return True
            self._changed.clear()
            waiting = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({waiting}, timeout=WAIT_S)
            waiting.cancel()
        return False

    async def _look_for_partitions(self) -> None:
        """Partitions may be added at any time."""
        while True:
            waiting = asyncio.ensure_future(self._is_behind.wait())
            await asyncio.wait({waiting}, timeout=LOOK_EVERY_S)
            waiting.cancel()
            self._is_behind.clear()
            try:
                if await self._log.partition_count() > self._partitions:
                    self._partitions = await self._look_again()
                    _log.info("the log has %d partitions now", self._partitions)
                    self._on_change()
            except LogError as error:
                _log.warning("nobody says how many partitions there are: %s", error)
            await asyncio.sleep(LOOK_PAUSE_S)

    # The end.

    async def leave(self) -> None:
        """Hand the partitions over, send what is to be sent, and go."""
        await self.members.leave()
        await self._owners.stop()
        waiting = asyncio.ensure_future(self._record_outbox.settled())
        await asyncio.wait({waiting}, timeout=OUT_S)
        waiting.cancel()
        await self._gateway.close()

    async def close(self) -> None:
        """Let go of everything."""
        for task in self._tasks:
            task.cancel()
        self._record_outbox.close()
        self._service.follower.close()
        await self._owners.stop()
        await self._gateway.close()
        await self._log.close()
