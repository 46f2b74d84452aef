"""Following partitions of a log while they grow: any number of them, with one long poll a broker, in the event loop of who asks.

It never ends by itself. Brokers that are away, leaders that move and topics that are not there yet are tried again after a
short pause. What no patience mends (records that were deleted or lost, a damaged batch) is told once, and that partition then
waits until it is followed again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from aiokafka.errors import InvalidTopicError, OffsetOutOfRangeError, TopicAuthorizationFailedError
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

from contracts.errors import LogCorrupt, LogError
from infra.log.kafka.client import Client, KafkaAway
from infra.log.kafka.fetch import EARLIEST, LATEST
from infra.log.kafka.poll import EXPECTED, Followed, OnRecords, Poll, Stamped
from refold.kafka.address import KafkaAddress

PAUSE_MIN_S: Final = 0.05
PAUSE_MAX_S: Final = 1.0
BEYOND_TIMEOUT_S: Final = 2.0
"""So long a new leader may show an older end than the one that a partition stands at."""
OnProblem: TypeAlias = Callable[[str, int, Exception], None]
"""Called with topic, partition and what keeps the partition from being followed any further."""
__all__ = ["EARLIEST", "LATEST", "OnProblem", "OnRecords", "Stamped", "Tail"]
_log = logging.getLogger("refold.log")


class Tail:
    """Follows partitions; lives in the running event loop, and calls back in it. A callback that takes long holds up the loop."""

    def __init__(self, address: KafkaAddress, on_problem: OnProblem) -> None:
        self._on_problem = on_problem
        self._client = Client(address)
        self._followed: dict[TopicPartition, Followed] = {}
        self._polls: dict[int, Poll] = {}
        self._unsettled: set[Followed] = set()
        """Partitions that no poll has: the offset or the leader is to be found out."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def follow(self, topic: str, partition: int, offset: int, on_records: OnRecords) -> None:
        """Follow a partition from an offset on, or from EARLIEST or LATEST. A partition that is followed already goes on from there."""
        if self._is_closed:
            raise RuntimeError("nothing can be followed any more: it is closed")
        if offset < EARLIEST:
            raise ValueError(f"offsets count from 0; {offset} was asked for")
        self.unfollow(topic, partition)
        followed = Followed(key=TopicPartition(topic, partition), offset=offset, on_records=on_records)
        self._followed[followed.key] = followed
        if offset < 0 or not self._begin(followed):
            self._unsettle(followed)

    def unfollow(self, topic: str, partition: int) -> None:
        """Nothing more is delivered for the partition."""
        followed = self._followed.pop(TopicPartition(topic, partition), None)
        if followed is not None:
            self._unsettled.discard(followed)
            for poll in self._polls.values():
                poll.remove(followed)

    def position(self, topic: str, partition: int) -> int | None:
        """The offset that is delivered next; None where the partition is not followed, or its offset is not known yet."""
        followed = self._followed.get(TopicPartition(topic, partition))
        return None if followed is None or followed.offset < 0 else followed.offset

    def end(self, topic: str, partition: int) -> int | None:
        """Where the partition ended when it was last asked; None before that. At this position everything was delivered."""
        followed = self._followed.get(TopicPartition(topic, partition))
        return None if followed is None else followed.end

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has now. Raises LogUnreachable where no broker says it."""
        return await self._client.partition_count(topic)

    async def close(self) -> None:
        """Let go of everything, be the brokers there or not. Nothing is delivered any more."""
        self._is_closed = True
        self._followed.clear()
        self._unsettled.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=PAUSE_MAX_S)
        for poll in self._polls.values():
            await poll.close()
        await self._client.close()

    # Finding out offsets and leaders.

    def _begin(self, followed: Followed) -> bool:
        """Hand a partition over to the poll at its leader, where that is known."""
        leader = self._client.leader_of(followed.key)
        if leader is None:
            return False
        if leader not in self._polls:
            self._polls[leader] = Poll(lambda request, line: self._client.send(leader, request, line), self._failed, self._broken)
        self._polls[leader].add(followed)
        return True

    def _unsettle(self, followed: Followed) -> None:
        self._unsettled.add(followed)
        self._wake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._settling())

    async def _settling(self) -> None:
        """Settle what is due, for ever; a bug in it is told and does not end it."""
        while True:
            self._wake.clear()
            due = [followed for followed in self._unsettled if followed.retry_at <= time.monotonic()]
            if due:
                try:
                    await self._settle(due)
                except Exception as error:
                    if not isinstance(error, EXPECTED):
                        _log.exception("places of the log could not be followed")
                    for followed in self._unsettled.intersection(due):
                        self._failed(followed, error)
            waits = [followed.retry_at - time.monotonic() for followed in self._unsettled]
            try:
                async with asyncio.timeout(max(0.0, min(waits)) if waits else None):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _settle(self, due: Sequence[Followed]) -> None:
        await self._client.ready()
        if any(followed.tries or self._client.leader_of(followed.key) is None for followed in due):
            await self._client.refresh({key.topic for key in self._followed})
        led: dict[int, list[Followed]] = {}
        for followed in due:
            leader = self._client.leader_of(followed.key)
            if self._client.is_forbidden(followed.key.topic):
                self._broken(followed, LogError(f"{followed.key.topic} must not be read by us"))
            elif leader is None:
                self._failed(followed, KafkaAway("the partition has no leader at the moment"))
            else:
                led.setdefault(leader, []).append(followed)
        await asyncio.gather(*(self._settle_at(leader, several) for leader, several in led.items()))

    async def _settle_at(self, leader: int, several: Sequence[Followed]) -> None:
        try:
            asked = [followed for followed in several if followed.is_out_of_range or followed.offset < 0]
            first = await self._offsets(leader, asked, EARLIEST)
            end = await self._offsets(leader, asked, LATEST)
        except EXPECTED as error:
            for followed in several:
                self._failed(followed, error)
            return
        for followed in several:
            if followed not in self._unsettled:
                continue
            if followed in asked and (followed not in first or followed not in end):
                self._failed(followed, KafkaAway("its leader has moved"))
            elif followed not in asked or self._is_there(followed, first[followed], end[followed]):
                self._unsettled.discard(followed)
                if not self._begin(followed):
                    self._failed(followed, KafkaAway("its leader has moved"))

    def _is_there(self, followed: Followed, first: int, end: int) -> bool:
        """Whether there is something to follow from the partition's offset on; what is asked for by name is looked up."""
        if followed.offset < 0:
            followed.offset = first if followed.offset == EARLIEST else end
        where = f"{followed.key.topic}, partition {followed.key.partition}"
        now = time.monotonic()
        if followed.offset < first:
            self._broken(followed, LogCorrupt(f"{where} lacks offset {followed.offset}; the first one that is there is {first}"))
            return False
        if followed.offset > end:
            followed.beyond_since = followed.beyond_since or now
            if now - followed.beyond_since > BEYOND_TIMEOUT_S:
                self._broken(followed, LogCorrupt(f"{where} ends at {end}; it was to be followed from {followed.offset} on"))
            else:
                self._failed(followed, OffsetOutOfRangeError())
            return False
        followed.is_out_of_range = False
        return True

    async def _offsets(self, leader: int, several: Sequence[Followed], which: int) -> dict[Followed, int]:
        """What a leader says; of partitions that it does not lead it says nothing."""
        if not several:
            return {}
        request = OffsetRequest(-1, 0, [(followed.key.topic, [(followed.key.partition, which)]) for followed in several])
        answer = await self._client.send(leader, request)
        found = {TopicPartition(topic, part[0]): int(part[3]) for topic, parts in answer.topics for part in parts if part[1] == 0}
        return {followed: found[followed.key] for followed in several if followed.key in found}

    # What goes wrong.

    def _failed(self, followed: Followed, error: Exception) -> None:
        """Try it again after a pause, which grows; what does not change by itself is told instead."""
        if self._followed.get(followed.key) is not followed:
            return
        followed.is_out_of_range = followed.is_out_of_range or isinstance(error, OffsetOutOfRangeError)
        if isinstance(error, TopicAuthorizationFailedError | InvalidTopicError):
            self._broken(followed, LogError(f"{followed.key.topic}, partition {followed.key.partition} cannot be read: {error!r}"))
            return
        followed.tries += 1
        followed.retry_at = time.monotonic() + min(PAUSE_MAX_S, PAUSE_MIN_S * 2 ** min(followed.tries - 1, 10))
        self._unsettle(followed)

    def _broken(self, followed: Followed, error: Exception) -> None:
        """Tell it once; the partition stays as it is until it is followed again."""
        if self._followed.get(followed.key) is followed:
            self._unsettled.discard(followed)
            self._on_problem(followed.key.topic, followed.key.partition, error)
