"""Following places of a log while they grow: any number of them, with one long poll a broker, in the event loop of who asks.

It never ends by itself. Brokers that are away, leaders that move and topics that are not there yet are tried again after a
short pause. What no patience mends (records that were deleted or lost, a damaged batch) is told once, and that place then
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
"""So long a new leader may show an older end than the one that a place stands at."""
OnProblem: TypeAlias = Callable[[str, int, Exception], None]
"""Called with topic, partition and what keeps the place from being followed any further."""
__all__ = ["EARLIEST", "LATEST", "OnProblem", "OnRecords", "Stamped", "Tail"]
_log = logging.getLogger("refold.log")


class Tail:
    """Follows places; lives in the running event loop, and calls back in it. A callback that takes long holds up the loop."""

    def __init__(self, address: KafkaAddress, on_problem: OnProblem) -> None:
        self._on_problem = on_problem
        self._client = Client(address)
        self._places: dict[TopicPartition, Followed] = {}
        self._polls: dict[int, Poll] = {}
        self._unsettled: set[Followed] = set()
        """Places that no poll has: the offset or the leader is to be found out."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def follow(self, topic: str, partition: int, offset: int, on_records: OnRecords) -> None:
        """Follow a place from an offset on, or from EARLIEST or LATEST. A place that is followed already goes on from there."""
        if self._is_closed:
            raise RuntimeError("nothing can be followed any more: it is closed")
        if offset < EARLIEST:
            raise ValueError(f"offsets count from 0; {offset} was asked for")
        self.unfollow(topic, partition)
        place = Followed(key=TopicPartition(topic, partition), offset=offset, on_records=on_records)
        self._places[place.key] = place
        if offset < 0 or not self._begin(place):
            self._unsettle(place)

    def unfollow(self, topic: str, partition: int) -> None:
        """Nothing more is delivered for the place."""
        place = self._places.pop(TopicPartition(topic, partition), None)
        if place is not None:
            self._unsettled.discard(place)
            for poll in self._polls.values():
                poll.remove(place)

    def position(self, topic: str, partition: int) -> int | None:
        """The offset that is delivered next; None where the place is not followed, or its offset is not known yet."""
        place = self._places.get(TopicPartition(topic, partition))
        return None if place is None or place.offset < 0 else place.offset

    def end(self, topic: str, partition: int) -> int | None:
        """Where the partition ended when it was last asked; None before that. At this position everything was delivered."""
        place = self._places.get(TopicPartition(topic, partition))
        return None if place is None else place.end

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has now. Raises LogUnreachable where no broker says it."""
        return await self._client.partition_count(topic)

    async def close(self) -> None:
        """Let go of everything, be the brokers there or not. Nothing is delivered any more."""
        self._is_closed = True
        self._places.clear()
        self._unsettled.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=PAUSE_MAX_S)
        for poll in self._polls.values():
            await poll.close()
        await self._client.close()

    # Finding out offsets and leaders.

    def _begin(self, place: Followed) -> bool:
        """Hand a place over to the poll at its leader, where that is known."""
        leader = self._client.leader_of(place.key)
        if leader is None:
            return False
        if leader not in self._polls:
            self._polls[leader] = Poll(lambda request, line: self._client.send(leader, request, line), self._failed, self._broken)
        self._polls[leader].add(place)
        return True

    def _unsettle(self, place: Followed) -> None:
        self._unsettled.add(place)
        self._wake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._settling())

    async def _settling(self) -> None:
        """Settle what is due, for ever; a bug in it is told and does not end it."""
        while True:
            self._wake.clear()
            due = [place for place in self._unsettled if place.retry_at <= time.monotonic()]
            if due:
                try:
                    await self._settle(due)
                except Exception as error:
                    if not isinstance(error, EXPECTED):
                        _log.exception("places of the log could not be followed")
                    for place in self._unsettled.intersection(due):
                        self._failed(place, error)
            waits = [place.retry_at - time.monotonic() for place in self._unsettled]
            try:
                async with asyncio.timeout(max(0.0, min(waits)) if waits else None):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _settle(self, due: Sequence[Followed]) -> None:
        await self._client.ready()
        if any(place.tries or self._client.leader_of(place.key) is None for place in due):
            await self._client.refresh({key.topic for key in self._places})
        led: dict[int, list[Followed]] = {}
        for place in due:
            leader = self._client.leader_of(place.key)
            if self._client.is_forbidden(place.key.topic):
                self._broken(place, LogError(f"{place.key.topic} must not be read by us"))
            elif leader is None:
                self._failed(place, KafkaAway("the partition has no leader at the moment"))
            else:
                led.setdefault(leader, []).append(place)
        await asyncio.gather(*(self._settle_at(leader, places) for leader, places in led.items()))

    async def _settle_at(self, leader: int, places: Sequence[Followed]) -> None:
        try:
            asked = [place for place in places if place.is_out_of_range or place.offset < 0]
            first = await self._offsets(leader, asked, EARLIEST)
            end = await self._offsets(leader, asked, LATEST)
        except EXPECTED as error:
            for place in places:
                self._failed(place, error)
            return
        for place in places:
            if place not in self._unsettled:
                continue
            if place in asked and (place not in first or place not in end):
                self._failed(place, KafkaAway("its leader has moved"))
            elif place not in asked or self._is_placed(place, first[place], end[place]):
                self._unsettled.discard(place)
                if not self._begin(place):
                    self._failed(place, KafkaAway("its leader has moved"))

    def _is_placed(self, place: Followed, first: int, end: int) -> bool:
        """Whether there is something to follow from the place's offset on; what is asked for by name is looked up."""
        if place.offset < 0:
            place.offset = first if place.offset == EARLIEST else end
        where = f"{place.key.topic}, partition {place.key.partition}"
        now = time.monotonic()
        if place.offset < first:
            self._broken(place, LogCorrupt(f"{where} lacks offset {place.offset}; the first one that is there is {first}"))
            return False
        if place.offset > end:
            place.beyond_since = place.beyond_since or now
            if now - place.beyond_since > BEYOND_TIMEOUT_S:
                self._broken(place, LogCorrupt(f"{where} ends at {end}; it was to be followed from {place.offset} on"))
            else:
                self._failed(place, OffsetOutOfRangeError())
            return False
        place.is_out_of_range = False
        return True

    async def _offsets(self, leader: int, places: Sequence[Followed], which: int) -> dict[Followed, int]:
        """What a leader says; of places that it does not lead it says nothing."""
        if not places:
            return {}
        request = OffsetRequest(-1, 0, [(place.key.topic, [(place.key.partition, which)]) for place in places])
        answer = await self._client.send(leader, request)
        found = {TopicPartition(topic, part[0]): int(part[3]) for topic, parts in answer.topics for part in parts if part[1] == 0}
        return {place: found[place.key] for place in places if place.key in found}

    # What goes wrong.

    def _failed(self, place: Followed, error: Exception) -> None:
        """Try it again after a pause, which grows; what does not change by itself is told instead."""
        if self._places.get(place.key) is not place:
            return
        place.is_out_of_range = place.is_out_of_range or isinstance(error, OffsetOutOfRangeError)
        if isinstance(error, TopicAuthorizationFailedError | InvalidTopicError):
            self._broken(place, LogError(f"{place.key.topic}, partition {place.key.partition} cannot be read: {error!r}"))
            return
        place.tries += 1
        place.retry_at = time.monotonic() + min(PAUSE_MAX_S, PAUSE_MIN_S * 2 ** min(place.tries - 1, 10))
        self._unsettle(place)

    def _broken(self, place: Followed, error: Exception) -> None:
        """Tell it once; the place stays as it is until it is followed again."""
        if self._places.get(place.key) is place:
            self._unsettled.discard(place)
            self._on_problem(place.key.topic, place.key.partition, error)
