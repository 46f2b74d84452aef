"""RecordOutbox: records that are sent again and again until they are durable. Whoever reads them knows one that comes twice.

    put ─► waiting ─► (what came while the last was under way) one append a topic ─► durable: called back
                         ▲                                             │
                         └──────── unknown, unreachable: a pause ──────┘

In each partition records come in the order in which they were put.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from contracts.errors import LogError, Overloaded, RecordTooLarge
from contracts.ports.log import RECORD_FRAME_BYTES
from contracts.worker_topics import ACTIVITIES
from workers.cluster.ports import ClusterLog
from workers.tasks.notices import Notices

BATCH_BYTES_MAX: Final = 700_000
WAITING_MAX: Final = 10_000
PAUSES_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)

_log = logging.getLogger("refold.cluster")
Then = Callable[[LogError | None], None]


class _Record(NamedTuple):
    content: bytes
    then: Then


class RecordOutbox:
    """What is on its way into topics. Lives in the event loop."""

    def __init__(self, log: ClusterLog) -> None:
        self._log = log
        self._waiting: dict[tuple[str, int], deque[_Record]] = {}
        self._count = 0
        self._task: asyncio.Task[None] | None = None
        self._notices = Notices(_log)
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def put(self, topic: str, partition: int, content: bytes, then: Then) -> None:
        """Send a record; `then` hears when it is durable, or why it never can be."""
        key = (topic, partition)
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = deque()
        waiting.append(_Record(content, then))
        self._count += 1
        if self._task is None:
            self._is_empty.clear()
            self._task = asyncio.ensure_future(self._send_all())

    def check_room(self) -> None:
        """Raise Overloaded where so much waits that callers should come again; what the engine itself calls for is always taken."""
        if self._count >= WAITING_MAX:
            raise Overloaded(f"{self._count} records wait to go out; the limit is {WAITING_MAX}")

    async def settled(self) -> None:
        """Wait until everything is out."""
        await self._is_empty.wait()

    def close(self) -> None:
        """Send nothing more; what was not acknowledged may be out or not."""
        if self._task is not None:
            self._task.cancel()

    async def _send_all(self) -> None:
        failures = 0
        try:
            await asyncio.sleep(0)  # what comes in this turn of the loop goes out together
            while self._waiting:
                failures = 0 if await self._send() else failures + 1
                if failures:
                    await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
        finally:
            self._task = None
            if not self._waiting:
                self._is_empty.set()

    async def _send(self) -> bool:
        """One append a topic, all at once; whether everything went well."""
        batches: dict[str, dict[int, list[_Record]]] = {}
        for (topic, partition), waiting in self._waiting.items():
            batches.setdefault(topic, {})[partition] = _first_of(waiting)
        results = await asyncio.gather(*(self._append(topic, parts) for topic, parts in batches.items()))
        return all(results)

    async def _append(self, topic: str, parts: dict[int, list[_Record]]) -> bool:
        try:
            if topic.startswith(ACTIVITIES):
                await self._log.ensure([topic])
            answers = await self._log.append(topic, {partition: [one.content for one in records] for partition, records in parts.items()})
        except LogError as error:
            self._notices.say(logging.WARNING, "nothing", f"nothing goes out to {topic} at the moment: {error}")
            return False
        is_well = True
        for partition, answer in answers.items():
            records = parts[partition]
            if isinstance(answer, RecordTooLarge) and len(records) > 1:
                is_well &= await self._append_one_by_one(topic, partition, records)
            elif isinstance(answer, LogError) and not isinstance(answer, RecordTooLarge):
                self._notices.say(logging.WARNING, "again", f"{topic}, partition {partition}: sent again: {answer}")
                is_well = False
            else:
                self._done((topic, partition), records, answer if isinstance(answer, LogError) else None)
        return is_well

    async def _append_one_by_one(self, topic: str, partition: int, records: list[_Record]) -> bool:
        """One of them is too large for the topic: it alone is refused."""
        for record in records:
            answer = (await self._log.append(topic, {partition: [record.content]}))[partition]
            if isinstance(answer, LogError) and not isinstance(answer, RecordTooLarge):
                return False
            self._done((topic, partition), [record], answer if isinstance(answer, LogError) else None)
        return True

    def _done(self, key: tuple[str, int], records: list[_Record], error: LogError | None) -> None:
        waiting = self._waiting[key]
        self._count -= len(records)
        for _ in records:
            waiting.popleft()
        if not waiting:
            del self._waiting[key]
        for record in records:
            try:
                record.then(error)
            except Exception:
                _log.exception("whoever waited for a record of %s, partition %d could not be told", *key)


def _first_of(waiting: deque[_Record]) -> list[_Record]:
    """As many as make a batch, at least one."""
    records: list[_Record] = []
    size = 0
    for record in waiting:
        size += len(record.content) + RECORD_FRAME_BYTES
        if records and size > BATCH_BYTES_MAX:
            break
        records.append(record)
    return records
