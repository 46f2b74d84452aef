"""The proof of a bundle, from the bundle alone: digests, payloads by their hash, and every decision decided again."""

from __future__ import annotations

import hashlib
from functools import cache

from contracts.codec import decode_decision, read_header, read_record
from contracts.errors import ArchiveDamaged, Divergence, UnknownRecord
from contracts.journal import Decided
from domain.definition.canonical import load_canonical
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.execution.history import Entry, Unreadable
from domain.replay.verify import Verifier
from workers.archive.bundle import Bundle
from workers.archive.layout import Definition, History, Line, Payload


class Proof:
    """What was found of a bundle: what was decided again, and what is not as it should be."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.verifier = Verifier(cache(self._graph), self._payload)
        self.definitions = self.payloads = 0
        self.problems: list[str] = []

    def run(self) -> Proof:
        """Prove all of it. Raises ArchiveDamaged where it cannot be read."""
        self._bundle.check_digest()
        lines = {line.execution: line for line in self._bundle.index.executions}
        for item in self._bundle.items():
            match item:
                case Definition():
                    self.definitions += 1
                    self._graph(item.hash)
                case Payload():
                    self.payloads += 1
                    if hashlib.sha256(item.content).hexdigest() != item.hash:
                        self.problems.append(f"the payload {item.hash} has other bytes than its hash says")
                case History():
                    self._prove(item, lines.pop(item.execution, None))
        self.problems += [f"execution {name} stands in the index and nowhere else" for name in lines]
        return self

    @property
    def divergences(self) -> list[Divergence]:
        """Decisions that would not be made again."""
        return self.verifier.divergences

    def _graph(self, hash_: str) -> Graph:
        """The compiled definition of a hash. Raises KeyError where it is not in the bundle."""
        found = self._bundle.definition(hash_)
        if hashlib.sha256(found.content).hexdigest() != hash_:
            raise ArchiveDamaged(f"the definition {hash_} has another content than its hash says")
        return compile_definition(load_canonical(found.content), hash_, found.version, self._graph)

    def _payload(self, hash_: str) -> bytes:
        content = self._bundle.payload(hash_)
        if hashlib.sha256(content).hexdigest() != hash_:
            raise KeyError(hash_)
        return content

    def _prove(self, history: History, line: Line | None) -> None:
        """Decide a history again, and see that it is a whole one, of the execution that it is said to be of."""
        name = history.execution
        given_up = len(self.verifier.divergences) + len(self.verifier.decided_earlier)
        entries = [entry_of(offset, record) for offset, record in history.decisions]
        if any((one.execution if isinstance(one, Unreadable) else one.decision.execution) != name for one in entries):
            self.problems.append(f"the history of execution {name} holds decisions of another")
            return
        self.verifier.run(entries)
        is_followed = len(self.verifier.divergences) + len(self.verifier.decided_earlier) == given_up
        if is_followed and not self.verifier.has_ended(name):
            self.problems.append(f"the history of execution {name} does not go to its end")
        if line is None or line.decisions != len(entries):
            self.problems.append(f"what the index says of execution {name} is not what stands there")


def entry_of(offset: int, content: bytes) -> Entry | Unreadable:
    """A decision, from its record. Raises ArchiveDamaged where it is none."""
    record = read_record(content)
    if not isinstance(record, Decided):
        raise ArchiveDamaged(f"the record of offset {offset} is no decision")
    try:
        return Entry(offset, decode_decision(record.body), record.body, record.digest)
    except UnknownRecord as error:
        _, execution, first = read_header(record.body)
        return Unreadable(offset, execution, first, str(error))
