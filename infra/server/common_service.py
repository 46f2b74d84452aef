"""What an engine's service is made of wherever its partitions are owned: workflows, and reading with the help of read models.

Reading and folding take long, so they run in one other thread with connections of its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from api.requests import Requests
from api.service import Given, Rows, Start, Started, Unavailable, Warmed
from api.streams.streams import Streams
from api.what_if import CoverageAsked, MigrationAsked, WhatIfAsked
from contracts import values
from contracts.caller import Caller
from contracts.commands import Command, SendSignal
from contracts.errors import LogError, RefoldError, Rejected
from contracts.ports.clock import Clock
from contracts.ports.feed import Told
from contracts.ports.read_models import Condition, Group, Query, StandIn
from contracts.ports.result_cache import ResultCache
from domain.bulk.action import Outcomes, Row, Which
from infra.server.background import Background
from infra.server.callback import awaited
from infra.server.catalog_service import CatalogService
from infra.server.execution_service import ExecutionService
from infra.server.herald import Herald
from infra.server.lookup import REACH_S, Lookup
from infra.server.operator import ServiceOperator
from infra.server.progress import ASK_EVERY_S, Progress
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import positions_of
from infra.server.redelivery import PutAgain, Redelivery
from infra.server.sealing_service import SealingService
from infra.server.task_service import TaskService
from infra.server.trigger_ground import ServiceGround
from infra.server.watching_service import RowTexts, WatchingService
from infra.server.webhook_book import Notes, WebhookBook
from infra.server.what_if_desk import WhatIfDesk
from infra.settings.model import EngineSettings
from projections.audit import CREDENTIALS, DEFINITIONS, LETTERS, AuditRecord
from projections.executions import EXECUTIONS, ExecutionRecord, executions_where, listed, record_value
from projections.incidents import CAUSE, INCIDENTS, IncidentRecord, of_cause
from projections.registry import MODEL_OF
from projections.view import ExecutionView
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources
from workers.partition.round import Answer, Reply
from workers.reading.execution_reader import ExecutionReader
from workers.reading.journal_feed import Feed
from workers.reading.partitioned_reader import Listed, PartitionedReader
from workers.reading.previews import Previews
from workers.reading.traces import Traces
from workers.running.desk import Operator
from workers.running.result_warming import past_results, warm
from workers.tasks.dead_letters import DEAD_LETTERS
from workers.tasks.letter_box import LetterBox

LOOK_S: Final = 1.0
"""How long a list waits until all partitions were looked at; then it shows what there is."""

T = TypeVar("T")
R = TypeVar("R", bound=tuple[Any, ...])
Send: TypeAlias = Callable[[str, Command, Reply, Caller], None]


class CommonService(CatalogService, SealingService, TaskService, ExecutionService, WatchingService):
    """Half of a `Service`. All methods belong to the event loop's thread."""

    letters: Redelivery
    cache: ResultCache

    def __init__(
        self,
        catalog: Catalog,
        resources: Resources,
        feed: Feed,
        reader: PartitionedReader,
        reads: ReadThreads,
        progress: Progress,
        lookup: Lookup,
        settings: EngineSettings,
        requests: Requests,
        notes: Notes | None = None,
    ) -> None:
        self.webhooks = WebhookBook(resources, notes)
        self._herald = Herald()
        self.feed, self.streams = feed, Streams(feed, requests, positions_of(settings), settings.event_source, crowds=self._herald)
        super().__init__(catalog, resources, settings)
        self.may_debug = settings.debugger
        self._reader, self._reads, self._progress, self._lookup = reader, reads, progress, lookup
        self._row_texts = RowTexts()
        self._backlog = reader.backlog()
        self._loop = asyncio.get_running_loop()
        self.background = Background()
        self._positions = positions_of(settings)
        self._reach, self._read_about = lookup.reach, lookup.read
        self._traces, self._previews = Traces(), Previews()
        self.trigger_ground = ServiceGround(reader, reads, lookup, self._positions, settings.event_source)
        self._what_if = WhatIfDesk(settings)
        self._operator = ServiceOperator(self, reader, reads, lookup, is_alone=not self._positions.is_divided)
        self._looked_at = -ASK_EVERY_S
        self._has_looked = False
        """Whether the read models were once up to date: before that a list would lack what was there long ago."""

    def close(self) -> None:
        """Tell nobody anything any more, and let go of the reading thread."""
        self.streams.close()
        self._herald.close()
        self.feed.close()
        self._reads.close()

    async def compute(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what takes long beside all else, in the thread that reads."""
        return await self._read(work, *arguments)

    async def what_if(self, asked: WhatIfAsked) -> bytes:
        """In a process beside this one."""
        return await self._what_if.compare(asked)

    async def coverage(self, asked: CoverageAsked) -> bytes:
        """See Comparing."""
        return await self._what_if.compare(asked)

    async def plan_migration(self, asked: MigrationAsked) -> bytes:
        """See Comparing."""
        return await self._what_if.compare(asked)

    def chance(self, size: int) -> bytes:
        """Of the system."""
        return secrets.token_bytes(size)

    # Single events.

    async def ends(self) -> dict[int, int]:
        """By partition the offset at which the journal ends."""
        raise NotImplementedError

    async def told_at(self, partition: int, offset: int) -> Told | None:
        """The decision at an offset, as a feed tells it; None where there is none."""
        return await self._reads.run(self._backlog.at, partition, offset)

    async def find_event(self, execution: str, version: int) -> tuple[int, int]:
        """The partition and the offset of the decision that an event is of. Raises Rejected where there is none."""

        def find(reader: ExecutionReader, name: str) -> int:
            return reader.offset_of(name, version)

        return self._reader.known(execution), await self._read_about(execution, find)

    # Dead letters.

    def _redelivery(self, clock: Clock, put: PutAgain) -> Redelivery:
        """What is done about dead letters; `put` appends a record to its topic again."""
        box = LetterBox(self._reader.log, clock)
        return Redelivery(box, self._read, lambda record: self._in_catalog(self._append_letter_act, record), self.give, put)

    def _append_letter_act(self, record: bytes) -> int | LogError:
        self._check_takes()
        return self._catalog.log.append(DEAD_LETTERS, {0: [record]})[0]

    async def other_acts(self) -> Mapping[int, Sequence[AuditRecord]]:
        """What was done to other things than executions, by where it stands."""
        kept = await self.credential_acts()
        return {DEFINITIONS: tuple(self._catalog.acts), LETTERS: await self.letters.acts(), CREDENTIALS: kept}

    # Cached results.

    async def warm(self, workflow: str, limit: int) -> Warmed:
        """Keep what activities of the last executions of a workflow gave, for what is left of its time."""
        found = await self._find(listed(executions_where(workflow, limit=limit), workflow, None))
        results = unreadable = 0
        for one in found:
            try:
                results += await self._read_about(one.record.execution, self._warm_by)
            except (KeyError, LogError):
                unreadable += 1
        return Warmed(len(found), results, unreadable)

    def _warm_by(self, reader: ExecutionReader, execution: str) -> int:
        past = past_results(reader.entries(execution), self._catalog.graph, reader.blobs.get)
        return warm(self.cache, past, self.now())

    # Commands.

    def begin_start(self, start: Start, wait_s: float, then: Callable[[Started | Exception], None]) -> Callable[[], None]:
        """Start an execution; `then` hears of it, at its end with a wait. What is given back forgets the caller."""
        raise NotImplementedError

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

    def _give_to(
        self, execution: str, partition: int, command: Command, caller: Caller, send: Send, then: Callable[[Given | Exception], None]
    ) -> None:
        """Send a command, and tell what came of it."""

        def reply(answer: Answer) -> None:
            error = answer.error
            if isinstance(command, SendSignal) and isinstance(error, Rejected) and error.reason == "already_ended":
                self.background.begin(self._look_back(execution, partition, command.signal, error, then))
            else:
                then(error or Given(answer.execution, answer.status, self._positions.of(partition, answer.position)))

        send(execution, command, reply, caller)

    def begin_give(self, execution: str, command: Command, caller: Caller, then: Callable[[Given | Exception], None]) -> Callable[[], None]:
        """Give a command to an execution; `then` hears what came of it once that is durable."""
        raise NotImplementedError

    async def give(self, execution: str, command: Command, caller: Caller) -> Given:
        """The same, awaited."""
        return await awaited(lambda then: self.begin_give(execution, command, caller, then))

    async def _look_back(
        self, execution: str, partition: int, signal: str, refused: Rejected, then: Callable[[Given | Exception], None]
    ) -> None:
        """A signal that comes again is once, also when its execution has ended since, which does not remember it itself."""
        outcome: Given | Exception = refused
        try:
            if await self._read_about(execution, ExecutionReader.has_signal, signal):
                position = self._positions.of(partition, self._progress.of(partition))
                outcome = Given(execution, str(refused.details.get("status", "")), position)
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            outcome = error
        then(outcome)

    # Reading.

    def now(self) -> int:
        """The time, in milliseconds since 1970."""
        raise NotImplementedError

    @property
    def projected(self) -> int:
        """Up to where lists go; 0 on a log of several partitions, as no one number says it."""
        return self._positions.of(0, self._progress.of(0)) if self._reader.partitions == 1 else 0

    def projected_of(self, execution: str) -> int:
        """Up to where goes what is read about an execution."""
        partition = self._reader.partition_of(execution)
        return self._positions.of(partition, self._progress.of(partition))

    async def _be_fresh(self) -> None:
        """Before a list: nobody may have told us of what others have written, so look at all partitions, but not all the time."""
        if not self._positions.is_divided:
            await self._reach(0, 0)
        elif self._progress.process is not None and not self._has_looked:
            self._has_looked = await self._look(REACH_S)
            if not self._has_looked:
                raise Unavailable("behind", f"the read models did not come up to date within {REACH_S:g} s")
        elif self._progress.process is not None and self._loop.time() >= self._looked_at + ASK_EVERY_S:
            self._looked_at = self._loop.time()
            await self._look(LOOK_S)

    async def be_current(self, position: int) -> None:
        """Wait until lists show all that had been decided at a position of ours. Raises Unavailable where that takes too long."""
        if not self._positions.is_divided:
            await self.reach(position)
        elif self._progress.process is not None and not await self._look(REACH_S):
            raise Unavailable("behind", f"the read models did not come up to date within {REACH_S:g} s")

    @property
    def position(self) -> int:
        """After the last durable decision; 0 where no one number says it."""
        raise NotImplementedError

    async def reach(self, position: int | None) -> None:
        """Wait until what is read goes up to the position."""
        raise NotImplementedError

    async def _look(self, timeout_s: float) -> bool:
        """Have all partitions looked at; whether that was done in time."""
        assert self._progress.process is not None
        done, _ = await asyncio.wait({self._progress.process.look()}, timeout=timeout_s)
        return bool(done)

    def _read(self, read: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        return self._reads.run(read, *arguments)

    async def _filled(self, view: ExecutionView) -> ExecutionView:
        """The view with a big output read from where it is kept."""
        output = bytes(view.output)
        if values.is_reference(output):
            view.output = msgspec.Raw(await self._read(self._reader.blobs.get, values.blob_of(output)))
        return view

    async def find(self, query: Query[ExecutionRecord]) -> list[dict[str, Any]]:
        """The executions of a list."""
        return [self._row(one) for one in await self._find(query)]

    def _row(self, listed: Listed[ExecutionRecord]) -> dict[str, Any]:
        partition, record = listed
        cursor = EXECUTIONS.cursor(record, partition)
        return {**record_value(record), "position": self._positions.of(partition, record.position), "cursor": cursor}

    async def _find(self, query: Query[R]) -> list[Listed[R]]:
        """The rows of a list, of all partitions together."""
        await self._be_fresh()
        projected = self._progress.all
        found = await self._reads.run_list(self._reader.find, query)
        if not found:
            await self._lookup.check_rows(projected)
        return found

    async def rows(self, query: Query[R], execution: str | None = None) -> Rows[R]:
        """The rows of any read model's list: of all executions, or of one. While they are made anew they go less far than others."""
        model = MODEL_OF[query.table].name
        if execution is None:
            await self._be_fresh()
            for partition, offset in self._progress.all.items() if MODEL_OF[query.table].may_lag else ():
                await self._lookup.reach(partition, offset, of_all=True)
            projected = self._progress.all
            found = await self._reads.run_list(self._rows_of_all, query, model)
            if not found.records:
                await self._lookup.check_rows(projected)
            return found
        partition = self._reader.partition_of(execution)

        def read(reader: ExecutionReader, name: str) -> Rows[R]:
            of_it = Condition("number", "=", reader.record(name).number)
            position = self._positions.of(partition, reader.models.checkpoint(model).offset)
            found = list(reader.models.select(query._replace(conditions=(*query.conditions, of_it))))
            return Rows(found, position, [query.table.cursor(one, partition) for one in found])

        return await self._read_about(execution, read)

    def _rows_of_all(self, query: Query[R], model: str) -> Rows[R]:
        is_one = self._reader.partitions == 1
        position = self._positions.of(0, self._reader.checkpoint_of(0, model).offset) if is_one else 0
        found = self._reader.find(query)
        return Rows([one.record for one in found], position, [query.table.cursor(one.record, one.partition) for one in found])

    async def causes(self, query: Query[IncidentRecord]) -> Rows[tuple[Group, IncidentRecord | None]]:
        """Incidents by their cause."""
        await self._be_fresh()
        found = await self._reads.run_list(self._causes, query)
        if not found.records:
            await self._lookup.check_rows(self._progress.all)
        return found

    def _causes(self, query: Query[IncidentRecord]) -> Rows[tuple[Group, IncidentRecord | None]]:
        is_one = self._reader.partitions == 1
        position = self._positions.of(0, self._reader.checkpoint_of(0, MODEL_OF[INCIDENTS].name).offset) if is_one else 0
        return Rows([(one.group, one.example) for one in self._reader.groups(query, CAUSE, of_cause)], position)

    async def _counts(self) -> Mapping[str, int]:
        """How many executions there are of each status; of none, while the rows cannot be read: all else can be told."""
        try:
            return await self._reads.run_list(self._reader.counts, EXECUTIONS)
        except LogError:
            return {}

    async def stands(self) -> list[StandIn]:
        """How the rows of each read model stand, in each partition; counted in the thread where nobody's list waits."""
        return await self._reads.run(self._reader.stands)

    async def rebuild(self, models: Sequence[str]) -> None:
        """Make the rows of these read models anew; done when it is stored that they are to be."""
        if self._progress.process is None:
            raise Unavailable("no_projector", "this server keeps no read models up: ask one that has the role `projector`")
        stored = self._progress.process.rebuild(models)
        done, _ = await asyncio.wait({stored}, timeout=REACH_S)
        if not done:
            raise Unavailable("behind", f"the projector has not begun within {REACH_S:g} s; it does as soon as it can")

    def position_of(self, partition: int, offset: int) -> int:
        """The position that stands for an offset of a partition."""
        return self._positions.of(partition, offset)

    @property
    def operator(self) -> Operator:
        """The engine as its own workflows move it."""
        return self._operator

    async def standings(self, which: Which, most: int, with_incidents: bool) -> Sequence[Row]:
        """The executions that a bulk operation would be about."""
        return await self._operator.standings(which, most, with_incidents)

    async def outcomes(self, operation: str) -> Outcomes:
        """What has become of a bulk operation, so far."""
        return await self._operator.outcomes(operation)
