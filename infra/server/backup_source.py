"""A data folder as the source of a backup: read beside whoever holds it."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.ports.log import Topic
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.log.sqlite import SqliteLog
from infra.log.sqlite_rows import Row
from workers.partition.standing import journal_of


class FolderSource:
    """See `infra.backup.backup.Source`. Raises LogError where there is no log to read."""

    def __init__(self, folder: DataFolder) -> None:
        folder.check()
        self._log = SqliteLog(folder.log, read_only=True)
        self._blobs = FileBlobs(folder.blobs)
        self.journal = journal_of(self._log, 0)
        self.partitions = self._log.partitions

    def end(self, topic: Topic, partition: int) -> int:
        """See Source."""
        return self._log.end(topic, partition)

    def rows(self, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
        """See Source."""
        return self._log.stored(topic, partition, first, end)

    def blobs(self) -> Iterator[str]:
        """See Source."""
        return self._blobs.hashes()

    def blob(self, content_hash: str) -> bytes | None:
        """See Source."""
        try:
            return self._blobs.get(content_hash)
        except KeyError:
            return None

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()
