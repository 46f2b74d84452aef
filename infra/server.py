"""The engine inside an event loop: requests become commands, replies become answers. See `api/service.py`.

    request ─► send ─► driver.wake ─► a round (infra/driver.py) ─► reply ─► answer

What takes long, reading and folding, runs in one other thread with connections of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec

from api.service import Given, NodeView, Start, Started, Unavailable, Version
from contracts import values
from contracts.catalog import DefinitionPublished
from contracts.commands import Command, SendSignal
from contracts.definitions import WorkflowDefinition
from contracts.errors import RefoldError, Rejected
from contracts.ports.read_models import IncidentRecord, Place, Wanted
from domain.definition.outline import Activities
from infra.awaiting import awaited
from infra.driver import Driver, LoopWake
from infra.engine import Engine
from infra.progress import ASK_EVERY_S, Progress
from infra.projector_process import ProjectorProcess
from infra.settings import EngineSettings
from infra.starting import Starts
from infra.telemetry import Observed, render
from infra.wiring import activity_kinds, described_kinds, positions_of
from projections.history import HistoryEvent
from projections.view import ExecutionView, record_value, state_value, view_of
from workers.partitions import Listed, PartitionedReader
from workers.reading import ExecutionReader
from workers.round import Answer

REACH_S: Final = 5.0
"""How long a read waits for the read models."""
LOOK_S: Final = 1.0
"""How long a list waits until all partitions were looked at; then it shows what there is."""

T = TypeVar("T")


class EngineService:
    """An engine as a `Service`. All methods belong to the event loop's thread."""

    def __init__(self, engine: Engine, reader: PartitionedReader, wake: LoopWake, settings: EngineSettings, offers_workers: bool) -> None:
        self._engine, self._owner, self._catalog = engine, engine.owner, engine.catalog
        self._reader = reader
        self._loop = asyncio.get_running_loop()
        self.driver = Driver(engine, wake, self._tell_projector)
        self._starts = Starts(engine, reader.blobs, self.view, self.driver.wake, lambda: self.position)
        self._looking_back: set[asyncio.Future[None]] = set()
        self._told = -1
        self._pool = ThreadPoolExecutor(1, "refold-reading")
        self._kinds = activity_kinds(settings)
        self._is_stopping = False
        self.strict_kinds = not offers_workers
        self._positions = positions_of(settings)
        self._progress = Progress(self._tell)
        self._looked_at = -ASK_EVERY_S
        self.projector: ProjectorProcess | None = None
        self.under_way: Callable[[], int] = lambda: 0
        self.lane_requests: Callable[[], int] = lambda: 0

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        self._is_stopping = True
        self._starts.stop()

    def close(self) -> None:
        """Move no more, and let go of the reading thread."""
        self.driver.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def position(self) -> int:
        """After the last durable decision."""
        return self._positions.of(self._owner.partition, self._owner.position)

    @property
    def projected(self) -> int:
        """Up to where lists go; 0 on a log of several partitions, as no one number says it."""
        return self._positions.of(0, self._progress.of(0)) if self._reader.partitions == 1 else 0

    def projected_of(self, execution: str) -> int:
        """Up to where goes what is read about an execution."""
        partition = self._reader.partition_of(execution)
        return self._positions.of(partition, self._progress.of(partition))

    def check_ready(self) -> None:
        """Raise Unavailable while stopping, or while another owner is in charge."""
        self._check_takes()
        self._check_in_charge()

    def _check_in_charge(self) -> None:
        if not self._owner.is_in_charge:
            raise Unavailable("not_in_charge", self._owner.metrics.last_stand_down or "the partition is not claimed yet")

    def _tell_projector(self) -> None:
        """Once a move, if it has made anything."""
        if self._owner.position != self._told and self.projector is not None:
            self._told = self._owner.position
            self.projector.tell_soon(self._owner.partition)

    def _tell(self, partition: int) -> None:
        if self.projector is not None:
            self.projector.tell(partition)

    def _check_takes(self) -> None:
        if self._is_stopping:
            raise Unavailable("stopping", "the server is stopping", 5.0)

    # Workflows.

    @property
    def activities(self) -> Activities:
        """The activity kinds at hand, with the models of their configs."""
        return {name: kind.Config for name, kind in self._kinds.items()}

    def node_kinds(self) -> list[dict[str, Any]]:
        """All node kinds."""
        return described_kinds(self._kinds)

    async def publish(self, definition: WorkflowDefinition) -> tuple[Version, bool]:
        """Publish a valid definition; whether it is new."""
        self._check_takes()
        published = self._catalog.publish(definition)
        return self.versions(published.name)[published.version - 1], published.created

    def activate(self, workflow: str, version: int) -> Version:
        """Make a version the active one."""
        self._check_takes()
        return self.versions(workflow)[self._catalog.activate(workflow, version).version - 1]

    def archive(self, workflow: str) -> None:
        """Let no execution start with it any more."""
        self._check_takes()
        self._catalog.archive(workflow)

    def workflows(self) -> list[Version]:
        """Of each workflow the active version, or the last one."""
        return [self.versions(name)[(self._catalog.active(name) or 0) - 1] for name in self._catalog.names()]

    def versions(self, workflow: str) -> list[Version]:
        """All versions of a workflow."""
        active = self._catalog.active(workflow)
        return [_version_of(one, active) for one in self._catalog.versions(workflow)]

    # Commands.

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        self._check_takes()
        return self._starts.begin(start, wait_s, then)

    async def start(self, start: Start, wait_s: float) -> Started:
        """The same, awaited."""
        return await awaited(lambda then: self.begin_start(start, wait_s, then))

    async def start_many(self, starts: Sequence[Start]) -> list[Started | RefoldError]:
        """Start many at once, each by itself."""

        async def one(start: Start) -> Started | RefoldError:
            try:
                return await self.start(start, 0)
            except RefoldError as error:
                return error

        return await asyncio.gather(*map(one, starts))

    def begin_give(self, execution: str, command: Command, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        self._check_takes()

        def reply(answer: Answer) -> None:
            error = answer.error
            if isinstance(command, SendSignal) and isinstance(error, Rejected) and error.reason == "already_ended":
                self._begin_look_back(execution, command.signal, error, then)
            else:
                then(error or self._given(answer))

        self._engine.send(execution, command, reply)
        self.driver.wake()
        return _nothing

    def _given(self, answer: Answer) -> Given:
        return Given(answer.execution, answer.status, self._positions.of(self._owner.partition, answer.position))

    def _begin_look_back(self, execution: str, signal: str, refused: Rejected, then: Callable[[Given | Exception], None]) -> None:
        """A signal that comes again is once, also when its execution has ended since, which does not remember it itself."""

        async def look_back() -> None:
            outcome: Given | Exception = refused
            try:
                if await self._read_about(execution, ExecutionReader.has_signal, signal):
                    outcome = Given(execution, self._owner.executions.ended[execution].status, self.position)
            except Exception as error:  # whoever asked has to hear of it, whatever it is
                outcome = error
            then(outcome)

        looking = asyncio.ensure_future(look_back())
        self._looking_back.add(looking)
        looking.add_done_callback(self._looking_back.discard)

    async def give(self, execution: str, command: Command) -> Given:
        """The same, awaited."""
        return await awaited(lambda then: self.begin_give(execution, command, then))

    def new_id(self) -> str:
        """An id that nobody else has."""
        return self._engine.new_execution_id()

    # Reading.

    def note_projected(self, partition: int, offset: int) -> None:
        """The read models of a partition go up to here."""
        self._progress.note(partition, offset)
        if partition == self._owner.partition and offset < self._owner.position and self.projector is not None:
            is_urgent = self._progress.is_waited_for(partition)
            (self.projector.tell if is_urgent else self.projector.tell_soon)(partition)

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        partition, offset = self._positions.place(position or 0)
        if partition == self._owner.partition and offset > self._owner.position:
            raise Rejected("unknown_position", f"the journal ends at position {self.position}; {position} is not there yet")
        if partition >= self._reader.partitions:
            raise Rejected("unknown_position", f"position {position} is of partition {partition}, which the log does not have")
        await self._reach(partition, offset)

    async def _reach(self, partition: int, offset: int) -> None:
        """Wait for the read models of a partition; offset 1 asks that there are any."""
        offset = max(1, offset)
        try:
            await self._progress.reach(partition, offset, REACH_S)
        except TimeoutError:
            found, wanted = (self._positions.of(partition, one) for one in (self._progress.of(partition), offset))
            message = f"what can be read goes up to position {found}; {wanted} was not reached within {REACH_S:g} s"
            raise Unavailable("behind", message) from None

    async def _be_fresh(self) -> None:
        """Before a list: nobody may have told us of what others have written, so look at all partitions, but not all the time."""
        if not self._positions.is_divided:
            await self._reach(0, 0)
        elif self.projector is not None and self._loop.time() >= self._looked_at + ASK_EVERY_S:
            self._looked_at = self._loop.time()
            await asyncio.wait({self.projector.look()}, timeout=LOOK_S)

    def _read(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        return self._loop.run_in_executor(self._pool, read, *arguments)

    async def _read_about(self, execution: str, read: Callable[..., T], *arguments: Any) -> T:
        """Read about one execution, in its partition; where the owner knows more of it than the read models, wait for them."""

        def do() -> T:
            return read(self._reader.of(execution), execution, *arguments)

        ended = self._owner.executions.ended.get(execution)
        partition = self._reader.partition_of(execution)
        await self._reach(partition, 0 if ended is None else ended.offset + 1)
        try:
            return await self._read(do)
        except Rejected as rejected:
            if rejected.reason != "unknown_execution" or self._owner.executions.get(execution) is None:
                raise
        await self._reach(partition, self._owner.position)
        return await self._read(do)

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

    async def _filled(self, view: ExecutionView) -> ExecutionView:
        """The view with a big output read from where it is kept."""
        output = bytes(view.output)
        if values.is_reference(output):
            view.output = msgspec.Raw(await self._read(self._reader.blobs.get, values.blob_of(output)))
        return view

    async def find(self, wanted: Wanted) -> list[dict[str, Any]]:
        """The executions of a list."""
        if wanted.after is not None and (wanted.after.created_at is not None) != self._positions.is_divided:
            raise Rejected("unknown_cursor", "the cursor is of another log: begin again without one")
        await self._be_fresh()
        return [self._row(one) for one in await self._read(self._reader.find, wanted)]

    def _row(self, listed: Listed) -> dict[str, Any]:
        partition, record = listed
        place = Place(record.number, record.created_at if self._positions.is_divided else None, partition)
        return {**record_value(record), "position": self._positions.of(partition, record.position), "place": place}

    async def history(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on, and the version to go on from."""
        return await self._read_about(execution, ExecutionReader.history, start, limit)

    async def state(self, execution: str, at: int | None, whole: bool) -> dict[str, Any]:
        """All that an execution is, or was after an event; `whole` with its big values."""

        def read(reader: ExecutionReader, name: str) -> dict[str, Any]:
            return state_value(reader.folded(name, at), reader.value if whole else reader.show)

        return await self._read_about(execution, read)

    async def nodes(self, execution: str) -> list[NodeView]:
        """The nodes of an execution, with their values."""

        def read(reader: ExecutionReader, name: str) -> list[NodeView]:
            content = reader.content
            return [NodeView(node, node.input and content(node.input), node.output and content(node.output)) for node in reader.nodes(name)]

        return await self._read_about(execution, read)

    async def incidents(self, execution: str | None, only_open: bool) -> list[tuple[str, IncidentRecord]]:
        """Incidents, with the execution that each is of."""

        def read(reader: ExecutionReader, name: str) -> list[tuple[str, IncidentRecord]]:
            return list(reader.models.incidents(reader.record(name).number, only_open))

        if execution is None:
            await self._be_fresh()
            return await self._read(self._reader.incidents, only_open)
        return await self._read_about(execution, read)

    async def metrics(self) -> bytes:
        """Counters and gauges, as Prometheus reads them."""
        counts = await self._read(self._reader.counts)
        restarts = 0 if self.projector is None else max(0, self.projector.restarts)
        opened = len(self._owner.executions)
        projected = self._progress.of(self._owner.partition)
        requests = (self.under_way(), self.lane_requests())
        return render(Observed(self._owner.metrics, self._owner.position, projected, opened, counts, *requests, restarts))


def _nothing() -> None:
    """A command that was given stays given, whoever has gone."""


def _version_of(record: DefinitionPublished, active: int | None) -> Version:
    status = "archived" if active is None else "active" if active == record.version else "inactive"
    return Version(record.name, record.version, record.hash, status, record.recorded_at, record.content)
