"""Histories: what goes into a piece of executions that have ended, read from the journal and proved to be whole.

Whoever reads them reads beside the owner and changes nothing in the log, so it may be in another thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, TypeAlias

from contracts.codec import read_header, read_record
from contracts.commands import CreateExecution
from contracts.errors import ArchiveDamaged, LogCorrupt
from contracts.events import DefinitionChanged
from contracts.journal import Decided, Removed, Retired, chain
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.values import blobs_in
from domain.execution.evolve import CHANGES
from domain.execution.history import Entry
from workers.archive.bundle import Bundle, BundleWriter
from workers.archive.layout import Definition, Head, History, Line, Payload
from workers.archive.proof import entry_of
from workers.partition.catalog import Catalog
from workers.partition.stretches import GAP_MAX

Ended: TypeAlias = Mapping[str, tuple[str, Sequence[int]]]
"""Executions that have ended: how, and where their decisions lie, as far as that is known."""


class Histories:
    """Of one partition. `log` is a view of its own, for the thread that it is used in."""

    def __init__(self, log: Log, catalog: Catalog, blobs: Blobs, partition: int, journal: str) -> None:
        self._log, self._catalog, self._blobs = log, catalog, blobs
        self.partition, self.journal = partition, journal

    def read(self, ended: Ended, refused: dict[str, str]) -> list[History]:
        """The histories that are there; into `refused` goes why one cannot be archived, which keeps no other. Raises LogError."""
        records = self._records(offset for _, offsets in ended.values() for offset in offsets)
        found = {name: {offset: records[offset] for offset in offsets} for name, (_, offsets) in ended.items() if offsets}
        found |= self._looked_for({name for name, (_, offsets) in ended.items() if not offsets})
        histories: list[History] = []
        for name, of_it in found.items():
            try:
                history = self._history(name, of_it)
            except (LogCorrupt, ArchiveDamaged) as error:
                refused[name] = str(error)
                continue
            if history is not None:
                histories.append(history)
        return histories

    def _records(self, offsets: Iterable[int]) -> dict[int, bytes]:
        """The records at these offsets."""
        found: dict[int, bytes] = {}
        wanted = sorted(offsets)
        start = 0
        for index in range(1, len(wanted) + 1):
            if index == len(wanted) or wanted[index] - wanted[index - 1] > GAP_MAX:
                within = set(wanted[start:index])
                read = self._log.read("journal", self.partition, wanted[start], wanted[index - 1] + 1)
                found.update((offset, content) for offset, content in read if offset in within)
                start = index
        return dict.fromkeys(wanted, b"") | found

    def _looked_for(self, names: set[str]) -> dict[str, dict[int, bytes]]:
        """The records of executions of which nobody knows where they lie: those that are long. All of the journal is read."""
        found: dict[str, dict[int, bytes]] = defaultdict(dict)
        for offset, content in self._log.read("journal", self.partition) if names else ():
            record = read_record(content)
            if isinstance(record, Decided) and (name := read_header(record.body)[1]) in names:
                found[name][offset] = content
            elif isinstance(record, Retired):  # what comes behind it of such a name is another execution
                for retired, _ in record.executions:
                    found.pop(retired, None)
        return found

    def _history(self, name: str, records: Mapping[int, bytes]) -> History | None:
        """A whole history, its digests checked; None where it was removed before. Raises LogCorrupt where it is none."""
        if any(not content or isinstance(read_record(content), Removed) for content in records.values()):
            return None
        digest = b""
        version = 1
        for offset, content in sorted(records.items()):
            record = read_record(content)
            if not isinstance(record, Decided):
                raise LogCorrupt(f"offset {offset} of the journal holds no decision of execution {name}")
            entry = entry_of(offset, content)
            if not isinstance(entry, Entry):
                raise LogCorrupt(f"execution {name} cannot be archived: {entry.reason}")
            command = entry.decision.command
            if version == 1 and isinstance(command, CreateExecution):
                digest = command.definition.encode()
            if entry.decision.execution != name or entry.decision.first != version or chain(digest, record.body) != record.digest:
                raise LogCorrupt(f"execution {name} cannot be archived: the decision at offset {offset} does not follow")
            digest, version = record.digest, version + len(entry.decision.events)
        if version == 1:
            raise LogCorrupt(f"execution {name} cannot be archived: nothing of it is there")
        return History(name, sorted(records.items()))

    def write(self, statuses: Mapping[str, str], histories: Sequence[History], now: int, file: BinaryIO) -> None:
        """Write a bundle of them, each with how it has ended. Raises LogError."""
        writer = BundleWriter(file, Head(self.journal, self.partition, now))
        for history in histories:
            first, last = entry_of(*history.decisions[0]), entry_of(*history.decisions[-1])
            assert isinstance(first, Entry)
            assert isinstance(last, Entry)
            command = first.decision.command
            assert isinstance(command, CreateExecution)
            if command.test is None or not command.test.definition:  # else the history itself has it
                for definition in (command.definition, *_changed_to(history)):
                    published = self._catalog.published(definition)
                    writer.define(Definition(published.hash, published.name, published.version, published.content))
            self._pay(writer, history)
            times = first.decision.now, last.decision.now
            writer.tell(history, Line(history.execution, 0, command.workflow, statuses[history.execution], *times, len(history.decisions)))
        writer.close()

    def _pay(self, writer: BundleWriter, history: History) -> None:
        """The payloads that a history refers to; one that is lost is lost in the archive, too."""
        for _, content in history.decisions:
            for content_hash in sorted(blobs_in(content)):
                if not writer.has_payload(content_hash):
                    try:
                        writer.pay(Payload(content_hash, self._blobs.get(content_hash)))
                    except KeyError:
                        continue


def _changed_to(history: History) -> Iterator[str]:
    """The content hashes of the definitions that an execution went by later."""
    for offset, content in history.decisions:
        entry = entry_of(offset, content)
        if isinstance(entry, Entry) and type(entry.decision.command) in CHANGES:
            yield from (event.definition for event in entry.decision.events if isinstance(event, DefinitionChanged))


def read_back(file: BinaryIO, name: str) -> list[History]:
    """The histories of a bundle, all of it checked. Raises ArchiveDamaged, with the name that it has."""
    bundle = Bundle(file)
    bundle.check_digest()
    histories = [item for item in bundle.items() if isinstance(item, History)]
    if {one.execution for one in histories} != {line.execution for line in bundle.index.executions}:
        raise ArchiveDamaged(f"{name} does not hold what its index says")
    return histories
