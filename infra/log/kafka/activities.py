"""The topics of activities: `PREFIX.activities.QUEUE.KIND`, and `.high` and `.low` beside it; made when they are first needed.

A consumer of a group gets all records of a topic, so each queue has a topic for each kind: workers that offer different kinds
share a queue. Whoever sends to one and whoever takes from it both see to it that it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.log.kafka.address import KafkaAddress
from infra.log.kafka.admin import REPLICAS_MAX_DEFAULT, replicas_of
from infra.log.kafka.administering import administering, broker_count, create, described, grow, wait_until_there
from infra.log.kafka.topics import activity_settings


async def ensure(
    address: KafkaAddress, admin: AIOKafkaAdminClient, names: Collection[str], partitions: int, replicas: int | None = None
) -> None:
    """See to it that topics are there, with so many partitions and a leader for each; as many replicas as the journal has, if not told."""
    journal = address.topic("journal")
    there = await described(admin, [*names, journal])
    if replicas is None:
        replicas = replicas_of(there[journal]) if there.get(journal) else min(REPLICAS_MAX_DEFAULT, await broker_count(admin))
    settings = activity_settings(replicas)
    await create(admin, [NewTopic(name, partitions, replicas, topic_configs=settings) for name in names if name not in there])
    await grow(admin, {name: partitions for name in names if name in there and len(there[name]) < partitions})
    await wait_until_there(admin, dict.fromkeys(names, partitions))


class ActivityTopics:
    """Knows which topics are there, so that asking again costs nothing; lives in the running event loop."""

    def __init__(self, address: KafkaAddress, partitions: int, replicas: int | None = None) -> None:
        self._address, self._replicas = address, replicas
        self.partitions = partitions
        """As many as the journal has; who learns that it has more, says it here."""
        self._known: dict[str, int] = {}
        self._making = asyncio.Lock()

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of which it is not known that they are there, with enough partitions."""
        return [name for name in names if self._known.get(name, 0) < self.partitions]

    async def ensure(self, names: Collection[str]) -> None:
        """See to it that topics are there. Raises LogUnreachable where no broker answers, LogError where one cannot be made."""
        if not self.missing(names):
            return
        async with self._making:
            missing, partitions = self.missing(names), self.partitions
            if missing:
                async with administering(self._address) as admin:
                    await ensure(self._address, admin, missing, partitions, self._replicas)
                self._known |= dict.fromkeys(missing, partitions)
