"""The projector: a process beside this one that keeps the read models up, told when a journal has grown (`infra/server/progress.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from infra.server.projector_process import ProjectorProcess


class Projector(Running):
    """Keeps the process alive; where that cannot be, `fail` hears why."""

    def __init__(self, process: ProjectorProcess, fail: Callable[[Exception], None]) -> None:
        self._process, self._fail = process, fail
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Keep one running, also when it dies."""
        self._running = asyncio.ensure_future(self._process.run())
        self._running.add_done_callback(self._look_at)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(error)

    async def stop(self) -> None:
        """It ends with its stdin."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


def _make(context: Context) -> Running | None:
    progress = context.progress
    return None if progress is None or progress.process is None else Projector(progress.process, context.fail)


PROJECTOR: Final = Part("projector", ("projector", "api"), _make)
