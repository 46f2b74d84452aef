"""A projector's process beside a test, as beside a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from infra.server.projector_process import ProjectorProcess
from infra.settings.model import READ_MODELS_VARIABLE
from tests.workers.partitioned import Partitioned

DEADLINE_S = 60.0


class Beside:
    """The process, and how far it says each partition is."""

    def __init__(self, made: Partitioned, read_models: str | None = None) -> None:
        self.offsets: dict[int, int] = {}
        self._heard = asyncio.Event()
        environment: Mapping[str, str] = {READ_MODELS_VARIABLE: read_models} if read_models else {}
        self.process = ProjectorProcess(made.folder, 0, self._note, ("--log", str(made.log.address)), environment)
        self._running = asyncio.ensure_future(self.process.run())

    def _note(self, partition: int, offset: int, _: int) -> None:
        self.offsets[partition] = offset
        self._heard.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                self._heard.clear()
                await self._heard.wait()

    async def look(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.process.look()

    async def stop(self) -> None:
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running


def run(made: Partitioned, story: Callable[..., Any], read_models: str | None = None, processes: int = 1) -> None:
    """Tell a story to so many processes."""

    async def tell() -> None:
        besides = [Beside(made, read_models) for _ in range(processes)]
        try:
            await story(*besides)
        finally:
            for beside in besides:
                await beside.stop()

    asyncio.run(tell())


async def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def ends(made: Partitioned) -> dict[int, int]:
    return {partition: made.log.end("journal", partition) for partition in range(made.log.partitions)}
