"""The partitions that a process owns: the one there is, moved by steps, or those that are assigned to it, which move by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from contracts.errors import LogGone
from infra.server.alone import Alone
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from infra.server.cluster.shared import Shared

LOOK_EVERY_S: Final = 1.0
"""So long a log that was taken away may go unnoticed where nothing is appended."""


class OnlyPartition(Running):
    """The one partition of a log that nobody shares."""

    def __init__(self, alone: Alone, fail: Callable[[Exception], None]) -> None:
        self._owner, self._check_ground, self._fail = alone.owner, alone.check_ground, fail
        self._looking: asyncio.TimerHandle | None = None

    def step(self) -> bool:
        """One round."""
        return self._owner.step()

    def next_due(self) -> int | None:
        """When a timer is due, or the partition is to be claimed again."""
        return self._owner.next_due()

    async def start(self) -> None:
        """Look at the log, too."""
        self._look()

    def _look(self) -> None:
        """See now and then, also while nothing is appended, that the log is where it was."""
        try:
            self._check_ground()
        except LogGone as gone:
            self._fail(gone)
        else:
            self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()


class AssignedPartitions(Running):
    """Those that the cluster has assigned to this process."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def start(self) -> None:
        """Take what others publish and write."""
        self._shared.follow_others()

    async def stop(self) -> None:
        """Let go of all at once."""
        await self._shared.owners.stop()
        self._shared.offloading.close()


def _make(context: Context) -> Running | None:
    if context.shared is not None:
        return AssignedPartitions(context.shared)
    return None if context.alone is None else OnlyPartition(context.alone, context.fail)


PARTITIONS: Final = Part("partitions", (), _make)
