"""What a process of a cluster knows of an execution besides the read models, and how one has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from domain.execution.state import Execution
from infra.server.background import Background
from infra.server.lookup import Lookup
from workers.cluster.owned import OwnedTable
from workers.cluster.rounds import Rounds
from workers.partition.watchers import Watchers
from workers.reading.execution_reader import ExecutionReader

EndOf = Callable[[int], Awaitable[int]]
"""Asks where the journal of a partition ends."""


class ClusterKnows:
    """Memory, where the partition is owned here, else the end of its journal. See `infra.server.lookup.Known`."""

    def __init__(self, owned: OwnedTable, rounds: Rounds, end_of: EndOf) -> None:
        self._owned, self._rounds, self._end_of = owned, rounds, end_of

    async def needed(self, execution: str, partition: int) -> int:
        """See Known."""
        known = None
        if self._owned.is_in_charge(partition):
            known = await self._rounds.settled(lambda: self._offset_after(partition, execution))
        return await self._end_of(partition) if known is None else known

    def _offset_after(self, partition: int, execution: str) -> int | None:
        """The offset after what has been decided of an execution; None where memory does not say what the journal does."""
        return self._owned[partition].owner.executions.offset_after(execution) if self._owned.is_current(partition) else None

    async def newer(self, execution: str, partition: int) -> int | None:
        """See Known."""
        return await self._end_of(partition)


class Ends:
    """How executions have ended, read in another thread."""

    def __init__(self, lookup: Lookup, end_of: EndOf, home: Callable[[str], int], background: Background) -> None:
        self._lookup, self._end_of, self._home, self._background = lookup, end_of, home, background

    async def of(self, execution: str) -> Execution:
        """An execution whose end stands in the journal."""
        partition = self._home(execution)
        await self._lookup.reach(partition, await self._end_of(partition))
        return (await self._lookup.read(execution, ExecutionReader.folded)).state

    def tell(self, execution: str, watchers: Watchers) -> None:
        """Tell those who watch it, while the owner goes on. See `Neighbours.tell_end`."""

        async def look_up() -> None:
            watchers.tell(await self.of(execution))

        self._background.begin(look_up())
