"""A consumer of public events in another system: a plain Kafka client, which knows nothing of Refold but the topic."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from aiokafka import AIOKafkaConsumer


class Consumer:
    """Hears a topic from its beginning, and counts what it hears by id."""

    def __init__(self, servers: str, topic: str) -> None:
        self._servers, self._topic = servers, topic
        self.heard: Counter[tuple[str, int, str, str]] = Counter()
        """How often it heard each event: execution, version, type, workflow."""
        self._last: dict[str, int] = {}
        self._said: list[str] = []

    async def read(self) -> None:
        """Until it is cancelled."""
        settings: dict[str, Any] = {"bootstrap_servers": self._servers, "group_id": "other-system", "auto_offset_reset": "earliest"}
        async with AIOKafkaConsumer(self._topic, **settings) as consumer:
            async for record in consumer:
                self._note(json.loads(record.value))

    def _note(self, event: dict[str, Any]) -> None:
        execution, version = event["subject"], event["data"]["version"]
        if event["id"] != f"{execution}/{version}":
            self._said.append(f"strange id {event['id']}")
        told = (execution, version, event["type"], event["workflow"])
        if told not in self.heard:
            if version <= self._last.get(execution, 0):
                self._said.append(f"{execution}/{version} came after {execution}/{self._last[execution]}")
            self._last[execution] = version
        self.heard[told] += 1

    @property
    def doubles(self) -> int:
        """How many records told what another one had told: by their ids they can be dropped."""
        return self.heard.total() - len(self.heard)

    def faults(self, expected: set[tuple[str, int, str, str]]) -> list[str]:
        """What is wrong with what it heard: each event at least once, and the first time in the order of its execution."""
        found = set(self.heard)
        missing = [f"missing {event}" for event in sorted(expected - found)[:5]]
        return [*missing, *(f"strange {event}" for event in sorted(found - expected)[:5]), *self._said[:5]]
