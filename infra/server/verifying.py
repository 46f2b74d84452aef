"""Verifying a log on as many cores as are wanted: each process reads the journals itself, and decides its share of the executions again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final, NamedTuple

from contracts.errors import Divergence
from contracts.journal import Checkpoint
from domain.execution.history import read_entries
from domain.replay.sealed import TOLD_MAX, Erasure
from domain.replay.share import Share, digest_of
from domain.replay.verify import Verifier
from infra.server.reader_wiring import Reader, open_reader, open_shared_reader
from infra.settings.model import EngineSettings

FEW: Final = 20_000
"""So many records are verified in one process, as others would take longer to begin."""


class Task(NamedTuple):
    """What is to be verified: up to which offset of each journal, one execution or all, and of these those that began since then."""

    ends: Mapping[int, int]
    only: str | None = None
    since: int = 0
    """Milliseconds since 1970; 0: all."""


class Told(NamedTuple):
    """Where deciding again differs from what was recorded."""

    execution: str
    version: int
    node: str
    expected: str
    found: str

    def __str__(self) -> str:
        return str(Divergence(*self))


class Proof(NamedTuple):
    """What verifying one journal, or a share of one, has come to."""

    decisions: int
    events: int
    executions: int
    differences: Sequence[Told]
    decided_earlier: Sequence[Told]
    opened: int
    erased: int
    closed: int
    erasures: Sequence[Erasure]
    seen: Mapping[str, tuple[int, bytes]]
    forks: Sequence[str] = ()
    """Those that are forks."""

    @property
    def digest(self) -> str:
        """That of the chains of all executions that were taken."""
        return digest_of(self.seen.items())


def ends_of(reader: Reader) -> dict[int, int]:
    """How far each journal goes."""
    return {partition: reader.log.end("journal", partition) for partition in range(reader.log.partitions)}


def verify(reader: Reader, settings: EngineSettings, task: Task, jobs: int | None) -> dict[int, Proof]:
    """Decide again, and say what came of it, journal by journal. Without `jobs` there are as many as there are cores, where that pays."""
    own = jobs or (1 if task.only is not None or sum(task.ends.values()) <= FEW else os.cpu_count() or 1)
    if own == 1:
        return _verify(reader, task, 0, 1)
    with ProcessPoolExecutor(own, get_context("spawn")) as pool:
        found = list(pool.map(_share, *zip(*[(settings, task, number, own) for number in range(own)], strict=True)))
    return {partition: _together([one[partition] for one in found]) for partition in task.ends}


def _share(settings: EngineSettings, task: Task, number: int, of: int) -> dict[int, Proof]:
    with (open_reader if settings.log is None else open_shared_reader)(settings) as reader:
        return _verify(reader, task, number, of)


def _verify(reader: Reader, task: Task, number: int, of: int) -> dict[int, Proof]:
    return {partition: _verify_one(reader, task, partition, end, Share(number, of, task.since)) for partition, end in task.ends.items()}


def _verify_one(reader: Reader, task: Task, partition: int, end: int, share: Share) -> Proof:
    verifier = Verifier(reader.catalog.graph, reader.blobs.get, task.only)
    records = reader.log.read("journal", partition, 0, end)
    verifier.run(read_entries(records, Checkpoint(), filed=verifier.file, takes=share.takes))
    sealed = verifier.sealed
    return Proof(
        verifier.decisions, verifier.events, verifier.executions, _told(verifier.divergences), _told(verifier.decided_earlier),
        sealed.opened, sealed.erased, sealed.closed, tuple(sealed.erasures), share.seen, tuple(verifier.forks),
    )  # fmt: skip


def _told(divergences: Sequence[Divergence]) -> tuple[Told, ...]:
    return tuple(Told(one.execution, one.version, one.node, one.expected, one.found) for one in divergences)


def _together(proofs: Sequence[Proof]) -> Proof:
    """What several shares have come to."""
    return Proof(
        sum(one.decisions for one in proofs), sum(one.events for one in proofs), sum(one.executions for one in proofs),
        tuple(told for one in proofs for told in one.differences), tuple(told for one in proofs for told in one.decided_earlier),
        sum(one.opened for one in proofs), sum(one.erased for one in proofs), sum(one.closed for one in proofs),
        tuple(sorted((told for one in proofs for told in one.erasures), key=lambda told: told.at))[:TOLD_MAX],
        {name: seen for one in proofs for name, seen in one.seen.items()}, tuple(name for one in proofs for name in one.forks),
    )  # fmt: skip


def added_up(proofs: Mapping[int, Proof]) -> Proof:
    """All journals together."""
    return _together(list(proofs.values()))
