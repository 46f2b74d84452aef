"""A log as those read it who have the keys: of its journal, sealed decisions come with what they say in plain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.codec import SEALED_HEAD, open_record
from contracts.ports.keys import Keys
from contracts.ports.log import Log, Topic


class OpeningLog:
    """A `Log` over another, which it is in everything but that. What is appended goes through as it is."""

    def __init__(self, log: Log, keys: Keys) -> None:
        self._log, self._keys = log, keys
        self.record_bytes_max, self.batch_bytes_max = log.record_bytes_max, log.batch_bytes_max  # asked with every decision

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)  # also `append`, `end` and all that is not of the port

    @property
    def partitions(self) -> int:
        """See Log."""
        return self._log.partitions

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See Log."""
        records = self._log.read(topic, partition, offset, end)
        return records if topic != "journal" else self._opened(records)

    def _opened(self, records: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        keys = self._keys
        for offset, content in records:
            yield offset, open_record(content, keys) if content.startswith(SEALED_HEAD) else content
