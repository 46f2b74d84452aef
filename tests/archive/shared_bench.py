"""An engine on a log that others may own after it, with the retention of such a log, moved by hand on a manual clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from contracts.ports.read_models import ReadModels
from infra.files.shelf import FolderShelf
from infra.store.sqlite import SqliteReadModels
from projections.executions import executions_where
from projections.registry import READ_MODELS
from tests.archive.bench import HOUR_MS
from tests.archive.cuttable import CuttableMemory
from tests.workers.harness import Bench
from workers.archive.bundle import Bundle
from workers.archive.cutting import JournalCutting
from workers.archive.histories import Histories
from workers.archive.proof import Proof
from workers.archive.retention import PAUSE_MS, SWEEP_PAUSE_MS, Then
from workers.archive.shared_pieces import SharedPieces
from workers.archive.shared_retention import SharedRetention
from workers.partition.owner import Owner
from workers.reading.projector_pool import ProjectorPool


class SharedArchivingBench(Bench):
    """With a retention of an hour; what is done beside the owner is done at once, unless `holds_back`."""

    def __init__(self, folder: Path, log: Any = None, retention: str = "1h", executions_max: int = 1_000, **settings: Any) -> None:
        self.folder, self.executions_max = folder, executions_max
        self.pieces: Any = FolderShelf(folder / "archive" / "pieces")
        self.archive: Any = FolderShelf(folder / "archive")
        self.held: list[Callable[[], None]] | None = None
        """What is done beside the owner, while it is held back."""
        self.before_work: Callable[[], None] = lambda: None
        log = log or CuttableMemory()
        self.kept = log.kept()
        self.rows_to: int | None = None
        super().__init__(log, retention=retention, **settings)

    @property
    def owner(self) -> Owner:
        return self.engine.owner

    def restart(self, claims: bool = True) -> Any:
        """As after `kill -9`, or as another process takes over."""
        engine = super().restart(claims)
        if claims:
            self.begin_retention()
        return engine

    def begin_retention(self) -> None:
        log: Any = self.log
        journal = self.owner.checkpoint.journal
        self.retention = SharedRetention(
            self.owner, self.clock, Histories(log, self.engine.catalog, self.blobs, 0, journal),
            SharedPieces(self.pieces, self.archive, 0, journal), self._at_once, lambda: None,
            JournalCutting(log, self.kept, 0, journal, gain_min=1), self, self.executions_max,
        )  # fmt: skip

    def reached(self) -> int | None:
        """See Bounds."""
        return self.rows_to

    def _at_once(self, work: Callable[[], object], then: Then) -> None:
        def do() -> None:
            self.before_work()
            found: object
            try:
                found = work()
            except Exception as error:
                found = error
            then(found)

        if self.held is None:
            do()
        else:
            self.held.append(do)

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
        self.start("tick")
        self.move(time=False)

    def settle(self, steps: int = 10_000) -> None:
        """Move engine and retention until nothing is left to do."""
        for _ in range(steps):
            moved = self.engine.step()
            due = self.retention.next_due()
            if self.owner.is_current and due is not None and due <= self.clock.now():
                moved |= self.retention.step()
            if not moved and not self.owner.is_in_charge:
                self.clock.set(self.clock.now() + 200)
                moved = True
            if not moved:
                if due is None or due > self.clock.now() + 1_000:
                    return
                self.clock.set(max(due, self.clock.now()))
        raise AssertionError("still moving")

    # What is there.

    def project(self, name: str = "rows") -> list[str]:
        """The executions that the read models show, once they are up with the journal."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return self.project_into(lambda _: SqliteReadModels(folder / "rows.db", READ_MODELS))

    def project_into(self, models_of: Callable[[int], ReadModels]) -> list[str]:
        """The same of rows that lie there."""
        with closing(ProjectorPool(self.log, self.engine.catalog, models_of, lambda *_: None)) as pool:
            pool.look([0])
            while pool.is_building:
                pool.build()
        with closing(models_of(0)) as models:
            return sorted(row.execution for row in models.select(executions_where(limit=1_000)))

    def known(self) -> set[str]:
        executions = self.owner.executions
        return {*executions.names(), *executions.ended, *executions.unreadable}

    def in_archive(self) -> list[str]:
        """The executions in bundles, and in pieces that count, each as often as it is there; all of them are proved."""
        found: list[str] = []
        counting = set(self.owner.executions.filed.pieces)
        for shelf, names in ((self.pieces, counting), (self.archive, None)):
            for name in shelf.names():
                if name == "pieces" or (names is not None and name not in names):
                    continue
                with shelf.open(name) as file:
                    bundle = Bundle(file)
                    proof = Proof(bundle).run()
                    assert not proof.problems
                    assert not proof.divergences
                    found += [line.execution for line in bundle.index.executions]
        return found
