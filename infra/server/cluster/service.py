"""The service of one process among several: commands for partitions that are owned here go to the owner, others through `commands`.

start, signal, … ─► partition of the execution ─┬─ owned here ─► inbox ─► round ─► answered
                                                └─ elsewhere ──► commands … journal ─► answered (workers/cluster/sender.py)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from api.service import Cluster, Given, Start, Started, Unavailable
from contracts.caller import Caller
from contracts.commands import Command, Envelope
from contracts.errors import Overloaded, Rejected
from contracts.ids import counted_in, make_execution_id
from contracts.journal import Checkpoint
from contracts.ports.clock import Clock
from contracts.positions import position_of
from domain.execution.state import Execution
from infra.chance import Chance
from infra.server.cluster.start_ids import LateStart, ask_and_start, is_counted, key_ids
from infra.server.service import BaseService
from infra.server.starts import Starts, name_of
from infra.settings.model import EngineSettings
from infra.telemetry import Observed, render
from projections.executions import EXECUTIONS
from projections.view import ExecutionView, view_of
from workers.cluster.follower import Follower
from workers.cluster.follower_feed import FollowerGround
from workers.cluster.owned import Owned
from workers.cluster.owners import Owners
from workers.cluster.partitions import LocalPartition, RemotePartition
from workers.cluster.ports import ClusterLog
from workers.cluster.sender import Sender
from workers.partition.catalog import Catalog
from workers.partition.metrics import total
from workers.partition.round import Answer, Item, Reply
from workers.partition.watchers import Watchers
from workers.reading.execution import ExecutionReader
from workers.reading.feed import Feed
from workers.reading.partitions import PartitionedReader
from workers.tasks.dead_letters import DeadLetters

T = TypeVar("T")
_log: Final = logging.getLogger("refold.cluster")


class ClusterService(BaseService):
    """A `Service` over owners here and elsewhere."""

    def __init__(
        self, log: ClusterLog, owners: Owners, catalog: Catalog, reader: PartitionedReader, clock: Clock, settings: EngineSettings
    ) -> None:
        super().__init__(catalog, reader, settings, offers_workers=True)
        self._log, self.owners, self._clock = log, owners, clock
        self._publishing = ThreadPoolExecutor(1, "refold-publishing")
        catalog.is_followed, catalog.learn = True, self._learn
        self._chance = Chance()
        self._next = 0
        self._local: dict[int, tuple[Owned, LocalPartition, Starts]] = {}
        self._remote: dict[int, tuple[RemotePartition, Starts]] = {}
        self._told: dict[int, int] = {}
        self.follower = Follower(log, self._checkpoint_of, catalog.graph)
        self.feed = Feed(FollowerGround(self.follower, reader, self._beside))
        self.sender: Sender
        self.letters: DeadLetters
        self.view_cluster: Callable[[], Cluster]
        self.why_not_ready: Callable[[], str | None] = lambda: None
        owners.on_taken = self._on_taken
        owners.on_release = self._on_release

    async def _in_catalog(self, work: Callable[..., T], *arguments: Any) -> T:
        """In a thread of its own: it may wait for the brokers."""
        return await self._loop.run_in_executor(self._publishing, work, *arguments)

    async def know(self, workflow: str) -> None:
        """Look whether somebody else has published a workflow that is not known here."""
        if not self._catalog.knows(workflow):
            await self._read(self._catalog.read_on)

    def _learn(self, then: Callable[[], None]) -> None:
        """See `Catalog.learn`."""

        async def learn() -> None:
            await self.owners.offloading.learn()
            then()
            self.owners.rounds.wake()

        self._begin(learn())

    def close(self) -> None:
        """Let go of the threads."""
        self.feed.close()
        self._publishing.shutdown(wait=False, cancel_futures=True)
        super().close()

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        self._is_stopping = True
        for starts in self._all_starts():
            starts.stop()

    def _all_starts(self) -> list[Starts]:
        return [starts for _, _, starts in self._local.values()] + [starts for _, starts in self._remote.values()]

    def home(self, execution: str) -> int:
        """The partition where an execution lives."""
        return self._reader.partition_of(execution)

    @property
    def position(self) -> int:
        """No one number says it on a log of several partitions."""
        return 0

    def check_ready(self) -> None:
        """Raise Unavailable while stopping, or while this process is no part of the cluster."""
        self._check_takes()
        if (why := self.why_not_ready()) is not None:
            raise Unavailable("not_in_charge", why)

    @property
    def short(self) -> str:
        """What the machine is short of; empty where nothing is."""
        return next((owned.owner.short for owned in self.owners.owned.values() if owned.owner.short), "")

    # Where commands go.

    def _starts_of(self, partition: int) -> Starts:
        if self.owners.is_in_charge(partition):
            return self._local_of(partition)[1]
        return self._remote_of(partition)[1]

    def _local_of(self, partition: int) -> tuple[LocalPartition, Starts]:
        owned = self.owners.owned[partition]
        known = self._local.get(partition)
        if known is None or known[0] is not owned:
            local = LocalPartition(self.owners, owned)
            known = self._local[partition] = (owned, local, Starts(local, self._catalog, self._view_after))
        return known[1], known[2]

    def _remote_of(self, partition: int) -> tuple[RemotePartition, Starts]:
        known = self._remote.get(partition)
        if known is None:
            remote = RemotePartition(
                partition,
                self.sender,
                self.follower,
                self.owners.offloading,
                self._folded,
                lambda: position_of(partition, self._progress.of(partition)),
            )
            known = self._remote[partition] = (remote, Starts(remote, self._catalog, self._view_after))
        return known

    def route(self, execution: str, command: Command, reply: Reply | None) -> None:
        """Bring what a worker reports to the owner; answered once it is decided, or durable on its way."""
        partition = self.home(execution)
        if self.owners.is_in_charge(partition):
            self._local_of(partition)[0].send(execution, command, reply)
        else:
            self.owners.offloading.send(execution, command, reply, lambda small: self.sender.post(Envelope("", execution, small), reply))

    def carry(self, item: Item, delivered: Callable[[Item], None], partition: int) -> bool:
        """See `Owner.elsewhere`."""
        if self.home(item.envelope.execution) == partition:
            return False
        self.sender.carry(item, delivered)
        return True

    def look_up_end(self, execution: str, watchers: Watchers) -> None:
        """See `Owner.look_up_end`: read in another thread, while the owner goes on."""

        async def look_up() -> None:
            watchers.tell(await self._folded(execution))

        self._begin(look_up())

    def _on_taken(self, owned: Owned) -> None:
        """Who waits here for ends in the partition hears of them from its owner, from the first one that recovery has found."""
        self._remote_of(owned.partition)[0].move_to(owned.owner.watchers)

    def _on_release(self, owned: Owned, items: list[Item]) -> None:
        """What was not decided here goes to whoever owns the partition now; so does who waits for ends."""
        for item in items:
            if item.reply is not None:
                try:
                    self.sender.ask(item.envelope.execution, item.envelope.command, item.reply, item.envelope.caller)
                except Overloaded as error:
                    item.reply(Answer(item.envelope.execution, 0, error=error))
        remote, _ = self._remote_of(owned.partition)
        watchers = owned.owner.watchers
        watchers.on_unwatched = lambda execution: remote.remove(execution, watchers.tell)
        for execution in watchers.watched():
            remote.add(execution, watchers.tell)

    # Commands.

    def new_id(self) -> str:
        """An id that nobody else has, in a partition that is owned here if there is any."""
        among = self.owners.in_charge() or range(self._reader.partitions)
        self._next += 1
        return self._id_in(among[self._next % len(among)])

    def _id_in(self, partition: int) -> str:
        return make_execution_id(self._clock.now(), partition, self._chance.bits(), self._reader.began_with)

    def counted_in(self, workflow: str) -> int:
        """The partition whose owner counts the executions of a workflow, where so many may run at a time."""
        return counted_in(workflow, self._reader.began_with)

    def _id_for(self, workflow: str) -> str:
        """An id for a start."""
        return self._id_in(self.counted_in(workflow)) if is_counted(self._catalog, workflow) else self.new_id()

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        self._check_takes()
        if self._catalog.knows(start.workflow):
            return self._begin_known(start, wait_s, then)
        late = LateStart(lambda _: self._begin_known(start, wait_s, then), then)
        self._begin(self._begin_unknown(start.workflow, late))
        return late.forget

    async def _begin_unknown(self, workflow: str, late: LateStart) -> None:
        try:
            await self.know(workflow)
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            late.refuse(error)
        else:
            late.begin()

    def _begin_known(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        def begin(name: str) -> Callable[[], None]:
            return self._starts_of(self.home(name)).begin(name, start, wait_s, then)

        if start.key is None:
            return begin(name_of(start, lambda: self._id_for(start.workflow)))
        name, other = key_ids(self._catalog, start.workflow, start.key, self._reader.began_with)
        return begin(name) if other is None else ask_and_start(name, other, self._send, LateStart(begin, then))

    def _send(self, execution: str, command: Command, reply: Reply) -> None:
        self._at(self.home(execution)).send(execution, command, reply)

    def _at(self, partition: int) -> LocalPartition | RemotePartition:
        """A partition as whoever gives commands sees it."""
        return self._local_of(partition)[0] if self.owners.is_in_charge(partition) else self._remote_of(partition)[0]

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        self._check_takes()
        partition = self._reader.known(execution)
        self._give_to(execution, partition, command, caller, self._at(partition).send, then)
        return _nothing

    # What it says about itself.

    def cluster(self) -> Cluster:
        """The cluster as this process knows it."""
        return self.view_cluster()

    async def metrics(self) -> bytes:
        """Counters and gauges of the partitions that are owned here, as Prometheus reads them."""
        counts = await self._read(self._reader.counts, EXECUTIONS)
        restarts = 0 if self.projector is None else max(0, self.projector.restarts)
        owners = [owned.owner for owned in self.owners.owned.values()]
        position = sum(owner.position for owner in owners)
        projected = sum(self._progress.of(owner.partition) for owner in owners)
        opened = sum(len(owner.executions) for owner in owners)
        requests = (self.under_way(), self.lane_requests())
        counted = total([self.owners.counted, self.owners.rounds.counted, *(owner.metrics for owner in owners)])
        unread = (self.letters.unreadable, self.letters.newer)
        return render(Observed(counted, position, projected, opened, counts, *requests, restarts, *unread))

    # Reading.

    def tell_projector(self, partition: int, position: int) -> None:
        """After a round, if the partition's journal has grown by it."""
        if self.projector is not None and self._told.get(partition) != position:
            self._told[partition] = position
            self.projector.tell_soon(partition)

    def tell_of_others(self, positions: Mapping[int, int]) -> None:
        """How far journals are that others own: the read models here are to follow."""
        if self.projector is None:
            return
        for partition, position in positions.items():
            if not self.owners.is_in_charge(partition) and position > self._progress.of(partition):
                self.projector.tell_soon(partition)

    def note_projected(self, partition: int, offset: int) -> None:
        """The read models of a partition go up to here."""
        self._progress.note(partition, offset)
        owned = self.owners.owned.get(partition)
        if owned is not None and offset < owned.owner.position and self.projector is not None:
            is_urgent = self._progress.is_waited_for(partition)
            (self.projector.tell if is_urgent else self.projector.tell_soon)(partition)

    def projected_offset(self, partition: int) -> int:
        """The offset up to which the read models of a partition go."""
        return self._progress.of(partition)

    async def look_again(self) -> int:
        """Read also the partitions that were added; how many there are."""
        partitions = await self._read(self._reader.look_again)
        self.feed.look_again()
        return partitions

    async def _checkpoint_of(self, partition: int) -> Checkpoint:
        return await self._read(self._reader.checkpoint_of, partition)

    async def _folded(self, execution: str) -> Execution:
        """An execution whose end stands in the journal."""
        partition = self.home(execution)
        await self._reach(partition, await self._log.end("journal", partition))
        return (await self._read_about(execution, ExecutionReader.folded)).state

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        if position is None:
            return
        partition, offset = self._positions.partition_and_offset(position)
        if partition >= self._reader.partitions:
            raise Rejected("unknown_position", f"position {position} is of partition {partition}, which the log does not have")
        if offset > self._progress.of(partition) and offset > (end := await self._log.end("journal", partition)):
            found = self._positions.of(partition, end)
            raise Rejected("unknown_position", f"the journal ends at position {found}; {position} is not there yet")
        await self._reach(partition, offset)

    async def _needed(self, execution: str, partition: int) -> int:
        known = None
        if self.owners.is_in_charge(partition):
            known = await self.owners.rounds.settled(lambda: self._offset_after(partition, execution))
        return await self._log.end("journal", partition) if known is None else known

    def _offset_after(self, partition: int, execution: str) -> int | None:
        """The offset after what has been decided of an execution; None where memory does not say what the journal does."""
        return self.owners.owned[partition].owner.executions.offset_after(execution) if self.owners.is_settled(partition) else None

    async def _newer(self, execution: str, partition: int) -> int | None:
        return await self._log.end("journal", partition)

    async def view(self, execution: str) -> ExecutionView:
        """An execution as it is now: from memory where its partition is owned here, else as its journal says to its end."""
        return await self._view_after(execution, 0)

    async def _view_after(self, execution: str, offset: int) -> ExecutionView:
        partition = self._reader.known(execution)
        found = None
        if self.owners.is_in_charge(partition):
            found = await self.owners.rounds.settled(lambda: self._remembered(partition, execution))
        if found is not None:
            return await self._filled(found)
        if not self.owners.is_in_charge(partition):
            await self._reach(partition, offset)
        folded = await self._read_about(execution, ExecutionReader.folded)
        return await self._filled(view_of(folded.state, self.projected_of(execution)))

    def _remembered(self, partition: int, execution: str) -> ExecutionView | None:
        """An open execution as memory has it; None for one that has ended, or where the partition is not ours any more."""
        if not self.owners.is_settled(partition):
            return None
        owner = self.owners.owned[partition].owner
        folded = owner.executions.get(execution)
        if folded is not None:
            return view_of(folded.state, self._positions.of(partition, owner.position))
        if (reason := owner.executions.unreadable.get(execution)) is not None:
            raise Rejected("quarantined", f"the history of execution {execution} cannot be read: {reason}", execution=execution)
        if execution not in owner.executions.ended:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        return None


def _nothing() -> None:
    """A command that was given stays given, whoever has gone."""
