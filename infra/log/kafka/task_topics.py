"""The topics of tasks, made when they are first needed: see `refold/kafka/task_topics.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from aiokafka.admin import AIOKafkaAdminClient

from infra.log.kafka.administration import administering
from refold.kafka.address import KafkaAddress
from refold.kafka.admin import described, wait_until_there
from refold.kafka.task_topics import ensure, replicas_of, replicas_wanted


class KnownTaskTopics:
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
                    await ensure(admin, missing, partitions, self._replicas or await self._replicas_of_journal(admin))
                    await wait_until_there(admin, dict.fromkeys(missing, partitions))
                self._known |= dict.fromkeys(missing, partitions)

    async def _replicas_of_journal(self, admin: AIOKafkaAdminClient) -> int:
        journal = self._address.topic("journal")
        found = (await described(admin, [journal])).get(journal)
        return replicas_of(found) if found else await replicas_wanted(admin)
