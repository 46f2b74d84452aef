"""Long polls at one broker: when requests go out, and over what. No broker takes part: it never answers here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.structs import TopicPartition

from infra.log.kafka.poll import LINES, Followed, Poll, Stamped


class Silent:
    """A broker that takes requests and answers none."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, set[int]]] = []

    async def ask(self, request: Any, line: object) -> None:
        self.asked.append((line, {part[0] for _, parts in request.topics for part in parts}))
        await asyncio.Event().wait()


def followed(partition: int) -> Followed:
    def nothing(topic: str, partition: int, records: Sequence[Stamped], end: int) -> None: ...

    return Followed(key=TopicPartition("t", partition), offset=0, on_records=nothing)


def test_a_partition_that_joins_is_asked_for_at_once_by_another_line_while_a_poll_is_under_way() -> None:
    async def story() -> None:
        broker = Silent()
        poll = Poll(broker.ask, lambda one, error: None, lambda one, error: None)
        for partition in range(LINES + 2):
            poll.add(followed(partition))
            await asyncio.sleep(0)  # the loop's turn in which it is sent
            await asyncio.sleep(0)
        assert [partitions for _, partitions in broker.asked] == [set(range(count + 1)) for count in range(LINES)]
        assert len({line for line, _ in broker.asked}) == LINES, "what comes after those waits for one to end"
        await poll.close()

    asyncio.run(story())


def test_partitions_that_join_in_one_turn_of_the_loop_are_one_request() -> None:
    async def story() -> None:
        broker = Silent()
        poll = Poll(broker.ask, lambda one, error: None, lambda one, error: None)
        for partition in range(20):
            poll.add(followed(partition))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert broker.asked == [(("tail", LINES - 1), set(range(20)))]
        await poll.close()

    asyncio.run(story())
