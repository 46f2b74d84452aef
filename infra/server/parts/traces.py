"""Traces: the spans of each execution that ends here go to a collector, where the setting `traces` names one.

    it has ended ─► waits, by its id ─► its history is read and folded ─► sent

A span is made of events alone, so nothing is lost that `refold trace` would not make again: what ended while this process
was down, what waits at its end, and what no collector takes for long is not sent by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol

from contracts import events as e
from contracts.errors import RefoldError
from contracts.ports.feed import Feed, Selector, Told
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running

if TYPE_CHECKING:
    from projections.spans import SpanFold

ROOM: Final = 10_000
"""So many executions wait; then the oldest is dropped."""
TOLD_EVERY_S: Final = 60.0
ENDS: Final[frozenset[type[e.Event]]] = frozenset(
    {e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated, e.ExecutionQuarantined}
)

_log = logging.getLogger("refold.traces")


class Exporter(Protocol):
    """Sends traces somewhere."""

    def export(self, fold: SpanFold) -> bool:
        """Send the spans of an execution; whether they were taken."""

    def close(self) -> None:
        """Let go of it."""


class Traces(Running):
    """Lives in the event loop; sends in a thread of its own. `is_here` says whether a partition is this process's."""

    def __init__(self, feed: Feed, spans: Callable[[str], Awaitable[SpanFold]], exporter: Exporter, is_here: Callable[[int], bool]) -> None:
        self._feed, self._spans, self._exporter, self._is_here = feed, spans, exporter, is_here
        self._waiting: deque[str] = deque(maxlen=ROOM)
        self._has_more = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "refold-traces")
        self._running: asyncio.Task[None] | None = None
        self._lost = 0
        self._told_at = -TOLD_EVERY_S

    async def start(self) -> None:
        """Hear of ends from now on."""
        self._feed.subscribe(Selector(events=ENDS), self._take)
        self._running = asyncio.ensure_future(self._run())

    def _take(self, told: Sequence[Told]) -> None:
        for one in told:
            if self._is_here(one.partition):
                self._lost += len(self._waiting) == ROOM
                self._waiting.append(one.decision.execution)
        self._has_more.set()

    async def _run(self) -> None:
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            while self._waiting:
                await self._send(self._waiting.popleft())
                self._tell_lost()

    async def _send(self, execution: str) -> None:
        """Whatever one history holds, the others are sent."""
        try:
            fold = await self._spans(execution)
            is_sent = await asyncio.get_running_loop().run_in_executor(self._pool, self._exporter.export, fold)
        except Exception as error:
            _log.warning("its spans cannot be sent: %s", error, extra={"execution": execution}, exc_info=not isinstance(error, RefoldError))
            is_sent = False
        self._lost += not is_sent

    def _tell_lost(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._lost and now >= self._told_at + TOLD_EVERY_S:
            _log.warning("the spans of %d executions were not sent; `refold trace` makes them again", self._lost)
            self._lost, self._told_at = 0, now

    async def stop(self) -> None:
        """Send what is being sent, and no more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._exporter.close()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _make(context: Context) -> Running | None:
    http, shared = context.http, context.shared
    if http is None or http.settings.traces is None:
        return None
    from api.version import build_version
    from infra.spans import SpanExporter

    is_here = (lambda partition: True) if shared is None else shared.owned.is_in_charge
    return Traces(context.feed, http.service.spans, SpanExporter(http.settings.traces, build_version()), is_here)


TRACES: Final = Part("traces", (), _make)
