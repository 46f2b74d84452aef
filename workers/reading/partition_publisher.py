"""Publishes one partition: what the feed tells of it becomes public events, which are written in order, each at least once.

    feed ─► present ─► waiting ─► append (again until it succeeds) ─► done ─► checkpoint
      ▲                   │
      └── held while much waits; what comes meanwhile is read from the journal later

Whoever begins at a checkpoint writes all behind it in order. So what stands in the topic is always the beginning of all there
is to write, whoever writes at the same time: a consumer that drops the ids it has seen hears each event once, in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import LogError
from contracts.ports.event_topic import EventRecord, EventTopic
from contracts.ports.feed import Feed, Selector, Subscription, Told
from projections.public.present import PUBLIC

WAITING_MAX: Final = 2_000
"""So many decisions wait to be written; what comes besides is read from the journal when there is room."""
BATCH_BYTES: Final = 512 * 1024
RETRY_PAUSE_S: Final = 0.5

Present: TypeAlias = Callable[[Told], Sequence[EventRecord]]
Fail: TypeAlias = Callable[[Exception], None]

_log = logging.getLogger("refold.publisher")


class _Waiting(NamedTuple):
    offset: int
    records: Sequence[EventRecord]


class PartitionPublisher:
    """Lives in the event loop. `present` makes the records of a decision."""

    def __init__(self, partition: int, feed: Feed, topic: EventTopic, present: Present, after: int, fail: Fail) -> None:
        self.partition, self._topic, self._present, self._fail = partition, topic, present, fail
        self._waiting: deque[_Waiting] = deque()
        self._is_held = self._is_late = False
        self._has_waiting = asyncio.Event()
        self.written = 0
        selector = Selector(events=PUBLIC, with_origin=True, partitions=frozenset((partition,)))
        self._subscription: Subscription = feed.subscribe(selector, self._take, {partition: after})
        self._after = after
        self._writing = asyncio.ensure_future(self._write())
        self._writing.add_done_callback(self._look_at)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(error)

    @property
    def done(self) -> int:
        """The offset of the journal up to which all is written."""
        if self._waiting:
            return self._waiting[0].offset
        self._after = max(self._after, self._subscription.after().get(self.partition, 0))
        return self._after

    def _take(self, told: Sequence[Told]) -> None:
        self._waiting.extend(_Waiting(one.offset, self._present(one)) for one in told)
        self._has_waiting.set()
        if len(self._waiting) >= WAITING_MAX and not self._is_held:
            self._is_held = True
            self._subscription.hold()

    async def _write(self) -> None:
        while True:
            await self._has_waiting.wait()
            count, records = self._next_batch()
            if records and not await self._append(records):
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            self.written += len(records)
            for _ in range(count):
                self._waiting.popleft()
            if not self._waiting:
                self._has_waiting.clear()
            if self._is_held and len(self._waiting) < WAITING_MAX // 2:
                self._is_held = False
                self._subscription.go_on()

    def _next_batch(self) -> tuple[int, list[EventRecord]]:
        """How many decisions are written next, one at least, and their records."""
        count = size = 0
        records: list[EventRecord] = []
        for one in self._waiting:
            more = sum(len(record.value) for record in one.records)
            if count and size + more > BATCH_BYTES:
                break
            records += one.records
            count, size = count + 1, size + more
        return count, records

    async def _append(self, records: Sequence[EventRecord]) -> bool:
        try:
            await self._topic.append(self.partition, records)
        except LogError as error:
            if not self._is_late:
                _log.warning("public events of partition %d wait to be written: %s", self.partition, error)
            self._is_late = True
            return False
        if self._is_late:
            _log.info("public events of partition %d are written again", self.partition)
        self._is_late = False
        return True

    async def stop(self) -> None:
        """Write nothing more; what was being written may be there."""
        self._subscription.end()
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)
