"""Proving the forks of a log: what they go on from is derived again from their sources, wherever these live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts.journal import Checkpoint
from domain.execution.history import Entry, read_entries
from domain.replay.fork_proofs import ForkProofs
from infra.server.reader_wiring import Reader
from infra.server.verifying import Task, Told


class ForksProved(NamedTuple):
    """How many forks have the past that their source had, those whose source is not there any more (name, source), and what differs."""

    proved: int = 0
    unproved: Sequence[tuple[str, str]] = ()
    differences: Sequence[Told] = ()


def prove_forks(reader: Reader, task: Task, names: Sequence[str]) -> ForksProved:
    """Prove these forks; the journals are read twice more for it."""
    proofs = ForkProofs(reader.catalog.graph, reader.blobs.get)
    wanted = frozenset(names)
    for entry in _entries(reader, task):
        if entry.decision.execution in wanted and entry.decision.first == 1:
            proofs.note(entry)
    sources: dict[str, list[Entry]] = {name: [] for name in proofs.sources}
    for entry in _entries(reader, task):
        if entry.decision.execution in sources:
            sources[entry.decision.execution].append(entry)
    found = proofs.prove(sources.__getitem__)
    told = tuple(Told(one.execution, one.version, one.node, one.expected, one.found) for one in found)
    return ForksProved(proofs.proved, tuple(proofs.unproved.items()), told)


def _entries(reader: Reader, task: Task) -> Iterator[Entry]:
    for partition, end in task.ends.items():
        for entry in read_entries(reader.log.read("journal", partition, 0, end), Checkpoint()):
            if isinstance(entry, Entry):
                yield entry
