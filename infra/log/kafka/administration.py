"""A cluster's administration as the log asks it: what fails there is an error of the port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contracts.errors import LogError, LogUnreachable
from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import REQUEST_TIMEOUT_MS, RETRY_PAUSE_S, AdminRefused, admin_client
from refold.kafka.client import CONNECT_TIMEOUT_S, reason

T = TypeVar("T")
ASKED_AGAIN: Final = 2
"""For so many times as long as a connection may take it is asked anew, where a broker that was asked is away."""


@asynccontextmanager
async def administering(address: KafkaAddress, timeout_s: float = CONNECT_TIMEOUT_S) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for a while; what fails in it is LogUnreachable, and what is refused LogError."""
    try:
        async with admin_client(address, timeout_s) as admin:
            yield admin
    except AdminRefused as error:
        raise LogError(str(error)) from error
    except Unavailable as error:
        raise LogUnreachable(str(error)) from error
    except KafkaError as error:  # the broker does not let us in
        raise LogUnreachable(f"no broker answers at {', '.join(address.servers)}: {reason(error)}") from error


async def asked(address: KafkaAddress, ask: Callable[[AIOKafkaAdminClient], Awaitable[T]], timeout_s: float = CONNECT_TIMEOUT_S) -> T:
    """What somebody asks of the brokers. Raises LogUnreachable where none answers.

    A client asks any broker that it knows of, be it one that has just died: then another client asks another one.
    """
    deadline = time.monotonic() + ASKED_AGAIN * timeout_s
    while time.monotonic() < deadline:
        async with administering(address, timeout_s) as admin:
            with suppress(TimeoutError, KafkaError, OSError):
                return await ask(admin)
        await asyncio.sleep(RETRY_PAUSE_S)
    async with administering(address, timeout_s) as admin:
        return await ask(admin)


async def delete_before(address: KafkaAddress, key: TopicPartition, offset: int) -> None:
    """Delete what stands before an offset. Raises LogUnreachable, and then nothing was deleted, or not all."""
    async with administering(address) as admin:
        await admin.delete_records({key: RecordsToDelete(before_offset=offset)}, timeout_ms=REQUEST_TIMEOUT_MS)
