"""The consumer of a worker: a member of the group of all workers, and what aiokafka does not say of one by itself."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from refold.kafka.address import KafkaAddress

REQUEST_TIMEOUT_MS: Final = 8_000
SESSION_MS: Final = 6_000
HEARTBEAT_MS: Final = 1_500
PARTITION_FETCH_BYTES: Final = 256 * 1024
FETCH_BYTES: Final = 4 * 1024 * 1024
FETCH_WAIT_MS: Final = 250
"""So long a partition that is read on may have to wait: for the end of the request that was sent without it."""
NEVER_MS: Final = 2**31 - 1
GROUP: Final = "workers"
_log: Final = logging.getLogger("refold.worker")


def new_consumer(address: KafkaAddress, assignor: Any, stable_name: str | None) -> Any:
    """A member of the group of all workers. With a name it keeps its partitions for a session when it is not there."""
    return AIOKafkaConsumer(
        **address.client_settings(),
        group_id=address.topic(GROUP),
        group_instance_id=stable_name,
        client_id=stable_name or f"refold-{os.getpid()}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        rebalance_timeout_ms=SESSION_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_poll_interval_ms=NEVER_MS,
        metadata_max_age_ms=15_000,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        fetch_max_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        retry_backoff_ms=100,
        partition_assignment_strategy=(assignor,),
    )


async def committed(consumer: Any, keys: list[Any], timeout_s: float) -> dict[Any, tuple[int, str]]:
    """What was last committed, with its metadata, which the client's public face drops. Raises KafkaError, TimeoutError."""
    async with asyncio.timeout(timeout_s):
        found = await consumer._coordinator.fetch_committed_offsets(keys)
    return {key: (one.offset, one.metadata or "") for key, one in found.items()}


async def ends_of(consumer: Any, keys: list[Any], timeout_s: float) -> dict[Any, int]:
    """Where partitions end; none where no broker says it in time."""
    if not keys:
        return {}
    try:
        async with asyncio.timeout(timeout_s):
            found: dict[Any, int] = await consumer.end_offsets(keys)
    except (KafkaError, TimeoutError) as error:
        _log.warning("nobody says how far %d partitions go: %r", len(keys), error)
        return {}
    return found


def pass_over_lost_commits(loop: asyncio.AbstractEventLoop) -> None:
    """A commit that is given up leaves a task of aiokafka's behind, whose failure nobody can retrieve: that is no news."""
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(_on_exception)


def _on_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    future = context.get("future")
    coroutine = future.get_coro() if isinstance(future, asyncio.Task) else None
    if getattr(coroutine, "__qualname__", "") != "GroupCoordinator._do_commit_offsets":
        loop.default_exception_handler(context)
