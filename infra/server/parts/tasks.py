"""Activities: run here, and given to workers elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from infra.server.alone import Alone
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from workers.tasks.gateway import Gateway


class OwnTasks(Running):
    """Those of the only partition: moved with its owner."""

    def __init__(self, alone: Alone) -> None:
        self._worker = alone.worker

    def step(self) -> bool:
        """Run what was called for, report what has ended."""
        return self._worker.step()

    def next_due(self) -> int | None:
        """When a lease runs out."""
        return self._worker.next_due()

    async def drain(self, stop_s: float) -> None:
        """Let running activities end, while what they report is decided."""
        await _beside(lambda: self._worker.stop(stop_s))

    async def stop(self) -> None:
        """What has not ended is cancelled, and taken up at the next start."""
        self._worker.stop(0.0)


class SharedTasks(Running):
    """Those that come by topics."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def start(self) -> None:
        """Take tasks."""
        self._gateway.start()

    async def drain(self, stop_s: float) -> None:
        """Let running activities end."""
        await _beside(lambda: self._gateway.remote.stop(stop_s))

    async def stop(self) -> None:
        """What is in hand and has not ended is cancelled, and comes again elsewhere."""
        self._gateway.remote.stop(0.0)
        await self._gateway.close()


async def _beside(stop: Callable[[], object]) -> None:
    """Wait for it in a thread that a process which ends does not wait for."""
    loop = asyncio.get_running_loop()
    has_stopped = asyncio.Event()

    def run() -> None:
        stop()
        with suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(has_stopped.set)

    threading.Thread(target=run, name="refold-drain", daemon=True).start()
    await has_stopped.wait()


def _make(context: Context) -> Running | None:
    if context.shared is not None:
        return SharedTasks(context.shared.gateway)
    return None if context.alone is None else OwnTasks(context.alone)


TASKS: Final = Part("tasks", (), _make)
