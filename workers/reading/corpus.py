"""Corpus: the recorded histories of a workflow, the last ones that began, out of journals that are read once.

Of each decision only its execution is read; those of executions that are not wanted, or are pushed out by later ones, are not decoded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from contracts.codec import execution_in, read_header, read_record
from contracts.commands import CreateExecution
from contracts.errors import LogCorrupt
from contracts.journal import Checkpoint, Decided, Decision, Retired, Sealed, judge
from contracts.ports.log import Log
from domain.execution.history import Entry, entry_of

Stored = tuple[int, Decided | Sealed]
"""A decision that counts, as it lies in the journal."""


class Corpus:
    """Histories of executions of a workflow that began at `since` (milliseconds since 1970) or later, of these the last `most`.

    Test runs are not among them, nor those whose beginning is not there any more.
    """

    def __init__(self, workflow: str, most: int, since: int = 0) -> None:
        self._workflow, self._most, self._since = workflow, most, since
        self._found: OrderedDict[str, list[Stored]] = OrderedDict()

    def read(self, log: Log, partitions: int = 1) -> None:
        """Take what the journals hold."""
        for partition in range(partitions):
            self.take(log.read("journal", partition))

    def take(self, records: Iterable[tuple[int, bytes]]) -> None:
        """Take the records of one journal, in their order."""
        checkpoint = Checkpoint()
        for offset, content in records:
            record = read_record(content)
            verdict = judge(checkpoint, offset, record)
            if verdict == "counts":
                assert isinstance(record, Decided | Sealed)
                self._take(offset, record)
            elif verdict == "filing" and isinstance(record, Retired):
                for name, _ in record.executions:
                    self._found.pop(name, None)

    def histories(self) -> Iterator[tuple[str, Sequence[Stored]]]:
        """Each execution with its decisions, in the order in which they began."""
        yield from self._found.items()

    def _take(self, offset: int, record: Decided | Sealed) -> None:
        name = execution_in(record)
        stored = self._found.get(name)
        if stored is not None:
            stored.append((offset, record))
        elif self._is_wanted(offset, record):
            self._found[name] = [(offset, record)]
            if len(self._found) > self._most:
                self._found.popitem(last=False)

    def _is_wanted(self, offset: int, record: Decided | Sealed) -> bool:
        if isinstance(record, Decided) and read_header(record.body)[2] != 1:
            return False
        entry = entry_of(offset, record)
        if not isinstance(entry, Entry):
            return False
        command, now = entry.decision.command, entry.decision.now
        if not isinstance(command, CreateExecution) or command.test is not None or not entry.decision.events:
            return False
        return command.workflow == self._workflow and now >= self._since


def decisions_of(stored: Iterable[Stored]) -> list[Decision]:
    """The decisions of a history. Raises LogCorrupt where one cannot be read."""
    found = []
    for offset, record in stored:
        entry = entry_of(offset, record)
        if not isinstance(entry, Entry):
            raise LogCorrupt(f"version {entry.first}: {entry.reason}")
        found.append(entry.decision)
    return found
