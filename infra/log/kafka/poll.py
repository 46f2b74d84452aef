"""Long polls at one broker: one request at a time over all partitions that it leads, and a new one at once when a partition joins.

A broker works on one request at a time of each connection, so a partition that joins would wait until the request under way has
ended. It does not: a further request, over all partitions, goes out over another connection (a *line*), and what the first one
still answers is taken as well where it fits, that is where it begins at the offset a partition stands at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogError
from infra.log.kafka.client import KafkaAway
from infra.log.kafka.fetch import batches_in

WAIT_MS: Final = 250
PARTITION_BYTES_MAX: Final = 1024 * 1024
"""So much is asked for each partition; a batch comes whole, however large."""
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
LINES: Final = 4
"""So many connections a broker; when partitions join faster than that, the next one waits for a request to end."""
EXPECTED: Final = (TimeoutError, KafkaError, OSError)
_log = logging.getLogger("refold.log")


class Stamped(NamedTuple):
    """A record with its offset and the time at which the log appended it."""

    offset: int
    timestamp_ms: int
    value: bytes


OnRecords: TypeAlias = Callable[[str, int, Sequence[Stamped], int], None]
"""Called with topic, partition, records without a gap, and the partition's end (high watermark)."""


@dataclass(eq=False, kw_only=True, slots=True)
class Followed:
    """A partition that is followed. Followed anew it is another one: answers to the old one are nobody's."""

    key: TopicPartition
    offset: int
    """The next one; LATEST or EARLIEST until it has been looked up."""
    on_records: OnRecords
    end: int | None = None
    tries: int = 0
    """How often in a row it could not be read."""
    retry_at: float = 0.0
    is_out_of_range: bool = False
    beyond_since: float | None = None


class Poll:
    """The partitions of one broker. `failed` gets one that could not be read, `broken` one that cannot be read on: both leave it."""

    def __init__(
        self,
        ask: Callable[[Any, object], Awaitable[Any]],
        failed: Callable[[Followed, Exception], None],
        broken: Callable[[Followed, Exception], None],
    ) -> None:
        self._ask, self._failed, self._broken = ask, failed, broken
        self._followed: dict[TopicPartition, Followed] = {}
        self._free = list(range(LINES))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._newest: asyncio.Task[Any] | None = None
        self._is_due = self._is_closed = False

    def add(self, followed: Followed) -> None:
        """Follow a partition from its offset on, at once."""
        self._followed[followed.key] = followed
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send_if_due)

    def remove(self, followed: Followed) -> None:
        """Whatever comes for it is dropped."""
        if self._followed.get(followed.key) is followed:
            del self._followed[followed.key]

    def _send_if_due(self) -> None:
        if self._is_due:
            self._send()

    def _send(self) -> None:
        """Ask for all partitions. Where no line is free, the first request that ends does it."""
        if self._is_closed or not self._free:
            return
        self._is_due = False
        if not self._followed:
            self._newest = None
            return
        line = self._free.pop()
        asked = {key: (followed, followed.offset) for key, followed in self._followed.items()}
        request = _request({key: offset for key, (_, offset) in asked.items()})
        self._newest = task = asyncio.ensure_future(self._ask(request, ("tail", line)))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, line, asked))

    def _ended(self, task: asyncio.Task[Any], line: int, asked: Mapping[TopicPartition, tuple[Followed, int]]) -> None:
        self._tasks.discard(task)
        self._free.append(line)
        if self._is_closed:
            return
        is_newest = task is self._newest
        try:
            self._take(_answer(task), asked, is_newest)
        except Exception as error:
            if not isinstance(error, EXPECTED):
                _log.exception("a broker's answer could not be understood")
            if is_newest:
                for followed, _ in asked.values():
                    self._fail(followed, error)
        if is_newest or self._is_due:
            self._send()

    def _take(self, answer: Mapping[TopicPartition, _Part], asked: Mapping[TopicPartition, tuple[Followed, int]], is_newest: bool) -> None:
        for key, part in answer.items():
            followed, offset = asked[key]
            if self._is_closed or self._followed.get(key) is not followed or followed.offset != offset:
                continue
            if part.error_code == 0:
                self._deliver(followed, part)
            elif is_newest:
                self._fail(followed, for_code(part.error_code)())

    def _fail(self, followed: Followed, error: Exception) -> None:
        if self._followed.get(followed.key) is followed:
            self.remove(followed)
            self._failed(followed, error)

    def _deliver(self, followed: Followed, part: _Part) -> None:
        """Hand over what has come, once: the partition stands after it before anybody is told."""
        followed.tries, followed.end, followed.beyond_since = 0, part.end, None
        try:
            records, following = stamped_in(part.fetched, followed.offset)
        except LogError as error:
            self.remove(followed)
            self._broken(followed, LogCorrupt(f"{followed.key.topic}, partition {followed.key.partition} is damaged: {error}"))
            return
        if following == followed.offset:
            return
        followed.offset = following
        self._followed[followed.key] = self._followed.pop(followed.key)  # a large batch comes whole only for who is asked first
        if not records:
            return
        try:
            followed.on_records(followed.key.topic, followed.key.partition, records, part.end)
        except Exception as error:
            _log.exception("%s, partition %d: what takes its records has failed", *followed.key)
            if self._followed.get(followed.key) is followed:
                self.remove(followed)
                self._broken(followed, error)

    async def close(self) -> None:
        """Nothing is delivered any more; connections are the client's."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=1.0)


class _Part(NamedTuple):
    """What a broker says of one partition."""

    error_code: int
    end: int
    fetched: bytes


def _request(offsets: Mapping[TopicPartition, int]) -> FetchRequest:
    """In the order of the partitions, which says who gets a batch that is larger than the limit."""
    topics = [(key.topic, [(key.partition, offset, PARTITION_BYTES_MAX)]) for key, offset in offsets.items()]
    return FetchRequest(WAIT_MS, 1, REQUEST_BYTES_MAX, 0, topics)


def _answer(task: asyncio.Task[Any]) -> dict[TopicPartition, _Part]:
    if task.cancelled():
        raise KafkaAway("the connection was given up")
    answer = task.result()
    if getattr(answer, "error_code", 0):
        raise for_code(answer.error_code)()
    return {TopicPartition(topic, part[0]): _Part(part[1], part[2], part[-1] or b"") for topic, parts in answer.topics for part in parts}


def stamped_in(fetched: bytes, offset: int) -> tuple[list[Stamped], int]:
    """The records from an offset on, and the offset that follows. Raises LogError where one is missing or a checksum does not match."""
    records: list[Stamped] = []
    try:
        for batch in batches_in(fetched):
            if batch.is_control_batch:  # of a transaction of somebody else
                offset = max(offset, batch.next_offset)
                continue
            for record in batch:
                if record.offset < offset:
                    continue
                if record.offset > offset:
                    raise LogError(f"it lacks offset {offset}; the next one is {record.offset}")
                records.append(Stamped(offset, record.timestamp, record.value or b""))
                offset += 1
    except KafkaError as error:
        raise LogError(f"the batch with offset {offset} cannot be read: {error!r}") from error
    return records, offset
