"""Producing: one idempotent producer, hand-made batches, all in one request a broker; a producer in doubt is thrown away.

An idempotent aiokafka producer never gives a batch up: neither a time-out nor `stop()` takes it back, and after any
refusal it fails for ever on that partition. So every append has a deadline of its own, and whatever is not a plain
success costs the producer. What it had sent may land later: the outcome is unknown, never "no".

Several appends may be under way at once, as long as each partition has one. The producer that one of them has spoilt is
retired: nobody begins with it any more, and it is closed when the last append that had begun with it has its answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.structs import TopicPartition

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import CLOSE_TIMEOUT_S, give_up, is_fatal, look_at, reason, start

APPEND_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_MS: Final = 3_000
RETRY_PAUSE_S: Final = 0.1
START_TIMEOUT_S: Final = 5.0


class Keyed(NamedTuple):
    """A record that says what it belongs to, and how it is to be read."""

    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


Batch: TypeAlias = tuple[TopicPartition, Sequence[bytes] | Sequence[Keyed]]
"""Records that stand together in a partition."""


@dataclass(eq=False)
class _Held:
    """A producer, and how many appends are under way with it."""

    producer: AIOKafkaProducer
    users: int = 0
    is_retired: bool = False


class NotSent(Unavailable):
    """There was no producer in time: nothing was sent."""


class Producer:
    """Appends batches; lives in the event loop. Different partitions may have appends under way at the same time."""

    def __init__(self, address: KafkaAddress, message_bytes_max: int, timeout_s: float = APPEND_TIMEOUT_S) -> None:
        self._address, self._message_bytes_max, self.timeout_s = address, message_bytes_max, timeout_s
        self._held: _Held | None = None
        self._starting: asyncio.Task[BaseException | None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def send(self, batches: Sequence[Batch]) -> list[int | BaseException]:
        """The first offset of each batch, or why it is not known; a TimeoutError says that no answer came, and it may land later.

        Raises NotSent where no broker takes anything, and what `is_fatal`.
        """
        deadline = time.monotonic() + self.timeout_s
        held = await self._ready(deadline)
        held.users += 1
        is_clean = False
        tasks = [asyncio.ensure_future(_send(held.producer, key, records)) for key, records in batches]
        try:
            for task in tasks:
                task.add_done_callback(look_at)  # one that is not waited for any more may still fail
            await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
            answers = [self._answer(task) for task in tasks]
            is_clean = all(isinstance(answer, int) and answer >= 0 for answer in answers)
            return answers
        finally:
            for task in tasks:
                task.cancel()
            held.users -= 1
            if not is_clean:
                self._retire(held)
            if held.is_retired and not held.users and not self._is_closed:
                self._leave(held.producer)

    def _answer(self, task: asyncio.Future[int]) -> int | BaseException:
        if not task.done():
            return TimeoutError(f"no answer within {self.timeout_s:g} s")
        if task.cancelled():
            return asyncio.CancelledError()
        return task.exception() or task.result()

    async def _ready(self, deadline: float) -> _Held:
        """The producer, made if there is none."""
        why: BaseException | None = None
        while self._held is None:
            if self._is_closed:
                raise NotSent(f"nothing was sent to {self._address}: it is closed")
            if self._starting is None:
                self._starting = asyncio.ensure_future(self._start())
            starting = self._starting
            await asyncio.wait({starting}, timeout=max(0.05, deadline - time.monotonic()))
            if self._held is not None:
                break
            if starting.done() and not starting.cancelled():
                why = starting.result()
            if why is not None and is_fatal(why):
                raise why
            if time.monotonic() + RETRY_PAUSE_S >= deadline:
                raise NotSent(f"nothing was sent to {self._address}: {reason(why)}")
            await asyncio.sleep(RETRY_PAUSE_S)
        return self._held

    async def _start(self) -> BaseException | None:
        """Make a producer; why it failed, where it did. Everybody who waits for one waits for this one."""
        producer = self._new_producer()
        try:
            await start(producer, START_TIMEOUT_S)
            self._held = _Held(producer)
        except Exception as error:
            return None if isinstance(error, TimeoutError) else error
        finally:
            self._starting = None
            if self._held is None or self._held.producer is not producer:
                self._leave(producer)
        return None

    def _new_producer(self) -> AIOKafkaProducer:
        compression = self._address.compression
        return AIOKafkaProducer(
            **self._address.client_settings(),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=self._message_bytes_max,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=50,
            compression_type=None if compression == "none" else compression,
        )

    def _retire(self, held: _Held) -> None:
        """The next append makes a new one."""
        held.is_retired = True
        if self._held is held:
            self._held = None

    def _leave(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.ensure_future(give_up(_close(producer)))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Let go of everything; what cannot be closed in time is left behind. What is under way is answered: its outcome is unknown."""
        self._is_closed = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting}, timeout=CLOSE_TIMEOUT_S)
        if self._held is not None:
            held, self._held = self._held, None
            held.is_retired = True
            self._leave(held.producer)
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=2 * CLOSE_TIMEOUT_S)


async def _send(producer: AIOKafkaProducer, key: TopicPartition, records: Sequence[bytes] | Sequence[Keyed]) -> int:
    """Hand a batch over and wait for its offset."""
    batch = producer.create_batch()
    now = int(time.time() * 1000)
    for record in records:
        if isinstance(record, Keyed):
            taken = batch.append(key=record.key, value=record.value, headers=list(record.headers), timestamp=now)
        else:
            taken = batch.append(key=None, value=record, timestamp=now)
        assert taken is not None, "the size of a batch is checked before"
    known = producer.client.cluster.partitions_for_topic(key.topic)
    if known is not None and key.partition not in known:  # added since it began
        await producer.client.force_metadata_update()
        if key.partition not in producer.client.cluster.partitions_for_topic(key.topic):
            raise UnknownTopicOrPartitionError
    future = await producer.send_batch(batch, key.topic, partition=key.partition)
    return int((await future).offset)


async def _close(producer: Any) -> None:
    """As `stop()`, which waits for what is under way, but without waiting: first the sender, then the connections."""
    producer._closed = True
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    if sender is not None:
        await asyncio.wait({sender})
