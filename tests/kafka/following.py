"""A tail that keeps what it has brought, for tests that look at it."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from infra.log.kafka.tail import Stamped, Tail
from refold.kafka.address import KafkaAddress

DEADLINE_S = 60.0


class Follower:
    """A tail, and what it has brought."""

    def __init__(self, address: KafkaAddress) -> None:
        self.address = address
        self.tail = Tail(address, lambda topic, partition, error: self.problems.append((topic, partition, error)))
        self.problems: list[tuple[str, int, Exception]] = []
        self.batches: dict[tuple[str, int], list[Sequence[Stamped]]] = {}
        self.order: list[int] = []

    def follow(self, topic: str, partition: int, offset: int = 0) -> None:
        self.tail.follow(self.address.topic(topic), partition, offset, self.take)

    def take(self, topic: str, partition: int, records: Sequence[Stamped], end: int) -> None:
        assert end >= records[-1].offset + 1
        self.order.append(partition)
        self.batches.setdefault((topic.rpartition(".")[2], partition), []).append(records)

    def records(self, topic: str, partition: int) -> list[tuple[int, bytes]]:
        return [(record.offset, record.value) for batch in self.batches.get((topic, partition), []) for record in batch]


@asynccontextmanager
async def following(address: KafkaAddress) -> AsyncIterator[Follower]:
    follower = Follower(address)
    try:
        yield follower
    finally:
        await follower.tail.close()


async def until(done: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + deadline_s
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in a loop of its own; pytest sees its fixtures."""

    def run(**fixtures: Any) -> None:
        asyncio.run(test(**fixtures))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]  # typing knows of no function with one
    return run
