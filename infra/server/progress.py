"""How far the read models of each partition go, who waits for them, and who is told that there is more to project.

a journal has grown ─► the projector beside us is told ─► it says how far it is ─► whoever waits goes on
                                                                ▲
other processes write the rows: nobody here tells anybody, and somebody waits ─► their checkpoint is read
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import LogError
from contracts.journal import Checkpoint
from infra.server.projector_process import ProjectorProcess
from workers.partition.round import Made

ASK_EVERY_S: Final = 0.2
"""The projector is asked so often while somebody waits: nobody else may tell it of what others have written."""

_log = logging.getLogger("refold.reading")
MakeProcess: TypeAlias = Callable[[Callable[[int, int, int], None]], ProjectorProcess]
"""Makes the projector beside this process, given what is to hear how far it is: see `Progress.note`."""


class _Waiter(NamedTuple):
    """Somebody who waits for rows: up to which offset, and whether for those, too, that may be held back."""

    offset: int
    of_all: bool


class Progress:
    """All methods belong to the event loop's thread. `owned` says how far the journals are of the partitions that are owned here.

    `checkpoint_of` reads how far rows go that other processes write; without a projector of ours they do.
    """

    def __init__(
        self,
        owned: Callable[[], Mapping[int, int]],
        checkpoint_of: Callable[[int], Awaitable[Checkpoint]],
        make_process: MakeProcess | None = None,
    ) -> None:
        self._owned, self._checkpoint_of = owned, checkpoint_of
        self._offsets: dict[int, int] = {}
        self._lagging: dict[int, int] = {}
        self._waiting: defaultdict[int, dict[asyncio.Future[None], _Waiter]] = defaultdict(dict)
        """Of a partition, who waits."""
        self._asking: dict[int, asyncio.Future[None]] = {}
        self.process = None if make_process is None else make_process(self.note)

    def of(self, partition: int) -> int:
        """The offset up to which the read models of a partition go, as far as is known."""
        return self._offsets.get(partition, 0)

    @property
    def all(self) -> dict[int, int]:
        """The same of all partitions that are heard of."""
        return dict(self._offsets)

    @property
    def restarts(self) -> int:
        """How often the projector was started again."""
        return 0 if self.process is None else max(0, self.process.restarts)

    def note(self, partition: int, offset: int, lagging: int | None = None) -> None:
        """The read models of a partition go up to here, those that may be held back up to `lagging`; after a rebuild less than before."""
        self._offsets[partition] = offset
        self._lagging[partition] = lagging = offset if lagging is None else lagging
        waiting = self._waiting[partition]
        for future in [one for one, wanted in waiting.items() if wanted.offset <= (lagging if wanted.of_all else offset)]:
            del waiting[future]
            future.set_result(None)
        if self.process is not None and (offset < self._owned().get(partition, 0) or (waiting and lagging < offset)):
            (self._ask if waiting else self.process.tell_soon)(partition)

    def heard(self, partition: int, base: int, made: Sequence[Made]) -> None:
        """A journal that is owned here may have grown. See `workers.partition.hearers`."""
        if self.process is not None:
            self.process.tell_soon(partition)

    def tell_of_others(self, positions: Mapping[int, int]) -> None:
        """How far journals are that others own: the read models here are to follow."""
        if self.process is not None:
            owned = self._owned()
            for partition, position in positions.items():
                if partition not in owned and position > self.of(partition):
                    self.process.tell_soon(partition)

    async def reach(self, partition: int, offset: int, timeout_s: float, of_all: bool = False) -> None:
        """Wait until the read models of a partition go up to an offset, or all of them, with those that lag. Raises TimeoutError."""
        if (self._lagging if of_all else self._offsets).get(partition, 0) >= offset:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[partition][future] = _Waiter(offset, of_all)
        try:
            async with asyncio.timeout(timeout_s):
                while not future.done():
                    self._ask(partition)
                    await asyncio.wait({future}, timeout=ASK_EVERY_S)
        finally:
            self._waiting[partition].pop(future, None)

    def _ask(self, partition: int) -> None:
        """Somebody waits for the read models of a partition."""
        if self.process is not None:
            self.process.tell(partition, of_all=any(waiter.of_all for waiter in self._waiting[partition].values()))
        elif partition not in self._asking:
            self._asking[partition] = asyncio.ensure_future(self._look_at(partition))

    async def _look_at(self, partition: int) -> None:
        """Other processes write them: look how far they are."""
        try:
            self.note(partition, (await self._checkpoint_of(partition)).offset)
        except LogError as error:
            _log.warning("nobody says how far the read models are: %s", error)
        finally:
            del self._asking[partition]
