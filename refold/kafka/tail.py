"""Following a topic of one partition from its end, for as long as somebody wants to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import give_up, is_away, is_fatal, reason, start
from refold.kafka.consumer import REQUEST_TIMEOUT_MS

POLL_S: Final = 1.0
BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

_log = logging.getLogger("refold.worker")


async def tail(address: KafkaAddress, topic: str, on_record: Callable[[bytes], None]) -> None:
    """Hand on each record that is appended from now on; what was appended while the broker was away comes late. Ends by being cancelled."""
    key = TopicPartition(address.topic(topic), 0)
    next_offset: list[int] = []
    failures = 0
    while True:
        try:
            await _follow(address, key, next_offset, on_record)
        except Exception as error:
            if is_fatal(error) or not (is_away(error) or isinstance(error, Unavailable)):
                raise
            if not failures:
                _log.warning("%s cannot be followed, trying again: %s", key.topic, reason(error))
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
        failures += 1


async def _follow(address: KafkaAddress, key: TopicPartition, next_offset: list[int], on_record: Callable[[bytes], None]) -> None:
    """With one consumer; `next_offset` holds the next offset once it is known."""
    consumer = AIOKafkaConsumer(
        **address.client_settings(),
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        auto_offset_reset="latest",
        fetch_max_wait_ms=500,
        retry_backoff_ms=100,
    )
    try:
        await start(consumer)
        consumer.assign([key])
        if not next_offset:
            async with asyncio.timeout(POLL_S * 5):
                next_offset.append((await consumer.end_offsets([key]))[key])
        consumer.seek(key, next_offset[0])
        while True:
            for record in await _poll(consumer, key):
                next_offset[0] = record.offset + 1
                if record.value is not None:
                    on_record(record.value)
    finally:
        await give_up(consumer.stop())


async def _poll(consumer: Any, key: TopicPartition) -> list[Any]:
    polling = asyncio.ensure_future(consumer.getmany(timeout_ms=int(POLL_S * 1000)))
    try:
        while not polling.done():
            await asyncio.wait({polling}, timeout=POLL_S)
            if consumer._fetcher._fetch_task.done():
                raise Unavailable("a task of the client has ended")
    finally:
        polling.cancel()
    if polling.cancelled():
        raise Unavailable("the client has given up")
    records: list[Any] = polling.result().get(key, [])
    return records
