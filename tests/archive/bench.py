"""An engine that archives what has ended, moved by hand: a log in a file or in memory, real shelves, real rows, a manual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from contracts.journal import Checkpoint
from domain.execution.history import Entry, read_entries
from infra.files.shelf import FolderShelf
from infra.log.memory import MemoryLog
from infra.log.sqlite import SqliteLog
from infra.store.sqlite import SqliteReadModels
from infra.store.sqlite_trim import SqliteTrim
from projections.registry import READ_MODELS
from tests.workers.harness import Bench, sequence
from workers.archive.archivist import Archivist
from workers.archive.bundle import Bundle
from workers.archive.joiner import Joiner
from workers.archive.pieces import Pieces
from workers.archive.proof import Proof
from workers.archive.retention import PAUSE_MS, SWEEP_PAUSE_MS, Retention, Then
from workers.archive.sweep import Sweep
from workers.partition.owner import Owner
from workers.partition.standing import journal_of
from workers.reading.projector import Projector

HOUR_MS = 3_600_000


class ArchivingBench(Bench):
    """A bench with a retention of an hour; what is done beside the owner is done at once."""

    def __init__(self, folder: Path, log: Any = None, retention: str = "1h", executions_max: int = 1_000, **settings: Any) -> None:
        self.folder = folder
        self.pieces = Pieces(FolderShelf(folder / "pieces"))
        self.archive = FolderShelf(folder / "archive")
        self.executions_max = executions_max
        self.before_work: Callable[[], None] = lambda: None
        super().__init__(log or MemoryLog(), retention=retention, **settings)

    @property
    def owner(self) -> Owner:
        return self.engine.owner

    def restart(self, claims: bool = True) -> Any:
        """As after `kill -9`."""
        engine = super().restart()
        log: Any = self.log
        archivist = Archivist(log, engine.catalog, self.blobs, 0, journal_of(log, 0), self.pieces)
        self.retention = Retention(
            engine.owner, log, self.blobs, self.clock, archivist, self.pieces, SqliteTrim(self.folder / "rows.db", READ_MODELS),
            Joiner(self.pieces, self.archive, 0, journal_of(log, 0)), lambda: Sweep(log, 0, self.pieces, self.pieces.at("removed")),
            self._at_once, self.executions_max,
        )  # fmt: skip
        return engine

    def _at_once(self, work: Callable[[], object], then: Then) -> None:
        self.before_work()
        try:
            found = work()
        except Exception as error:
            found = error
        then(found)

    def run_some(self, count: int, name: str = "w", given: Any = None) -> list[str]:
        started = [self.start(name, given) for _ in range(count)]
        self.move(time=False)
        return started

    def later(self, ms: int = HOUR_MS + PAUSE_MS + SWEEP_PAUSE_MS) -> None:
        """Time passes, something is decided, and what is due is archived."""
        self.clock.set(self.clock.now() + ms)
        self.tick()
        self.settle()

    def tick(self) -> None:
        """Something is decided, twice: the last round stays, whatever it is about."""
        for _ in range(2):
            self.start("tick")
            self.move(time=False)

    def settle(self, steps: int = 10_000) -> None:
        """Move engine and retention until nothing is left to do."""
        for _ in range(steps):
            moved = self.engine.step()
            moved |= self.retention.step()
            if not moved:
                due = self.retention.next_due()
                if due is None or due > self.clock.now() + 1_000:
                    return
                self.clock.set(max(due, self.clock.now()))
        raise AssertionError("still moving")

    # What is there.

    def project(self) -> SqliteReadModels:
        """The rows, up with the journal."""
        models = SqliteReadModels(self.folder / "rows.db", READ_MODELS)
        projector = Projector(self.log, self.engine.catalog, models)
        while projector.step():
            pass
        return models

    def in_journal(self) -> set[str]:
        entries = read_entries(self.log.read("journal", 0), Checkpoint())
        return {entry.decision.execution for entry in entries if isinstance(entry, Entry)}

    def in_archive(self) -> list[str]:
        """The executions in all bundles and pieces, each as often as it is there; all of them are proved."""
        found: list[str] = []
        for shelf in (self.pieces.shelf, self.archive):
            for name in shelf.names():
                with shelf.open(name) as file:
                    bundle = Bundle(file)
                    proof = Proof(bundle).run()
                    assert not proof.problems
                    assert not proof.divergences
                    found += [line.execution for line in bundle.index.executions]
        return found


WORKFLOWS: Mapping[str, dict[str, Any]] = {
    "w": sequence("end", name="w"),
    "tick": sequence("end", name="tick"),
    "waits": {"name": "waits", "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}]},
}


@contextmanager
def bench_in(folder: Path, kind: str = "sqlite", **more: Any) -> Iterator[ArchivingBench]:
    """A bench whose log is in a file, or in memory."""
    with closing(SqliteLog(folder / "log.db") if kind == "sqlite" else MemoryLog()) as log:
        bench = ArchivingBench(folder, log, **more)
        bench.publish(*WORKFLOWS.values())
        yield bench
