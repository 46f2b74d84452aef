"""The service of one process among several: what is asked goes by the router, what is read comes from memory or the read models."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from api.requests import Requests
from api.service import Cluster, Copied, Given, Start, Started, Unavailable
from contracts.caller import Caller
from contracts.commands import Command
from contracts.errors import Rejected
from contracts.ids import counted_in, make_execution_id
from contracts.ports.archive import Made
from contracts.ports.clock import Clock
from contracts.ports.lossy_channel import LossyChannel
from contracts.ports.result_cache import ResultCache
from infra.chance import Chance
from infra.credentials.store import CredentialStore
from infra.server.archive_desk import ArchiveDesk
from infra.server.callback import awaited
from infra.server.cluster.start_ids import ask_and_start, derived_ids, is_counted
from infra.server.cluster.view import cluster_view
from infra.server.common_service import CommonService
from infra.server.late_start import LateStart
from infra.server.lookup import Lookup
from infra.server.progress import Progress
from infra.server.read_threads import ReadThreads
from infra.server.start_sealing import Sealing
from infra.server.starts import Starts, is_keyed, name_of
from infra.server.webhook_book import Notes
from infra.settings.model import EngineSettings
from infra.telemetry import Observed, render
from projections.view import ExecutionView, view_of
from workers.cluster.members import Members
from workers.cluster.owners import Owners
from workers.cluster.partitions import LocalPartition
from workers.cluster.publishing_lag import PublishingLag
from workers.cluster.rounds import Rounds
from workers.cluster.router import Router
from workers.partition.breaker_book import standing
from workers.partition.catalog import Catalog
from workers.partition.metrics import total
from workers.partition.resources import Resources
from workers.reading.execution_reader import ExecutionReader
from workers.reading.journal_feed import Feed
from workers.reading.partitioned_reader import PartitionedReader
from workers.tasks.dead_letters import DeadLetters

T = TypeVar("T")


class ClusterService(CommonService):
    """A `Service` over owners here and elsewhere."""

    def __init__(
        self,
        owners: Owners,
        rounds: Rounds,
        router: Router,
        members: Members,
        letters: DeadLetters,
        catalog: Catalog,
        resources: Resources,
        feed: Feed,
        reader: PartitionedReader,
        reads: ReadThreads,
        progress: Progress,
        lookup: Lookup,
        end_of: Callable[[int], Awaitable[int]],
        requests: Requests,
        clock: Clock,
        settings: EngineSettings,
        channel: LossyChannel,
        cache: ResultCache,
        publishing_lag: PublishingLag,
        credentials: CredentialStore,
        notes: Notes,
    ) -> None:
        """`end_of` asks where the journal of a partition ends."""
        super().__init__(catalog, resources, feed, reader, reads, progress, lookup, settings, requests, notes)
        self.channel, self.cache, self.credentials = channel, cache, credentials
        self.sealing = Sealing(catalog, credentials.sealed_values)
        self.archive_desk = ArchiveDesk(settings.archive, self._made)
        self._owners, self._owned, self._rounds, self._router, self._members = owners, owners.owned, rounds, router, members
        self._unread, self._end_of, self._requests, self._clock, self._log_name = letters, end_of, requests, clock, settings.log
        self._publishing = ThreadPoolExecutor(1, "refold-publishing")
        self.letters = self._redelivery(clock, self._put_again)
        self._chance, self._publishing_lag = Chance(), publishing_lag
        self._next = 0
        self._local: dict[int, Starts] = {}
        self._remote: dict[int, Starts] = {}

    async def _in_catalog(self, work: Callable[..., T], *arguments: Any) -> T:
        """In a thread of its own: it may wait for the brokers."""
        return await self._loop.run_in_executor(self._publishing, work, *arguments)

    async def know(self, workflow: str) -> None:
        """Look whether somebody else has published a workflow that is not known here."""
        if not self._catalog.knows(workflow):
            await self._read(self._catalog.read_on)

    def close(self) -> None:
        """Let go of the threads."""
        self._publishing.shutdown(wait=False, cancel_futures=True)
        super().close()

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        self._is_stopping = True
        for starts in (*self._local.values(), *self._remote.values()):
            starts.stop()

    def _made(self) -> Made:
        counted = total((self._owners.counted, *(owned.owner.metrics for owned in self._owned.values())))
        return Made(counted.archived, counted.removed)

    @property
    def position(self) -> int:
        """No one number says it on a log of several partitions."""
        return 0

    def check_ready(self) -> None:
        """Raise Unavailable while stopping, or while this process is no part of the cluster."""
        self._check_takes()
        if (why := self.why_not_ready()) is not None:
            raise Unavailable("not_in_charge", why)

    def why_not_ready(self) -> str | None:
        """Why this process is no part of the cluster at the moment, if it is none."""
        if not self._members.membership.is_settled:
            return "this process is not a member of its cluster yet"
        if not self._members.is_fresh:
            return f"the log {self._log_name} does not answer: no heartbeat of this process has come back from it lately"
        return None

    @property
    def short(self) -> str:
        """What the machine is short of; empty where nothing is."""
        return next((owned.owner.short for owned in self._owned.values() if owned.owner.short), "")

    # Where commands go.

    def _starts_of(self, partition: int) -> Starts:
        at = self._router.at(partition)
        known = self._local if isinstance(at, LocalPartition) else self._remote
        starts = known.get(partition)
        if starts is None or starts.at is not at:
            starts = known[partition] = Starts(at, self._catalog, self._positions, self._view_after, self.new_id, self.sealing)
        return starts

    # Commands.

    def new_id(self) -> str:
        """An id that nobody else has, in a partition that is owned here if there is any."""
        among = self._owned.in_charge() or range(self._reader.partitions)
        self._next += 1
        return self._id_in(among[self._next % len(among)])

    def _id_in(self, partition: int) -> str:
        return make_execution_id(self._clock.now(), partition, self._chance.bits(), self._reader.began_with)

    def _id_for(self, workflow: str) -> str:
        """An id for a start."""
        return self._id_in(counted_in(workflow, self._reader.began_with)) if is_counted(self._catalog, workflow) else self.new_id()

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        self._check_takes()

        def begin(_: str = "") -> Callable[[], None]:
            return self._begin_sealed(start, lambda then: self._begin_known(start, wait_s, then), then)

        if self._catalog.knows(start.workflow):
            return begin()
        late = LateStart(begin, then)
        self.background.begin(self._begin_unknown(start.workflow, late))
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
            return self._starts_of(self._router.home(name)).begin(start, wait_s, then, name)

        if not is_keyed(start):
            return begin(name_of(start, lambda: self._id_for(start.workflow)))
        name, other = derived_ids(self._catalog, start, self._reader.began_with)
        return begin(name) if other is None else ask_and_start(name, other, self._router.send, LateStart(begin, then))

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        self._check_takes()
        partition = self._reader.known(execution)
        self._give_to(execution, partition, command, caller, self._router.at(partition).send, then)
        return _nothing

    async def _put_again(self, topic: str, partition: int, content: bytes) -> None:
        """Append a record to its topic once more."""

        def put(then: Callable[[Exception | None], None]) -> Callable[[], None]:
            self._unread.put_again(topic, partition, content, then)
            return _nothing

        await awaited(put)

    # What it says about itself.

    async def copied(self, read: Callable[[Copied], T]) -> T:
        """Raises Rejected: what there is lies in topics."""
        raise Rejected(
            "not_here",
            "the log is on Kafka, and not in the data folder of this server: back it up with `refold backup DEST --log kafka://HOST:PORT`",
        )

    def cluster(self) -> Cluster:
        """The cluster as this process knows it."""
        return cluster_view(self._members, self._reader.partitions)

    async def ends(self) -> dict[int, int]:
        """Those of all partitions, as the brokers say them."""
        partitions = range(self._reader.partitions)
        return dict(zip(partitions, await asyncio.gather(*map(self._end_of, partitions)), strict=True))

    async def metrics(self) -> bytes:
        """Counters and gauges of the partitions that are owned here, as Prometheus reads them."""
        counts = await self._counts()
        owners = [owned.owner for owned in self._owned.values()]
        position = sum(owner.position for owner in owners)
        projected = sum(self._progress.of(owner.partition) for owner in owners)
        opened = sum(len(owner.executions) for owner in owners)
        requests = self._requests.counted, self._requests.by_lane
        counted = total([self._owners.counted, self._rounds.counted, *(owner.metrics for owner in owners)])
        unread = self._unread.unreadable, self._unread.newer
        lag = self._publishing_lag.records
        webhooks, triggers = self.webhooks.standing(), self._resources.triggers.metrics
        held = sum((Counter(owner.breakers.counts()) for owner in owners), Counter[str]())
        restarts = self._progress.restarts
        observed = Observed(
            counted, position, projected, opened, counts, *requests, restarts, *unread, lag, webhooks, triggers, self.hooks.counts,
            standing(self._resources), held,
        )  # fmt: skip
        return render(observed)

    # Reading.

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        if position is None:
            return
        partition, offset = self._positions.partition_and_offset(position)
        if partition >= self._reader.partitions:
            raise Rejected("unknown_position", f"position {position} is of partition {partition}, which the log does not have")
        if offset > self._progress.of(partition) and offset > (end := await self._end_of(partition)):
            found = self._positions.of(partition, end)
            raise Rejected("unknown_position", f"the journal ends at position {found}; {position} is not there yet")
        await self._reach(partition, offset)

    def now(self) -> int:
        """The time, in milliseconds since 1970."""
        return self._clock.now()

    async def view(self, execution: str) -> ExecutionView:
        """An execution as it is now: from memory where its partition is owned here, else as its journal says to its end."""
        return await self._view_after(execution, 0)

    async def _view_after(self, execution: str, offset: int) -> ExecutionView:
        partition = self._reader.known(execution)
        found = None
        if self._owned.is_in_charge(partition):
            found = await self._rounds.settled(lambda: self._remembered(partition, execution))
        if found is not None:
            return await self._filled(found)
        if not self._owned.is_in_charge(partition):
            await self._reach(partition, offset)
        folded = await self._read_about(execution, ExecutionReader.folded)
        return await self._filled(view_of(folded.state, self.projected_of(execution)))

    def _remembered(self, partition: int, execution: str) -> ExecutionView | None:
        """An open execution as memory has it; None for one that has ended, or where the partition is not ours any more."""
        if not self._owned.is_current(partition):
            return None
        owner = self._owned[partition].owner
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
