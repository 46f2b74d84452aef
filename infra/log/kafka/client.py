"""A client that comes back: brokers may be away, frozen or have moved, and whoever asks is answered within a time all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Coroutine
from typing import Any, Final, TypeVar

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import TopicPartition

from contracts.errors import LogUnreachable
from refold.kafka.address import KafkaAddress
from refold.kafka.client import give_up, look_at, reason

T = TypeVar("T")
REQUEST_TIMEOUT_MS: Final = 3_000
"""A broker that does not answer for so long is taken for dead; long polls are much shorter."""
BOOTSTRAP_TIMEOUT_S: Final = 10.0
RETRY_BACKOFF_MS: Final = 50


class KafkaAway(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """Nobody is there who could answer; it may be otherwise in a moment."""

    retriable = True


class BrokerClient(AIOKafkaClient):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's own client, for which a connection that broke a moment ago is one no more.

    For aiokafka it is one until the task that reads from it has its turn; under uvloop writing on it until then raises a
    RuntimeError, which nobody takes for a broker that is away: it ends even the task that asks for the cluster's metadata.
    """

    async def _get_conn(self, node_id: Any, *, group: object = ConnectionGroup.DEFAULT, no_hint: bool = False) -> AIOKafkaConnection | None:
        conn = self._conns.get((node_id, group))
        if conn is not None and conn._writer is not None and conn._writer.is_closing():
            conn.close(reason=CloseReason.CONNECTION_BROKEN)
        return await super()._get_conn(node_id, group=group, no_hint=no_hint)


class Client:
    """aiokafka's client, made when it is first needed and made anew when it knows no broker any more; lives in the event loop."""

    def __init__(self, address: KafkaAddress, request_timeout_ms: int = REQUEST_TIMEOUT_MS) -> None:
        self._address, self._request_timeout_ms = address, request_timeout_ms
        self._client: BrokerClient | None = None
        self._making = asyncio.Lock()

    async def ready(self) -> BrokerClient:
        """The client, which has seen a broker. Raises KafkaAway."""
        async with self._making:
            if self._client is None:
                client = BrokerClient(
                    **self._address.client_settings(),
                    request_timeout_ms=self._request_timeout_ms,
                    retry_backoff_ms=RETRY_BACKOFF_MS,
                )
                try:
                    await bounded(client.bootstrap(), BOOTSTRAP_TIMEOUT_S)
                except BaseException as error:
                    await give_up(client.close())
                    if isinstance(error, KafkaError):
                        raise KafkaAway(reason(error)) from error
                    raise
                self._client = client
            return self._client

    def leader_of(self, key: TopicPartition) -> int | None:
        """The broker that leads a partition, as far as is known."""
        leader = None if self._client is None else self._client.cluster.leader_for_partition(key)
        return None if leader is None or leader < 0 else int(leader)

    def is_forbidden(self, topic: str) -> bool:
        """Whether the cluster does not let us look at a topic."""
        return self._client is not None and topic in self._client.cluster.unauthorized_topics

    async def refresh(self, topics: Collection[str]) -> None:
        """Ask who leads what. Raises KafkaAway where no broker says it; then the brokers are looked for anew.

        aiokafka's own look at the cluster would make a missing topic, where the brokers allow it, and with the wrong settings.
        """
        client = await self.ready()
        nodes = [broker.nodeId for broker in client.cluster.brokers()]
        request = MetadataRequest(list(topics), allow_auto_topic_creation=False)
        for node in random.sample(nodes, len(nodes)):
            try:
                answer = await client.send(node, request)
            except (TimeoutError, KafkaError, OSError):
                continue
            if answer.brokers:
                client.cluster.update_metadata(answer)
                return
        if self._client is client:
            await self.close()
        raise KafkaAway("no broker says who leads what")

    async def send(self, node: int, request: Any, line: object = 0) -> Any:
        """What a broker answers; a broker works on one request at a time of each line."""
        client = await self.ready()
        return await client.send(node, request, group=line)

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has now. Raises LogUnreachable where no broker says it."""
        try:
            client = await self.ready()
            [node, *_] = random.sample(sorted(broker.nodeId for broker in client.cluster.brokers()), 1)
            answer = await client.send(node, MetadataRequest([topic], allow_auto_topic_creation=False))
        except (TimeoutError, KafkaError, OSError) as error:
            raise LogUnreachable(f"nobody says how many partitions {topic} at {self._address} has: {reason(error)}") from error
        [(code, _, _, partitions)] = answer.topics
        if code:
            raise LogUnreachable(f"nobody says how many partitions {topic} at {self._address} has: {for_code(code).__name__}")
        return len(partitions)

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await give_up(client.close())


async def bounded(work: Coroutine[Any, Any, T] | asyncio.Future[T], timeout_s: float) -> T:
    """What something answers in time. Raises KafkaAway, also where it was cancelled by somebody else than us."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
        if not task.done() or task.cancelled():
            raise KafkaAway(f"no answer within {timeout_s:g} s")
        return task.result()
    finally:
        if not task.done():
            task.add_done_callback(look_at)
            task.cancel()
