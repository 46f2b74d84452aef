"""The projector of a simulation: slow, stopped, killed, or two of them at once; and the clean rebuild it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contracts.errors import LogError
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from simulation.audit import Audit
from simulation.checks import check_rows
from simulation.disk import Disk
from workers.partition.catalog import Catalog
from workers.reading.projection import Sizes
from workers.reading.projector import Projector


class Readers:
    """The read models, and who writes them."""

    def __init__(self, disk: Disk, catalog_of: Callable[[], Catalog], folder: Path, batch_max: int) -> None:
        self._disk, self._catalog_of, self._folder, self._batch_max = disk, catalog_of, folder, batch_max
        self._models = SqliteReadModels(folder / "rows.db", READ_MODELS)
        self._models.reset()
        self.stopped_until = 0
        self._projector = self._new()

    def _new(self) -> Projector:
        return Projector(self._disk.log, self._catalog_of(), self._models, sizes=Sizes(batch_max=self._batch_max))

    def step(self) -> bool:
        """Take in a batch. A projector that finds another one at its rows dies, and is started again."""
        try:
            return self._projector.step()
        except LogError:
            self.kill()
            return True

    def kill(self) -> None:
        """The process dies and is started again: what it had folded is gone."""
        self._projector = self._new()

    def rival(self) -> None:
        """Another projector takes in a batch."""
        self._new().step()

    def check(self, audit: Audit) -> None:
        """To the end, and then: are the rows those of a clean rebuild?"""
        while self.step():
            pass
        clean = SqliteReadModels(self._folder / "clean.db", READ_MODELS)
        try:
            clean.reset()
            projector = Projector(self._disk.log, self._catalog_of(), clean)
            while projector.step():
                pass
            check_rows(self._models, clean, audit)
        finally:
            clean.close()

    def close(self) -> None:
        """Let go of the rows."""
        self._models.close()
