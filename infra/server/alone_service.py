"""The engine inside an event loop: requests become commands, replies become answers. See `api/service.py`.

    request ─► starts ─► the owner's inbox ─► a round (infra/server/driver.py) ─► reply ─► answer

What takes long, reading and folding, runs in one other thread with connections of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from api.requests import Requests
from api.service import Cluster, Copied, Given, PartitionRow, ProcessRow, Start, Started, Unavailable
from api.streams.watching import Changed
from api.version import build_version
from contracts.caller import Caller
from contracts.commands import Command
from contracts.errors import Rejected
from contracts.ports.archive import Made
from infra.files.data_folder import DataFolder
from infra.server.alone import Alone
from infra.server.archive_desk import ArchiveDesk
from infra.server.backup_source import read_folder
from infra.server.catalog_service import stopping
from infra.server.common_service import CommonService
from infra.server.credential_wiring import credential_store
from infra.server.lookup import Lookup
from infra.server.progress import Progress
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import positions_of
from infra.server.start_sealing import Sealing
from infra.server.starts import Starts
from infra.server.watching_service import Changes
from infra.server.webhook_book import Notes
from infra.settings.model import ROLES_DEFAULT, EngineSettings
from infra.telemetry import Observed, render
from projections.view import ExecutionView, view_of
from workers.partition.breaker_book import standing
from workers.partition.owner import Owner
from workers.reading.execution_reader import ExecutionReader
from workers.reading.journal_feed import Feed
from workers.reading.partitioned_reader import PartitionedReader
from workers.running.memory_result_cache import MemoryResultCache
from workers.tasks.polls import TaskEndpoint

T = TypeVar("T")


class OwnerKnows:
    """What the owner has in memory. See `infra.server.lookup.Known`."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def needed(self, execution: str, partition: int) -> int:
        """See Known."""
        return self._owner.executions.offset_after(execution)

    async def newer(self, execution: str, partition: int) -> int | None:
        """What is open or set aside has been decided by now; what was open a moment ago may have ended since."""
        known = self._owner.executions
        if (ended := known.ended.get(execution)) is not None:
            return ended.offset + 1
        return self._owner.position if execution in known.unreadable or known.get(execution) is not None else None


class AloneService(CommonService):
    """An engine as a `Service`. All methods belong to the event loop's thread."""

    def __init__(
        self,
        alone: Alone,
        feed: Feed,
        reader: PartitionedReader,
        reads: ReadThreads,
        progress: Progress,
        settings: EngineSettings,
        task_endpoint: TaskEndpoint | None = None,
        requests: Requests | None = None,
        address: str = "",
        notes: Notes | None = None,
    ) -> None:
        lookup = Lookup(reader, reads, progress, positions_of(settings), OwnerKnows(alone.owner))
        self._requests = requests or Requests()
        super().__init__(alone.catalog, alone.resources, feed, reader, reads, progress, lookup, settings, self._requests, notes)
        self.channel = alone.channel
        self.credentials = alone.credentials or credential_store(settings, alone.clock)
        self._owner, self._clock, self._task_endpoint, self._address = alone.owner, alone.clock, task_endpoint, address
        self.sealing = Sealing(alone.catalog, self.credentials.sealed_values)
        self._starts = Starts(alone.owner, alone.catalog, self._positions, self._view_after, alone.new_execution_id, self.sealing)
        self._data = settings.data
        self._changes = Changes(alone.owner)
        metrics = alone.owner.metrics
        self.archive_desk = ArchiveDesk(settings.archive if settings.data else None, lambda: Made(metrics.archived, metrics.removed))
        self._incarnation, self._since = uuid4().hex, alone.clock.now()
        self.cache = alone.cache or MemoryResultCache(alone.clock)
        self.letters = self._redelivery(alone.clock, _no_topic)
        self.new_id = alone.new_execution_id
        """An id that nobody else has."""

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        self._is_stopping = True
        self._starts.stop()

    @property
    def position(self) -> int:
        """After the last durable decision."""
        return self._positions.of(self._owner.partition, self._owner.position)

    async def ends(self) -> dict[int, int]:
        """That of the only partition."""
        return {self._owner.partition: self._owner.position}

    def check_ready(self) -> None:
        """Raise Unavailable while stopping, or while another owner is in charge."""
        self._check_takes()
        self._check_in_charge()

    @property
    def short(self) -> str:
        """What the machine is short of; empty where nothing is."""
        return self._owner.short

    def _check_in_charge(self) -> None:
        if not self._owner.is_in_charge:
            raise Unavailable("not_in_charge", self._owner.metrics.last_stand_down or "the partition is not claimed yet")

    # Commands.

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        if self._is_stopping:
            raise stopping()
        return self._begin_sealed(start, lambda late: self._starts.begin(start, wait_s, late), then)

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        self._check_takes()
        self._give_to(execution, self._owner.partition, command, caller, self._owner.send, then)
        return _nothing

    # Reading.

    def on_change(self, workflow: str | None, then: Changed) -> Callable[[], None]:
        """Tell of what is decided from now on, round by round."""
        return self._changes.add(workflow, then)

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        partition, offset = self._positions.partition_and_offset(position or 0)
        if partition == self._owner.partition and offset > self._owner.position:
            raise Rejected("unknown_position", f"the journal ends at position {self.position}; {position} is not there yet")
        if partition >= self._reader.partitions:
            raise Rejected("unknown_position", f"position {position} is of partition {partition}, which the log does not have")
        await self._reach(partition, offset)

    async def _view_after(self, execution: str, offset: int) -> ExecutionView:
        return await self.view(execution)

    def now(self) -> int:
        """The time, in milliseconds since 1970."""
        return self._clock.now()

    async def view(self, execution: str) -> ExecutionView:
        """An execution as it is now: from memory while it is open, else read from the journal."""
        self._check_in_charge()  # else memory may hold what was never stored
        folded = self._owner.executions.get(execution)
        if folded is not None:
            return await self._filled(view_of(folded.state, self.position))
        if execution in self._owner.executions.unreadable:
            reason = self._owner.executions.unreadable[execution]
            raise Rejected("quarantined", f"the history of execution {execution} cannot be read: {reason}", execution=execution)
        if execution not in self._owner.executions.ended:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        ended = await self._read_about(execution, ExecutionReader.folded)
        return await self._filled(view_of(ended.state, self.position))

    async def copied(self, read: Callable[[Copied], T]) -> T:
        """Read of the data folder what somebody copies. Raises Rejected for an engine in memory."""
        if self._data is None:
            raise Rejected("not_here", "this server keeps everything in memory: there is nothing to copy")
        return await self._read(read_folder, DataFolder(self._data), read)

    def cluster(self) -> Cluster:
        """A cluster of one."""
        owner, counted = self._owner, self._owner.metrics
        state = "leaving" if self._is_stopping else "alive" if owner.is_in_charge else "joining"
        now = self._clock.now()
        process = ProcessRow(owner.node, self._incarnation, state, ROLES_DEFAULT, self._address, build_version(), self._since, now)
        partition = PartitionRow(
            owner.partition, owner.node, owner.node if owner.is_in_charge else None, owner.epoch, self.position,
            max(0, owner.position - self._progress.of(owner.partition)), len(owner.executions), counted.claimed_at, counted.takeover_ms,
        )  # fmt: skip
        workers = [] if self._task_endpoint is None else [(owner.node, row) for row in self._task_endpoint.workers().workers]
        return Cluster(owner.node, owner.node, 0, [process], [partition], workers)

    async def metrics(self) -> bytes:
        """Counters and gauges, as Prometheus reads them."""
        counts = await self._counts()
        opened = len(self._owner.executions)
        projected = self._progress.of(self._owner.partition)
        requests = self._requests.counted, self._requests.by_lane
        return render(
            Observed(
                self._owner.metrics,
                self._owner.position,
                projected,
                opened,
                counts,
                *requests,
                self._progress.restarts,
                webhooks=self.webhooks.standing(),
                triggers=self._resources.triggers.metrics,
                hooks=self.hooks.counts,
                breakers=standing(self._resources),
                held=self._owner.breakers.counts(),
            )
        )


def _nothing() -> None:
    """A command that was given stays given, whoever has gone."""


async def _no_topic(topic: str, partition: int, content: bytes) -> None:
    """On one machine nobody reads what stands in a topic; commands are given."""
    raise Rejected("not_to_be_sent", f"it cannot be sent again: on one machine no topic {topic} is read; drop it, with a reason")
