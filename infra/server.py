"""The engine inside an event loop: one task drives it, requests become commands, replies become futures. See `api/service.py`.

    request ─► submit ─► wake ─► drive: step, step, … ─► reply ─► future ─► answer
                          ▲        └─ yields to the loop after each round; sleeps until something is due
    worker threads ───────┘ (call_soon_threadsafe)

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
from contracts.errors import LogError, RefoldError, Rejected
from contracts.ids import is_execution_id
from contracts.ports.read_models import IncidentRecord, Wanted
from domain.definition.outline import Activities
from domain.nodes import KINDS
from domain.state import Execution
from infra.creation import creation, fingerprint, key_id
from infra.engine import Engine
from infra.loop_wake import LoopWake
from infra.projector_process import ProjectorProcess
from infra.settings import EngineSettings
from infra.telemetry import Observed, render
from infra.wiring import activity_kinds
from projections.history import HistoryEvent
from projections.view import ExecutionView, record_value, state_value, view_of
from workers.reading import ExecutionReader
from workers.round import Answer

REACH_S: Final = 5.0
"""How long a read waits for the read models."""
SLEEP_MAX_S: Final = 60.0

T = TypeVar("T")


class EngineService:
    """An engine as a `Service`. All methods belong to the event loop's thread."""

    def __init__(self, engine: Engine, reader: ExecutionReader, wake: LoopWake, settings: EngineSettings, offers_workers: bool) -> None:
        self._engine, self._owner, self._catalog = engine, engine.owner, engine.catalog
        self._reader, self._wake = reader, wake
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(1, "refold-reading")
        self._kinds = activity_kinds(settings)
        self._reached: list[tuple[int, asyncio.Future[None]]] = []
        self._stopping: asyncio.Future[None] = self._loop.create_future()
        self.strict_kinds = not offers_workers
        self.projected = 0
        self.projector: ProjectorProcess | None = None
        self.under_way: Callable[[], int] = lambda: 0

    # Driving.

    async def drive(self) -> None:
        """Move the engine whenever there is something to do, until cancelled. What it raises is a bug or a broken log."""
        told = -1
        while True:
            self._wake.clear()
            worked = self._engine.step()
            if self._owner.position != told and self.projector is not None:
                told = self._owner.position
                self.projector.tell()
            if worked:
                await asyncio.sleep(0)
            else:
                await self._sleep()

    async def _sleep(self) -> None:
        due = self._owner.next_due()
        seconds = SLEEP_MAX_S if due is None else max(0.001, min(SLEEP_MAX_S, (due - self._engine.clock.now()) / 1000))
        timer = self._loop.call_later(seconds, self._wake.event.set)
        await self._wake.event.wait()
        timer.cancel()

    def submitted(self) -> None:
        """Something was given to the owner from the loop's own thread."""
        self._wake.event.set()

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    def close(self) -> None:
        """Let go of the reading thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def position(self) -> int:
        """The offset after the last durable decision."""
        return self._owner.position

    def check_ready(self) -> None:
        """Raise Unavailable while stopping, or while another owner is in charge."""
        self._check_takes()
        if not self._owner.is_in_charge:
            raise Unavailable("not_in_charge", self._owner.metrics.last_stand_down or "the partition is not claimed yet")

    def _check_takes(self) -> None:
        if self._stopping.done():
            raise Unavailable("stopping", "the server is stopping", 5.0)

    # Workflows.

    @property
    def activities(self) -> Activities:
        """The activity kinds at hand, with the models of their configs."""
        return {name: kind.Config for name, kind in self._kinds.items()}

    def node_kinds(self) -> list[dict[str, Any]]:
        """All node kinds."""
        known = [("control flow", kind) for kind in KINDS]
        kinds: list[tuple[str, Any]] = [*known, *(("activity", kind) for kind in self._kinds.values())]
        return [
            {
                "kind": kind.name,
                "sort": sort,
                "summary": kind.summary,
                "config": None if kind.Config is None else kind.Config.model_json_schema(by_alias=True),
            }
            for sort, kind in kinds
        ]

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

    async def start(self, start: Start, wait_s: float | None) -> Started:
        """Start an execution; with `wait_s` the answer comes at its end, or when the time is up."""
        self._check_takes()
        name = self._id_of(start)
        ended: asyncio.Future[ExecutionView] = self._loop.create_future()

        def on_end(state: Execution) -> None:
            if not ended.done():
                ended.set_result(view_of(state, 0))

        self._owner.watch_end(name, on_end)
        try:
            created = await self._create(name, start)
            if wait_s and not ended.done() and name not in self._owner.executions.ended:
                await asyncio.wait(self._ends(ended), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._owner.unwatch_end(name, on_end)
        if ended.done():
            view = ended.result()
            view.position = self.position
            return Started(await self._filled(view), created)
        return Started(await self.view(name), created)

    async def start_many(self, starts: Sequence[Start]) -> list[Started | RefoldError]:
        """Start many at once, each by itself."""

        async def one(start: Start) -> Started | RefoldError:
            try:
                return await self.start(start, None)
            except RefoldError as error:
                return error

        return await asyncio.gather(*map(one, starts))

    def _ends(self, ended: asyncio.Future[ExecutionView]) -> list[asyncio.Future[Any]]:
        """What ends the waiting for an execution: its end, or the server's."""
        return [ended, self._stopping]

    def _id_of(self, start: Start) -> str:
        if start.key is not None:
            return key_id(start.workflow, start.key)
        if start.execution is None:
            return self._engine.new_execution_id()
        if not is_execution_id(start.execution):
            raise Rejected("bad_id", f"{start.execution!r} cannot be an execution id: letters, digits, `.`, `_`, `:`, `-`, at most 128")
        return start.execution

    async def _create(self, name: str, start: Start) -> bool:
        """Create it; False where the same was created before. Raises Rejected where another one has the id."""
        if self._is_repeated(name, start):
            return False
        version, definition = self._catalog.resolve(start.workflow)
        try:
            return not (await self._ask(name, creation(start, version, definition))).repeated
        except Rejected as rejected:
            if rejected.reason == "already_exists" and self._is_repeated(name, start):
                return False
            raise

    def _is_repeated(self, name: str, start: Start) -> bool:
        """Whether this start was made before: by its key, or by the same request for any version of the workflow."""
        folded = self._owner.executions.get(name)
        known = self._owner.executions.ended.get(name) if folded is None else folded.state
        if known is None:
            return False
        if start.key is not None:
            return True
        commands = (creation(start, one.version, one.hash) for one in self._catalog.versions(start.workflow))
        return any(fingerprint(command, self._reader.blobs) == known.request for command in commands)

    async def give(self, execution: str, command: Command) -> Given:
        """Give a command to an execution."""
        answer = await self._ask(execution, command)
        return Given(answer.execution, answer.status, answer.position)

    async def signal(self, execution: str, name: str, payload: bytes, key: str | None) -> Given:
        """Send a signal; the same key twice is one signal."""
        return await self.give(execution, SendSignal(key or self._engine.new_execution_id(), name, payload))

    def _ask(self, execution: str, command: Command) -> asyncio.Future[Answer]:
        """Give a command to the owner; the future is its answer after the commit, or what it was refused with."""
        self._check_takes()
        future: asyncio.Future[Answer] = self._loop.create_future()

        def reply(answer: Answer) -> None:
            if future.done():
                return
            if answer.error is None:
                future.set_result(answer)
            else:
                future.set_exception(answer.error)

        self._engine.send(execution, command, reply)
        self._wake.event.set()
        return future

    # Reading.

    def note_projected(self, offset: int) -> None:
        """The read models go up to here."""
        self.projected = offset
        for wanted, future in self._reached:
            if wanted <= offset and not future.done():
                future.set_result(None)
        self._reached = [(wanted, future) for wanted, future in self._reached if not future.done()]
        if offset < self.position and self.projector is not None:
            self.projector.tell()

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        if position is not None and position > self.position:
            raise Rejected("unknown_position", f"the journal ends at position {self.position}; {position} is not there yet")
        await self._reach(position or 0)

    async def _reach(self, position: int) -> None:
        """Wait for the read models; position 1 asks that there are any."""
        position = max(1, position)
        if self.projected >= position:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._reached.append((position, future))
        if self.projector is not None:
            self.projector.tell()
        try:
            await asyncio.wait_for(future, REACH_S)
        except TimeoutError:
            message = f"what can be read goes up to position {self.projected}; {position} was not reached within {REACH_S:g} s"
            raise Unavailable("behind", message) from None

    def _read(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        return self._loop.run_in_executor(self._pool, read, *arguments)

    async def _read_about(self, execution: str, read: Callable[..., T], *arguments: Any) -> T:
        """Read about one execution; where the owner knows more of it than the read models, wait for them."""
        ended = self._owner.executions.ended.get(execution)
        await self._reach(0 if ended is None else ended.offset + 1)
        try:
            return await self._read(read, execution, *arguments)
        except Rejected as rejected:
            if rejected.reason != "unknown_execution" or self._owner.executions.get(execution) is None:
                raise
        await self._reach(self.position)
        return await self._read(read, execution, *arguments)

    async def view(self, execution: str) -> ExecutionView:
        """An execution as it is now: from memory while it is open, else read from the journal."""
        folded = self._owner.executions.get(execution)
        if folded is not None:
            return await self._filled(view_of(folded.state, self.position))
        if execution in self._owner.executions.unreadable:
            reason = self._owner.executions.unreadable[execution]
            raise Rejected("quarantined", f"the history of execution {execution} cannot be read: {reason}", execution=execution)
        if execution not in self._owner.executions.ended:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        ended = await self._read_about(execution, self._reader.folded)
        return await self._filled(view_of(ended.state, self.position))

    async def _filled(self, view: ExecutionView) -> ExecutionView:
        """The view with a big output read from where it is kept."""
        output = bytes(view.output)
        if values.is_reference(output):
            view.output = msgspec.Raw(await self._read(self._reader.content, output))
        return view

    async def find(self, wanted: Wanted) -> list[dict[str, Any]]:
        """The executions of a list."""
        await self._reach(0)
        records = await self._read(self._reader.models.select, wanted)
        return [{**record_value(record), "number": record.number} for record in records]

    async def history(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on, and the version to go on from."""
        return await self._read_about(execution, self._reader.history, start, limit)

    async def state(self, execution: str, at: int | None) -> dict[str, Any]:
        """All that an execution is, or was after an event."""

        def read(name: str) -> dict[str, Any]:
            return state_value(self._reader.folded(name, at), self._reader.show)

        return await self._read_about(execution, read)

    async def nodes(self, execution: str) -> list[NodeView]:
        """The nodes of an execution, with their values."""

        def read(name: str) -> list[NodeView]:
            records, found = self._reader.nodes(name)
            content = self._reader.content
            views = []
            for record in records:
                given = None if record.input is None else found.inputs.get(record.input)
                output = None if record.output is None else found.outputs.get(record.output)
                failure = found.failures.get(record.path) if record.error is not None else None
                error = None if failure is None else failure.at(record.path, record.attempt).as_value()
                views.append(NodeView(record, given and content(given), output and content(output), error))
            return views

        return await self._read_about(execution, read)

    async def incidents(self, execution: str | None, only_open: bool) -> list[tuple[str, IncidentRecord]]:
        """Incidents, with the execution that each is of."""

        def read(name: str | None) -> list[tuple[str, IncidentRecord]]:
            number = None if name is None else self._reader.record(name).number
            return list(self._reader.models.incidents(number, only_open))

        if execution is None:
            await self._reach(0)
            return await self._read(read, None)
        return await self._read_about(execution, read)

    async def metrics(self) -> bytes:
        """Counters and gauges, as Prometheus reads them."""
        try:
            counts = await self._read(self._reader.models.counts)
        except LogError:  # no read models yet
            counts = {}
        restarts = 0 if self.projector is None else max(0, self.projector.restarts)
        opened = len(self._owner.executions)
        return render(Observed(self._owner.metrics, self.position, self.projected, opened, counts, self.under_way(), restarts))


def _version_of(record: DefinitionPublished, active: int | None) -> Version:
    status = "archived" if active is None else "active" if active == record.version else "inactive"
    return Version(record.name, record.version, record.hash, status, record.recorded_at, record.content)
