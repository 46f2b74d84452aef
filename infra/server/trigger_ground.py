"""What event triggers stand on: in a server its readers, in an engine that is moved by steps the journal itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from contracts.commands import CreateExecution
from contracts.errors import RefoldError, Rejected
from contracts.events import ExecutionCompleted
from contracts.ids import root_of
from contracts.journal import Checkpoint
from contracts.ports.blobs import Blobs
from contracts.ports.feed import Told
from contracts.ports.read_models import Query
from contracts.ports.where import Field, Is, all_of
from contracts.positions import Positions
from contracts.public_events import CloudEvent
from domain.execution.history import Unreadable, read_entries
from domain.execution.state import Execution
from infra.server.alone import Alone
from infra.server.lookup import Lookup
from infra.server.read_threads import ReadThreads
from projections.executions import EXECUTIONS, NO_TESTS
from projections.public.present import public_events
from workers.partition.refolding import entries_of, refold
from workers.reading.execution_reader import ExecutionReader, value_in
from workers.reading.partitioned_reader import PartitionedReader
from workers.triggers.event_ground import Completed, Known, depth_in, first_since

T = TypeVar("T")
COMPLETED_A_PAGE: Final = 1_000
"""So many rows are read at a time of what has completed."""


class ServiceGround:
    """See `workers.triggers.event_ground.Ground`. Lives in the event loop."""

    def __init__(self, reader: PartitionedReader, reads: ReadThreads, lookup: Lookup, positions: Positions, source: str) -> None:
        self._reader, self._reads, self._lookup, self._positions, self._source = reader, reads, lookup, positions, source
        self._tasks: set[asyncio.Task[None]] = set()

    def first_since(self, partition: int, time: int, then: Callable[[int | Exception], None]) -> None:
        """In the thread that reads journals."""
        self._begin(self._reads.run(first_since, self._reader.log, partition, time), then)

    def know(self, execution: str, names: Sequence[str], then: Callable[[Known | Exception], None]) -> None:
        """From the rows and the journal of its partition, and of that of its root."""
        self._begin(self._known(execution, names), then)

    async def _known(self, execution: str, names: Sequence[str]) -> Known:
        known = await self._lookup.read(execution, _known_by, names)
        root = root_of(execution)
        return known if root == execution else known._replace(depth=(await self._lookup.read(root, _known_by, ())).depth)

    def completed(self, workflow: str, since: int, until: Mapping[int, int], then: Callable[[list[Completed] | Exception], None]) -> None:
        """From the rows, once they go so far."""
        self._begin(self._completed(workflow, since, until), then)

    async def _completed(self, workflow: str, since: int, until: Mapping[int, int]) -> list[Completed]:
        for partition, offset in until.items():
            await self._lookup.reach(partition, offset)
        same = Is(Field("workflow", is_text=True), "=", workflow), Is(Field("status", is_text=True), "=", "completed")
        query = Query(EXECUTIONS, limit=COMPLETED_A_PAGE, where=all_of(*same, NO_TESTS, Is(Field("ended_at"), ">=", since)))
        found: list[Completed] = []
        while True:
            page = await self._reads.run_list(self._reader.find, query)
            found += [Completed(one.record.execution, one.record.ended_at) for one in page]
            if len(page) < COMPLETED_A_PAGE:
                break
            query = query._replace(after=EXECUTIONS.cursor(page[-1].record, page[-1].partition))
        await self._lookup.check_rows(until)
        return found

    def present(self, told: Told) -> list[CloudEvent]:
        """As other systems are told."""
        assert told.origin is not None, f"the origin of execution {told.decision.execution} is not told"
        return list(public_events(told.decision, told.origin, self._positions.of(told.partition, told.offset), self._source))

    def _begin(self, work: Awaitable[T], then: Callable[[T | Exception], None]) -> None:
        task = asyncio.ensure_future(_tell(work, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _tell(work: Awaitable[T], then: Callable[[T | Exception], None]) -> None:
    try:
        found: T | Exception = await work
    except Exception as error:  # whoever asked has to hear of it, whatever it is
        found = error
    then(found)


def _known_by(reader: ExecutionReader, execution: str, names: Sequence[str]) -> Known:
    state = reader.folded(execution).state
    return Known(depth_in(state), values_in(reader.blobs, state, names))


class StepGround:
    """The same at once, where nobody else is held up. Each look reads the journal from its beginning, which is short there."""

    def __init__(self, alone: Alone, source: str) -> None:
        self._alone, self._source = alone, source

    def first_since(self, partition: int, time: int, then: Callable[[int | Exception], None]) -> None:
        """At once."""
        try:
            found: int | Exception = first_since(self._alone.log, partition, time)
        except RefoldError as error:
            found = error
        then(found)

    def know(self, execution: str, names: Sequence[str], then: Callable[[Known | Exception], None]) -> None:
        """At once."""
        try:
            state = self._state(execution)
            depth = depth_in(self._state(root_of(execution)))
            found: Known | Exception = Known(depth, values_in(self._alone.owner.blobs, state, names))
        except RefoldError as error:
            found = error
        then(found)

    def completed(self, workflow: str, since: int, until: Mapping[int, int], then: Callable[[list[Completed] | Exception], None]) -> None:
        """At once."""
        try:
            found: list[Completed] | Exception = self._completed(workflow, since)
        except RefoldError as error:
            found = error
        then(found)

    def _completed(self, workflow: str, since: int) -> list[Completed]:
        found: list[Completed] = []
        begun: set[str] = set()
        for entry in read_entries(self._alone.log.read("journal", self._alone.owner.partition), Checkpoint()):
            if isinstance(entry, Unreadable):
                continue
            decision = entry.decision
            if isinstance(decision.command, CreateExecution) and decision.command.workflow == workflow:
                begun.add(decision.execution)
            if decision.execution in begun and decision.now >= since and any(type(one) is ExecutionCompleted for one in decision.events):
                found.append(Completed(decision.execution, decision.now))
        return found

    def _state(self, execution: str) -> Execution:
        alone = self._alone
        folded = refold(alone.catalog.graph, entries_of(alone.log, alone.owner.partition, execution), alone.owner.blobs.get)
        if folded is None:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        return folded.state

    def present(self, told: Told) -> list[CloudEvent]:
        """As other systems are told."""
        assert told.origin is not None, f"the origin of execution {told.decision.execution} is not told"
        return list(public_events(told.decision, told.origin, told.offset, self._source))


def values_in(blobs: Blobs, state: Execution, names: Sequence[str]) -> dict[str, Any]:
    """The values of an execution that were asked for."""
    stored = {"input": state.input, "output": state.output}
    return {name: None if (value := stored[name]) is None else value_in(blobs, value) for name in names}
