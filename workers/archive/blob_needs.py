"""What a log refers to of its blobs: read from the log alone, of all partitions, and each record once.

    journals, with what was kept of them ─► letters, resources, definitions ─► commands that are not decided ─► journals, letters again

What is on its way from one to the other while that is read has left the first after it was read, or has come to the second before, as
nothing is deleted where it was before it stands where it goes. The second look at the journals is for what was a command at the first.
Whatever looks like a reference is one: rather one too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.codec import read_record, read_sealed
from contracts.errors import LogCorrupt
from contracts.journal import Checkpoint, Sealed, judge
from contracts.key import NO_KEY
from contracts.ports.blob_topic import BlobId
from contracts.ports.log import Topic
from contracts.values import blobs_in, in_transit_in, keys_in
from workers.archive.cutting import CuttableLog

NEVER_CUT: Final[tuple[Topic, ...]] = ("dead-letters", "resources", "definitions")
COMMAND_TRIES: Final = 3


class References:
    """What records refer to, and in which one last."""

    def __init__(self) -> None:
        self._last: dict[BlobId | int, int] = {}
        """By blob, and by number of a key: all that is sealed with it."""

    def take(self, offset: int, content: bytes) -> None:
        """Note what bytes refer to."""
        for name in blobs_in(content):
            self._last[BlobId(name)] = offset
        for name in in_transit_in(content):
            self._last[BlobId(name, NO_KEY)] = offset
        for key in keys_in(content):
            self._last[key] = offset

    def take_key(self, offset: int, key: int) -> None:
        """A record is sealed with this key, and says in plain nothing of what it refers to."""
        self._last[key] = offset

    def drop_before(self, offset: int) -> None:
        """Records before it are gone."""
        self._last = {what: last for what, last in self._last.items() if last >= offset}

    def refers(self, blob: BlobId) -> bool:
        """Whether any record refers to a blob."""
        return blob in self._last or (blob.key is not None and blob.key != NO_KEY and blob.key in self._last)


class Needs:
    """What is referred to, at one moment."""

    def __init__(self, references: list[References]) -> None:
        self._references = references

    def needs(self, blob: BlobId) -> bool:
        """Whether anything refers to it."""
        return any(one.refers(blob) for one in self._references)


class _Journal:
    """Of one partition: what is kept of its beginning, and what stands in it."""

    def __init__(self, log: CuttableLog, partition: int) -> None:
        self._log, self._partition = log, partition
        self._start = -1
        self._checkpoint = Checkpoint()
        self.kept, self.standing = References(), References()

    @property
    def decided(self) -> int:
        """All commands of the partition before this offset are decided."""
        return self._checkpoint.sources.get(self._partition, -1) + 1

    def read_on(self) -> None:
        """Up to the end, and again what was kept, where it was cut meanwhile."""
        self._log.kept_to(self._partition, asks=True)
        start = self._log.start("journal", self._partition)
        if start > self._checkpoint.offset:  # what stood between is not known any more
            self._checkpoint, self.standing = Checkpoint(), References()
        if start != self._start:
            self.kept = References()
            self.standing.drop_before(start)
            is_new = self._checkpoint.offset == 0
            for offset, content in self._log.read("journal", self._partition, 0, start):
                self._take(self.kept, offset, content, judges=is_new)
            self._start = start
        for offset, content in self._log.read("journal", self._partition, self._checkpoint.offset):
            self._take(self.standing, offset, content, judges=True)

    def _take(self, references: References, offset: int, content: bytes, judges: bool) -> None:
        record = read_record(content)
        references.take(offset, content)
        if isinstance(record, Sealed):
            references.take_key(offset, read_sealed(record.body).key)
        if judges:
            judge(self._checkpoint, offset, record)


class BlobNeeds:
    """Reads a log, which nobody else uses meanwhile. What was read is remembered; what is gone of a journal is forgotten."""

    def __init__(self, log: CuttableLog) -> None:
        self._log = log
        self._journals: list[_Journal] = []
        self._others = {topic: References() for topic in NEVER_CUT}
        self._read_to = dict.fromkeys(NEVER_CUT, 0)

    def read(self) -> Needs:
        """Up to the end. Raises LogError, UnknownRecord for what a newer build has written."""
        self._read_journals()
        self._read_others()
        commands = References()
        for partition, journal in enumerate(self._journals):
            for offset, content in self._commands(partition, journal.decided):
                commands.take(offset, content)
        self._read_journals()
        self._read_others()
        journals = [one for journal in self._journals for one in (journal.kept, journal.standing)]
        return Needs([*journals, commands, *self._others.values()])

    def _read_journals(self) -> None:
        self._log.look_again()
        for partition in range(len(self._journals), self._log.partitions):
            self._journals.append(_Journal(self._log, partition))
        for journal in self._journals:
            journal.read_on()

    def _read_others(self) -> None:
        for topic, references in self._others.items():
            for offset, content in self._log.read(topic, 0, self._read_to[topic]):
                references.take(offset, content)
                self._read_to[topic] = offset + 1

    def _commands(self, partition: int, decided: int) -> Iterator[tuple[int, bytes]]:
        """Those that are not decided; the beginning of what is may be deleted at any time."""
        for left in reversed(range(COMMAND_TRIES)):
            start = self._log.start("commands", partition)
            try:
                yield from self._log.read("commands", partition, max(start, decided))
                return
            except LogCorrupt:
                if not left or self._log.start("commands", partition) == start:
                    raise
