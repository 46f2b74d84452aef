"""What backups are made of: a data folder read beside whoever holds it, or one that a server gives away, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final, TypeVar

from contracts.errors import Rejected
from contracts.ports.log import TOPICS, Topic
from infra.backup.backup import places
from infra.backup.segment import pack, rows_in
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.log.arguments import partitions_in
from infra.log.sqlite import SqliteLog
from infra.log.sqlite_rows import Row
from workers.partition.standing import journal_of

T = TypeVar("T")
Fetch = Callable[[str], bytes]
"""Gets what lies at a path below `/v1/backup`. Raises RefoldError."""
_GONE: Final = "unknown_blob"


class FolderSource:
    """See `infra.backup.backup.Source` and `api.service.Copied`. Raises LogError where there is no log to read."""

    def __init__(self, folder: DataFolder) -> None:
        folder.check()
        self._log = SqliteLog(folder.log, read_only=True)
        self._blobs = FileBlobs(folder.blobs)
        self.journal = journal_of(self._log, 0)
        self.partitions = self._log.partitions

    def end(self, topic: Topic, partition: int) -> int:
        """See Source."""
        return self._log.end(topic, partition)

    def stored(self, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
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

    # Given away.

    def describe(self) -> dict[str, Any]:
        """See Copied."""
        ends = {f"{topic}/{number}": self.end(topic, number) for topic, number in places(self.partitions)}
        return {"journal": self.journal, "partitions": self.partitions, "ends": ends}

    def rows(self, topic: str, partition: int, first: int, end: int) -> bytes:
        """See Copied."""
        named = next(one for one in TOPICS if one == topic)
        if partition >= partitions_in(named, self.partitions):
            raise Rejected("unknown_position", f"{topic} has no partition {partition}")
        there = min(end, self.end(named, partition))
        return pack(self.stored(named, partition, first, there))

    def blob_hashes(self, after: str, limit: int) -> list[str]:
        """See Copied."""
        return [found for found, _ in zip(self._blobs.hashes(after), range(limit), strict=False)]

    def blob_content(self, content_hash: str) -> bytes:
        """See Copied."""
        content = self.blob(content_hash)
        if content is None:
            raise Rejected(_GONE, f"there is no big value {content_hash}")
        return content


def read_folder(folder: DataFolder, read: Callable[[FolderSource], T]) -> T:
    """Read what somebody copies."""
    with closing(FolderSource(folder)) as source:
        return read(source)


class ServerSource:
    """A data folder that a server gives away. `fetch` and `fetch_json` ask it; see `infra.backup.backup.Source`."""

    def __init__(self, fetch: Fetch, fetch_json: Callable[[str], dict[str, Any]]) -> None:
        self._fetch, self._fetch_json = fetch, fetch_json
        described = fetch_json("")
        self.journal: str = described["journal"]
        self.partitions: int = described["partitions"]
        self._ends: dict[str, int] = described["ends"]

    def end(self, topic: Topic, partition: int) -> int:
        """See Source: as it was when it was first asked."""
        return self._ends.get(f"{topic}/{partition}", 0)

    def stored(self, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
        """See Source."""
        return rows_in(self._fetch(f"/rows/{topic}/{partition}?first={first}&end={end}"), f"what the server says of {topic}")

    def blobs(self) -> Iterator[str]:
        """See Source."""
        after: str | None = ""
        while after is not None:
            page = self._fetch_json(f"/blobs?after={after}")
            yield from page["blobs"]
            after = page["next"]

    def blob(self, content_hash: str) -> bytes | None:
        """See Source."""
        try:
            return self._fetch(f"/blobs/{content_hash}")
        except Rejected as rejected:
            if rejected.reason != _GONE:
                raise
            return None

    def close(self) -> None:
        """There is nothing to let go of."""
