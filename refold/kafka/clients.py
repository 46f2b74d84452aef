"""How clients of a Kafka log are started and given up, and how topics of tasks come to be.

aiokafka is an extra of the package: whoever imports this has called `check_installed` of `refold/kafka/address.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError, KafkaError, SaslAuthenticationFailed, for_code

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress

REQUEST_TIMEOUT_MS: Final = 8_000
CONNECT_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 1.0
SESSION_MS: Final = 6_000
HEARTBEAT_MS: Final = 1_500
PARTITION_FETCH_BYTES: Final = 256 * 1024
FETCH_BYTES: Final = 4 * 1024 * 1024
FETCH_WAIT_MS: Final = 250
"""So long a partition that is read on may have to wait: for the end of the request that was sent without it."""
NEVER_MS: Final = 2**31 - 1
GROUP: Final = "workers"
TASK_RETENTION_MS: Final = 7 * 24 * 3600 * 1000
MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024
LEVELS: Final = (".high", "", ".low")
"""How the topics of a place end, the most urgent first."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]")
_EXISTS: Final = 36
_FATAL: Final = (AuthenticationFailedError, SaslAuthenticationFailed)

_log = logging.getLogger("refold.worker")


class _LastWords(logging.Handler):
    """aiokafka says in its log alone why a connection fails, and it says it with every try: what we quote is the last of it."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the line."""
        self.said = record.getMessage()


_last_words = _LastWords(logging.WARNING)
logging.getLogger("aiokafka").addHandler(_last_words)
logging.getLogger("aiokafka").propagate = False


def reason(error: BaseException | None) -> str:
    """Why something failed, as far as anybody knows: an error of a connection does not say it itself."""
    if isinstance(error, KafkaConnectionError) and _last_words.said:
        return _last_words.said
    return repr(error) if error is not None else "no answer"


def is_fatal(error: BaseException) -> bool:
    """Whether the broker refuses us, so that trying again would not help."""
    return isinstance(error, _FATAL)


async def give_up(work: Coroutine[Any, Any, object], timeout_s: float = CLOSE_TIMEOUT_S) -> None:
    """Run something that may hang or raise anything, in a task of its own; wait for it so long, then leave it behind.

    Closing a client while its broker is away can raise CancelledError, which would end the caller's task without a word.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=timeout_s)
    task.add_done_callback(_look_at)
    task.cancel()


def _look_at(task: asyncio.Future[Any]) -> None:
    """An error that nobody waits for is no news."""
    if not task.cancelled():
        task.exception()


# The group of all workers.


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


def pass_over_lost_commits(loop: asyncio.AbstractEventLoop) -> None:
    """A commit that is given up leaves a task of aiokafka's behind, whose failure nobody can retrieve: that is no news."""
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(_on_exception)


def _on_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    future = context.get("future")
    coroutine = future.get_coro() if isinstance(future, asyncio.Task) else None
    if getattr(coroutine, "__qualname__", "") != "GroupCoordinator._do_commit_offsets":
        loop.default_exception_handler(context)


# Topics.


def topic_part(name: str) -> str:
    """A name as a part of a topic's: one that Kafka would not take is written otherwise, and marked with a digest."""
    if _PLAIN.match(name):
        return name
    return f"{_OTHER.sub('-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def task_topics(queue: str, kind: str) -> tuple[str, ...]:
    """The topics of a queue and kind without the prefix, by level."""
    return tuple(f"activities.{topic_part(queue)}.{topic_part(kind)}{level}" for level in LEVELS)


class LogLimits(NamedTuple):
    """What is known of a log."""

    partitions: int
    result_bytes_max: int


async def ensure_topics(address: KafkaAddress, names: Iterable[str]) -> LogLimits:
    """Make those topics that are missing, with as many partitions as the journal. Raises Unavailable, and what `is_fatal`."""
    async with _admin(address) as admin:
        journal = address.topic("journal")
        wanted = [address.topic(name) for name in names]
        described = {one["topic"]: one for one in await admin.describe_topics([journal, address.topic("commands"), *wanted])}
        if described[journal]["error_code"] or described[address.topic("commands")]["error_code"]:
            raise Unavailable(f"there is no log at {address}; `refold kafka init --log {address}` makes one")
        partitions = described[journal]["partitions"]
        missing = [name for name in wanted if described[name]["error_code"] == 3]
        few = [name for name in wanted if not described[name]["error_code"] and len(described[name]["partitions"]) < len(partitions)]
        await _create(admin, missing, len(partitions), min(len(one["replicas"]) for one in partitions))
        if few:
            await admin.create_partitions({name: NewPartitions(len(partitions)) for name in few})
        if missing or few:
            await _wait_until_there(admin, missing + few, len(partitions))
        return LogLimits(len(partitions), await _message_bytes_max(admin, address.topic("commands")))


async def _create(admin: Any, names: list[str], partitions: int, replicas: int) -> None:
    """Somebody else may make them at the same moment."""
    if not names:
        return
    answer = await admin.create_topics([NewTopic(name, partitions, replicas, topic_configs=_settings(replicas)) for name in names])
    for name, code, *rest in answer.topic_errors:
        if code not in (0, _EXISTS):
            raise Unavailable(f"the topic {name} could not be made: {rest[0] if rest and rest[0] else for_code(code).__name__}")


async def _wait_until_there(admin: Any, names: list[str], partitions: int) -> None:
    """A topic that was made is not at once known to every broker; a consumer that looks too early looks again much later."""
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    while True:
        described = await admin.describe_topics(names)
        if all(not one["error_code"] and _has_leaders(one["partitions"], partitions) for one in described):
            return
        if time.monotonic() > deadline:
            raise Unavailable(f"the topics {', '.join(names)} have no leaders {CONNECT_TIMEOUT_S:g} s after they were made")
        await asyncio.sleep(0.05)


def _has_leaders(partitions: list[dict[str, Any]], count: int) -> bool:
    return len(partitions) >= count and all(not one["error_code"] and one["leader"] >= 0 for one in partitions)


def _settings(replicas: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(TASK_RETENTION_MS),
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": str(max(1, replicas - 1)),
    } | ({"flush.messages": "1"} if replicas == 1 else {})


async def _message_bytes_max(admin: Any, topic: str) -> int:
    for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]):
        for _, _, _, _, entries, *_ in answer.resources:
            for entry in entries:
                if entry[0] == "max.message.bytes":
                    return int(entry[1])
    return MESSAGE_BYTES_MAX


@asynccontextmanager
async def _admin(address: KafkaAddress) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**address.client_settings(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await start(admin)
        yield admin
    except (TimeoutError, KafkaError, OSError) as error:
        if is_fatal(error):
            raise
        raise Unavailable(f"no broker answers at {', '.join(address.servers)}: {reason(error)}") from error
    finally:
        await give_up(admin.close())


async def start(client: Any) -> None:
    """Start a client; wait only so long. Raises what it raises, and TimeoutError."""
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.wait({starting}, timeout=CONNECT_TIMEOUT_S)
    finally:
        starting.add_done_callback(_look_at)
        if not starting.done():
            starting.cancel()
    if not starting.done() or starting.cancelled():
        raise TimeoutError(f"not started within {CONNECT_TIMEOUT_S:g} s")
    starting.result()
