"""The engine as bulk operations move it: what it finds comes from the read models, what it gives goes as any caller's. See `Operator`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import msgspec

from api.service import Unavailable
from contracts.caller import Caller
from contracts.commands import Command
from contracts.errors import LogUnreachable, Rejected
from contracts.ports.read_models import Query
from contracts.ports.where import Field, OneOf, all_of
from domain.bulk.action import Outcomes, Row, Which
from infra.server.heal_host import Host as HealHost
from infra.server.healer import ServiceHealer
from infra.server.lookup import Lookup
from infra.server.read_threads import ReadThreads
from projections.execution_columns import execution_filter
from projections.executions import USERS_ONLY, ExecutionRecord, executions_where, without_tests
from projections.incidents import IncidentRecord, incident_filter, incidents_where
from workers.reading.execution_reader import ExecutionReader, value_in
from workers.reading.partitioned_reader import PartitionedReader
from workers.running.desk import Selected, Standing
from workers.running.system.bulk_act import BulkAct
from workers.running.system.bulk_select import BulkSelect

ALL: Final = "true"
PATIENCE_TRIES: Final = 200
"""So often it is asked again while read models are behind; each time they are waited for already."""
PATIENCE_PAUSE_S: Final = 0.5
T = TypeVar("T")


class _Selected(msgspec.Struct):
    total: int


class _Page(msgspec.Struct):
    rows: list[tuple[str, str, str]]


_selected: Final = msgspec.json.Decoder(_Selected)
_page: Final = msgspec.json.Decoder(_Page)


class Host(HealHost, Protocol):
    """The service that it stands on."""

    async def give(self, execution: str, command: Command, caller: Caller) -> Any:
        """Give a command to an execution."""


class ServiceOperator:
    """All methods belong to the event loop's thread."""

    def __init__(self, host: Host, reader: PartitionedReader, reads: ReadThreads, lookup: Lookup, is_alone: bool) -> None:
        self.healer = ServiceHealer(host, self.standing)
        self._host, self._reader, self._reads, self._lookup, self.is_alone = host, reader, reads, lookup, is_alone

    async def select(self, which: Which, most: int) -> Selected:
        """See Operator."""
        wanted, incidents = self._asked(which, most + 1)
        await self._be_current()
        return await self._reads.run_list(self._select, wanted, incidents)

    async def standings(self, which: Which, most: int, with_incidents: bool) -> Sequence[Row]:
        """The same executions, as they stand; with such of their open incidents as are meant."""
        wanted, incidents = self._asked(which, most + 1)
        of = incidents_where(is_open=True) if incidents is None and with_incidents else incidents
        await self._be_current()
        return await self._reads.run_list(self._reader.picked, wanted, of, incidents is not None)

    def _asked(self, which: Which, most: int) -> tuple[Query[ExecutionRecord], Query[IncidentRecord] | None]:
        """Which executions, and which incidents they must have."""
        query = executions_where(limit=most, filter_=execution_filter(which.filter or ALL, self._host.now()))
        named = without_tests(which.filter) if which.executions is None else OneOf(Field("execution", True), tuple(which.executions))
        wanted = query._replace(where=all_of(query.where, USERS_ONLY, named))
        return wanted, None if which.incidents is None else self._open_incidents(which.incidents)

    def _open_incidents(self, filter: str) -> Query[IncidentRecord]:
        return incidents_where(is_open=True, filter_=incident_filter(filter, self._host.now()))

    async def _be_current(self) -> None:
        position = self._host.position
        await _patiently(lambda: self._host.be_current(position))

    def _select(self, query: Query[ExecutionRecord], incidents: Query[IncidentRecord] | None) -> Selected:
        """Offsets are read first: what is decided from there on comes after nothing that the rows lack."""
        offsets = self._offsets()
        return Selected([row.execution for row in self._reader.picked(query, incidents)], offsets)

    def _offsets(self) -> Mapping[int, int]:
        """Up to where the rows of each partition go."""
        return {partition: self._reader.checkpoint_of(partition).offset for partition in range(self._reader.partitions)}

    async def succeeded(self, operation: str) -> Selected:
        """See Operator."""
        found = [row[0] for row in (await self.outcomes(operation)).rows if row[1] == "ok"]
        return Selected(found, await self._reads.run_list(self._offsets))

    async def outcomes(self, operation: str) -> Outcomes:
        """What has become of an operation, by what its activities gave."""
        total, rows = None, list[tuple[str, str, str]]()
        for node in await self._host.nodes(operation):
            if node.output is not None and node.row.type == BulkSelect.name:
                total = _selected.decode(node.output).total
            elif node.output is not None and node.row.type == BulkAct.name:
                rows += _page.decode(node.output).rows
        return Outcomes(total, rows)

    async def rows(self, executions: Sequence[str], incidents: str | None = None) -> Mapping[str, Row]:
        """See Operator."""
        meant = None if incidents is None else self._open_incidents(incidents)
        await self._be_current()

        def read() -> list[Row]:
            found = [row for one in executions if (row := self._reader.row(one)) is not None]
            return found if meant is None else self._reader.with_incidents(found, meant)

        return {row.execution: row for row in await self._reads.run_list(read)}

    async def has_acted(self, execution: str, caller: Caller, offsets: Mapping[int, int]) -> bool:
        """See Operator."""
        offset = offsets.get(self._reader.partition_of(execution), 0)
        try:
            return await _patiently(lambda: self._lookup.read(execution, ExecutionReader.has_acted, caller, offset))
        except Rejected:  # there is none, so nothing was done with it
            return False

    async def standing(self, execution: str) -> Standing | None:
        """See Operator."""
        try:
            return await _patiently(lambda: self._lookup.read(execution, _standing))
        except Rejected:
            return None

    async def give(self, execution: str, command: Command, caller: Caller) -> None:
        """See Operator. That nothing can be taken in just now may pass."""
        try:
            await self._host.give(execution, command, caller)
        except Unavailable as error:
            raise LogUnreachable(str(error)) from error


def _standing(reader: ExecutionReader, execution: str) -> Standing:
    state = reader.folded(execution).state
    return Standing(state.status, None if state.output is None else value_in(reader.blobs, state.output))


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the read models are behind. Raises LogUnreachable where that takes very long."""
    for _ in range(PATIENCE_TRIES):
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(PATIENCE_PAUSE_S)
    raise LogUnreachable("the read models did not come up to date")
