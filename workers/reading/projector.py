"""The projector of a partition: one projection of all read models, and beside it those of models that are being built. No thread, no clock.

    executions, incidents       ───────────────────────► 9,000      step: all that is new
    tasks, new or raised        ──────► 3,000                       build: a batch, until it is at the same offset, and goes with them
    incidents, made anew        ─────────► 4,000                    the same, until it takes the place of those above

Each read model has a checkpoint of its own, so a projector that is killed in the middle of that goes on with it. Lists are
answered from the rows that were there before for so long.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import NamedTuple

from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from projections.executions import READ_MODEL
from projections.read_model import ModelGroup, ReadModel
from projections.registry import READ_MODELS
from workers.partition.catalog import Catalog
from workers.partition.standing import misfit
from workers.reading.projection import Projection, Sizes

_log = logging.getLogger("refold.reading")


class _Rebuild(NamedTuple):
    """Rows that are made anew, and where they lie beside those that are there."""

    projection: Projection
    models: ReadModels


class Projector:
    """Keeps the rows of one partition up with its journal. `models` holds the rows of these read models, by default of all."""

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        models: ReadModels,
        partition: int = 0,
        *,
        read_models: Sequence[ReadModel] | None = None,
        sizes: Sizes = Sizes(),
    ) -> None:
        self._log, self._catalog, self._models, self._partition = log, catalog, models, partition
        self._read_models, self._sizes = read_models or READ_MODELS, sizes
        self._rebuilds: list[_Rebuild] = []
        self._check_journal()
        self._begin()

    def _check_journal(self) -> None:
        """Rows of another journal, of another course of this one, or of more than there is, are forgotten."""
        found = [self._models.standing(model.name).checkpoint for model in self._read_models]
        found += [self._models.checkpoint(model.name) for model in self._read_models]
        for checkpoint in {one.offset: one for one in found}.values():
            if why := misfit(self._log, self._partition, checkpoint):
                _log.warning("the read models of partition %d are made again: %s", self._partition, why)
                self._models.reset()
                return

    def _begin(self) -> None:
        """A projection for those that stand at the same offset. The first goes with the journal, unless older rows go further."""
        standings = {model: self._models.standing(model.name) for model in self._read_models}
        ordered = sorted(self._read_models, key=lambda model: -standings[model].checkpoint.offset)
        groups = [list(models) for _, models in groupby(ordered, key=lambda model: standings[model].checkpoint.offset)]
        self._builds = [self._projection(group) for group in groups]
        self._first = None if self._builds[0].is_over_others else self._builds.pop(0)

        self._begin_rebuilds()

    def _projection(self, models: Sequence[ReadModel]) -> Projection:
        standings = [self._models.standing(model.name) for model in models]
        unready = [model for model, standing in zip(models, standings, strict=True) if not standing.is_whole]
        whole_from = max((self._models.checkpoint(model.name).offset for model in unready), default=None)
        group, checkpoint = ModelGroup(models), standings[0].checkpoint
        return Projection(self._log, self._catalog, self._models, self._partition, group, checkpoint, self._sizes, whole_from)

    def _begin_rebuilds(self) -> None:
        """A projection for those rows that are made anew beside others, and stand at the same offset."""
        self.release()
        self.close()
        found = self._models.rebuilding()
        ordered = sorted((model for model in self._read_models if model.name in found), key=lambda model: -found[model.name].offset)
        for _, group in groupby(ordered, key=lambda model: found[model.name].offset):
            self._rebuilds.append(self._rebuild(list(group), self._models.beside()))

    def _rebuild(self, group: Sequence[ReadModel], models: ReadModels) -> _Rebuild:
        checkpoint = models.standing(group[0].name).checkpoint
        return _Rebuild(Projection(self._log, self._catalog, models, self._partition, ModelGroup(group), checkpoint, self._sizes), models)

    def rebuild(self, names: Iterable[str]) -> None:
        """Make the rows of these models anew, beside those that are there. See `ReadModels.rebuild`."""
        self._models.rebuild(tuple(names))
        self._begin_rebuilds()

    def look_for_rebuilds(self) -> None:
        """Another process may have asked for rows to be made anew."""
        if not self._rebuilds and self._models.rebuilding():
            self._begin_rebuilds()

    def step(self, may_hold: bool = False) -> bool:
        """Take in the next batch; True when there may be more behind it. `may_hold`: see `Projection`. Raises RowsGone."""
        self._models.check()
        return self._first is not None and self._first.step(may_hold=may_hold and not self.is_building)

    @property
    def held_at(self) -> int | None:
        """Where rows stand that are held back; None where none are."""
        return None if self._first is None else self._first.held_at

    def release(self) -> None:
        """Store what is held back."""
        if self._first is not None:
            self._first.release()

    @property
    def is_building(self) -> bool:
        """Whether rows of some read model are being made beside the others."""
        return bool(self._builds or self._rebuilds)

    def build(self) -> bool:
        """Take in the next batch of those that are being built, and no more; what is whole goes on with the others."""
        end = None if self._first is None else self._first.checkpoint.offset
        for projection in self._builds:
            projection.step(end)
        swapped = [self._step_rebuild(rebuild) for rebuild in self._rebuilds]
        if any(swapped) or any(one.is_whole and end in (None, one.checkpoint.offset) for one in self._builds):
            self._begin()
        return False

    def _step_rebuild(self, rebuild: _Rebuild) -> bool:
        """Take in the next batch, as far as those go that are there; whether the rows have taken the place of those."""
        projection, names = rebuild.projection, rebuild.projection.group.names
        end = min(self._models.standing(name).checkpoint.offset for name in names)
        projection.step(end)
        differing = self._models.swap(names) if projection.checkpoint.offset == end else None
        for name, count in (differing or {}).items():
            said = f"{count:,} rows differed" if count else "no row differed"
            (_log.warning if count else _log.info)("%s of partition %d were made anew: %s", name, self._partition, said)
        return differing is not None

    @property
    def offset(self) -> int:
        """Up to where the rows of executions go that are read."""
        if self._first is not None and READ_MODEL.name in self._first.group.names:
            return self._first.checkpoint.offset
        return self._models.checkpoint(READ_MODEL.name).offset

    def rest(self) -> None:
        """Nothing more comes for a while."""
        self.release()
        self._models.rest()

    def close(self) -> None:
        """Let go of what lies beside the rows that it was given."""
        with ExitStack() as stack:
            for rebuild in self._rebuilds:
                stack.callback(rebuild.models.close)
        self._rebuilds = []
