"""The engine inside an event loop: requests become commands, replies become answers. See `api/service.py`.

    request ─► send ─► driver.wake ─► a round (infra/server/driver.py) ─► reply ─► answer

What takes long, reading and folding, runs in one other thread with connections of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

from api.app import build_version
from api.service import Cluster, Given, PartitionRow, ProcessRow, Start, Started, Unavailable
from contracts.caller import ENGINE, Caller
from contracts.commands import Command
from contracts.errors import Rejected
from contracts.worker_protocol import WorkerRow
from infra.server.driver import Driver, LoopWake
from infra.server.engine import Engine
from infra.server.service import BaseService
from infra.server.starts import Starts, name_of
from infra.settings.model import ROLES, EngineSettings
from infra.telemetry import Observed, render
from projections.executions import EXECUTIONS
from projections.view import ExecutionView, view_of
from workers.partition.executions import Executions
from workers.partition.round import Made, Reply
from workers.partition.watchers import Watchers
from workers.reading.execution import ExecutionReader
from workers.reading.feed import Feed
from workers.reading.owner_feed import OwnerGround
from workers.reading.partitions import PartitionedReader


class EngineService(BaseService):
    """An engine as a `Service`. All methods belong to the event loop's thread."""

    def __init__(self, engine: Engine, reader: PartitionedReader, wake: LoopWake, settings: EngineSettings, offers_workers: bool) -> None:
        super().__init__(engine.catalog, reader, settings, offers_workers)
        self.engine, self._owner = engine, engine.owner
        self.driver = Driver(engine, wake)
        self._owner.hearers.add(self._tell_projector)
        self.feed = Feed(OwnerGround(self._owner, self._beside))
        self._starts = Starts(_Whole(self), engine.catalog, self._view_after)
        self._incarnation, self._since = uuid4().hex, engine.clock.now()
        self.address = ""
        self.worker_rows: Callable[[], list[WorkerRow]] = list
        self._told = -1

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        self._is_stopping = True
        self._starts.stop()

    def close(self) -> None:
        """Move no more, and let go of the reading thread."""
        self.driver.stop()
        self.feed.close()
        super().close()

    @property
    def position(self) -> int:
        """After the last durable decision."""
        return self._positions.of(self._owner.partition, self._owner.position)

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

    def _tell_projector(self, base: int, made: Sequence[Made]) -> None:
        """Once a round, if it has made anything."""
        if self._owner.position != self._told and self.projector is not None:
            self._told = self._owner.position
            self.projector.tell_soon(self._owner.partition)

    # Commands.

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        self._check_takes()
        return self._starts.begin(name_of(start, self.new_id), start, wait_s, then)

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        self._check_takes()
        self._give_to(execution, self._owner.partition, command, caller, self.engine.send, then)
        self.driver.wake()
        return _nothing

    def new_id(self) -> str:
        """An id that nobody else has."""
        return self.engine.new_execution_id()

    # Reading.

    def note_projected(self, partition: int, offset: int) -> None:
        """The read models of a partition go up to here."""
        self._progress.note(partition, offset)
        if partition == self._owner.partition and offset < self._owner.position and self.projector is not None:
            is_urgent = self._progress.is_waited_for(partition)
            (self.projector.tell if is_urgent else self.projector.tell_soon)(partition)

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        partition, offset = self._positions.partition_and_offset(position or 0)
        if partition == self._owner.partition and offset > self._owner.position:
            raise Rejected("unknown_position", f"the journal ends at position {self.position}; {position} is not there yet")
        if partition >= self._reader.partitions:
            raise Rejected("unknown_position", f"position {position} is of partition {partition}, which the log does not have")
        await self._reach(partition, offset)

    async def _needed(self, execution: str, partition: int) -> int:
        return self._owner.executions.offset_after(execution)

    async def _newer(self, execution: str, partition: int) -> int | None:
        """What is open or set aside has been decided by now; what was open a moment ago may have ended since."""
        known = self._owner.executions
        if (ended := known.ended.get(execution)) is not None:
            return ended.offset + 1
        return self._owner.position if execution in known.unreadable or known.get(execution) is not None else None

    async def _view_after(self, execution: str, offset: int) -> ExecutionView:
        return await self.view(execution)

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

    def cluster(self) -> Cluster:
        """A cluster of one."""
        owner, counted = self._owner, self._owner.metrics
        state = "leaving" if self._is_stopping else "alive" if owner.is_in_charge else "joining"
        now = self.engine.clock.now()
        process = ProcessRow(owner.node, self._incarnation, state, ROLES, self.address, build_version(), self._since, now)
        partition = PartitionRow(
            owner.partition, owner.node, owner.node if owner.is_in_charge else None, owner.epoch, self.position,
            max(0, owner.position - self._progress.of(owner.partition)), len(owner.executions), counted.claimed_at, counted.takeover_ms,
        )  # fmt: skip
        workers = [(owner.node, row) for row in self.worker_rows()]
        return Cluster(owner.node, owner.node, 0, [process], [partition], workers)

    async def metrics(self) -> bytes:
        """Counters and gauges, as Prometheus reads them."""
        counts = await self._read(self._reader.counts, EXECUTIONS)
        restarts = 0 if self.projector is None else max(0, self.projector.restarts)
        opened = len(self._owner.executions)
        projected = self._progress.of(self._owner.partition)
        requests = (self.under_way(), self.lane_requests())
        return render(Observed(self._owner.metrics, self._owner.position, projected, opened, counts, *requests, restarts))


def _nothing() -> None:
    """A command that was given stays given, whoever has gone."""


class _Whole:
    """The one partition of an embedded log. See `infra.server.starts.Partition`."""

    def __init__(self, service: EngineService) -> None:
        self._service, self._owner = service, service._owner

    @property
    def is_current(self) -> bool:
        """Whether what is in memory may be read."""
        return self._owner.is_in_charge

    @property
    def executions(self) -> Executions:
        """What is in memory."""
        return self._owner.executions

    @property
    def watchers(self) -> Watchers:
        """Who waits for ends."""
        return self._owner.watchers

    @property
    def position(self) -> int:
        """The journal's position."""
        return self._service.position

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to the engine, and wake it."""
        self._service.engine.send(execution, command, reply, caller)
        self._service.driver.wake()
