"""Payloads on a log on Kafka that nobody needs go, as the owner of partition 0 sees to it (`workers/archive/blob_sweep.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.shared_retention import SweptBlobs
from workers.partition.metrics import Metrics

if TYPE_CHECKING:
    from infra.server.cluster.shared import Shared

IN_CHARGE: Final = 0
"""Whoever owns this partition sweeps."""


class SweepingBlobs(Running):
    """Looks every now and then, in a thread of its own."""

    def __init__(self, swept: SweptBlobs, shared: Shared, wake: Callable[[], None], fail: Callable[[Exception], None]) -> None:
        self._sweep, self._look_ms = swept.sweep(shared.clock), swept.grace.look_ms
        self._shared, self._wake, self._fail = shared, wake, fail
        self._pool = ThreadPoolExecutor(1, "refold-sweep")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_busy = False
        self._look_at = 0

    async def start(self) -> None:
        """From now on what is done in the thread is heard of."""
        self._loop = asyncio.get_running_loop()

    def step(self) -> bool:
        """Look, where it is time to and this process is in charge."""
        now = self._shared.clock.now()
        if self._loop is None or self._is_busy or now < self._look_at:
            return False
        self._look_at = now + self._look_ms
        if not self._shared.owned.is_in_charge(IN_CHARGE):
            return False
        self._is_busy = True
        self._pool.submit(self._sweep.look).add_done_callback(self._done)
        return True

    def _done(self, future: Future[None]) -> None:
        if not future.cancelled() and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._looked, future.exception())

    def _looked(self, error: BaseException | None) -> None:
        self._is_busy = False
        if isinstance(error, Exception):
            self._fail(error)
            return
        if self._shared.owned.is_in_charge(IN_CHARGE):
            self._count(self._shared.owned[IN_CHARGE].owner.metrics)
        self._wake()

    def _count(self, metrics: Metrics) -> None:
        swept = self._sweep.swept
        metrics.blob_bytes, metrics.blob_bytes_deleted = swept.size, swept.deleted_bytes
        metrics.blob_sweep_failures, metrics.blobs_swept_at = swept.failures, swept.at

    def next_due(self) -> int | None:
        """When it looks again."""
        return None if self._loop is None or self._is_busy else self._look_at

    async def stop(self) -> None:
        """What is under way in the thread comes to its end; whoever is in charge next goes on."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)


def _make(context: Context) -> Running | None:
    if context.shared is None or context.shared_retention is None or not context.shared_retention.is_allowed:
        return None
    return SweepingBlobs(context.shared_retention.swept, context.shared, context.wake, context.fail)


BLOB_SWEEP: Final = Part("blob-sweep", ("owner",), _make)
