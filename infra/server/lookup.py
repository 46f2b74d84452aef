"""Looking up one execution: as far as the engine knows of it, so far the read models have to go first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from api.service import Unavailable
from contracts.errors import Rejected
from contracts.positions import Positions
from infra.server.progress import Progress
from infra.server.read_threads import ReadThreads
from workers.reading.partitioned_reader import PartitionedReader

REACH_S: Final = 5.0
"""How long a read waits for the read models."""

T = TypeVar("T")


class Known(Protocol):
    """What else is known of an execution than the read models say."""

    async def needed(self, execution: str, partition: int) -> int:
        """The offset that read models have to reach before they are asked about an execution."""

    async def newer(self, execution: str, partition: int) -> int | None:
        """The offset that read models have to reach where they do not know an execution; None: there is none."""


class Lookup:
    """All methods belong to the event loop's thread."""

    def __init__(self, reader: PartitionedReader, reads: ReadThreads, progress: Progress, positions: Positions, known: Known) -> None:
        self._reader, self._reads, self._progress, self._positions, self._known = reader, reads, progress, positions, known

    async def reach(self, partition: int, offset: int, of_all: bool = False) -> None:
        """Wait for the read models of a partition, `of_all` with those that lag; offset 1 asks that there are any. Raises Unavailable."""
        offset = max(1, offset)
        try:
            await self._progress.reach(partition, offset, REACH_S, of_all)
        except TimeoutError:
            found, wanted = (self._positions.of(partition, one) for one in (self._progress.of(partition), offset))
            message = f"what can be read goes up to position {found}; {wanted} was not reached within {REACH_S:g} s"
            raise Unavailable("behind", message) from None

    async def check_rows(self, projected: Mapping[int, int]) -> None:
        """After nothing was found: raise RowsGone where rows go less far than they did, as they are made again."""
        await self._reads.run_list(self._reader.check_rows, projected)

    async def read(self, execution: str, read: Callable[..., T], *arguments: Any) -> T:
        """Read about one execution, in its partition; where more is known of it than the read models say, wait for them."""

        def do() -> T:
            return read(self._reader.of(execution), execution, *arguments)

        partition = self._reader.partition_of(execution)
        await self.reach(partition, await self._known.needed(execution, partition))
        projected = {partition: self._progress.of(partition)}
        try:
            return await self._reads.run(do)
        except Rejected as rejected:
            if rejected.reason != "unknown_execution":
                raise
            await self.check_rows(projected)
            if (newer := await self._known.newer(execution, partition)) is None:
                raise
        await self.reach(partition, newer)
        return await self._reads.run(do)
