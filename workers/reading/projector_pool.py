"""The projectors of many partitions, on one log and with one catalog: each partition gets its batches in turn.

    look()  ─► a batch of each partition that has something new ─► … until none has      told(partition, offset, lagging) after each
    build() ─► a batch for read models that are being made beside the others, among them those that `rebuild` makes anew

Which partitions are kept up can change at any time. Of those that others keep, in a database that all share, it is only
told how far they are. `lagging` is how far those rows go that may be held back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from contracts.errors import LogCorrupt, LogError, LogUnreachable, Overtaken, RowsGone, UnknownRecord
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from projections.executions import READ_MODEL
from workers.partition.catalog import Catalog
from workers.reading.projection import LIVE_MAX, PACKED_MAX, Sizes
from workers.reading.projector import Projector


class ProjectorPool:
    """Keeps the rows of partitions up with their journals; at first of all of them. `models_of` opens those of one partition.

    `are_shared`: others read them who tell nobody that they wait, so that no rows are held back.
    """

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        models_of: Callable[[int], ReadModels],
        told: Callable[[int, int, int], None],
        are_shared: bool = False,
    ) -> None:
        self._log, self._catalog, self._models_of, self._told, self._are_shared = log, catalog, models_of, told, are_shared
        self._models: dict[int, ReadModels] = {}
        self._projectors: dict[int, Projector] = {}
        self._own: frozenset[int] | None = None

    def own(self, partitions: Iterable[int] | None) -> None:
        """From now on keep these partitions up, and no others; None is all there are."""
        self._own = None if partitions is None else frozenset(partitions)
        for partition in [one for one in self._projectors if not self._is_own(one)]:
            self._drop(partition)

    def _drop(self, partition: int) -> None:
        """Keep nothing of what was folded; its rows stay."""
        projector = self._projectors.pop(partition, None)
        if projector is not None:
            projector.close()

    def _is_own(self, partition: int) -> bool:
        return self._own is None or partition in self._own

    def look(self, partitions: Iterable[int], may_hold: bool = False) -> None:
        """Take in everything that is new in these partitions, and tell how far each is. `may_hold`: some rows may be held back under load.

        A partition that the log does not have yet is passed over. Raises LogError where log or rows cannot be used;
        whoever calls again goes on from what is stored.
        """
        wanted = [partition for partition in partitions if self._is_there(partition)]
        for partition in wanted:
            if not self._is_own(partition):
                self._tell(partition, self._models_at(partition).checkpoint(READ_MODEL.name).offset)
        step = partial(Projector.step, may_hold=may_hold and not self._are_shared)
        self._in_turn([partition for partition in wanted if self._is_own(partition)], step)

    def look_at_all(self) -> None:
        """The same for all partitions, also those that were added meanwhile."""
        self.look(range(self._log.look_again()))

    def _is_there(self, partition: int) -> bool:
        return partition < self._log.partitions or partition < self._log.look_again()

    @property
    def is_building(self) -> bool:
        """Whether read models are being made beside the others, in any partition."""
        return any(projector.is_building for projector in self._projectors.values())

    def build(self) -> None:
        """Take in a batch for the read models that are being made, of each partition where that is so. Raises as `look` does."""
        self._in_turn([partition for partition, projector in self._projectors.items() if projector.is_building], Projector.build)

    def rebuild(self, names: Sequence[str]) -> None:
        """Have the rows of these models made anew in all partitions; those that others keep they make. Raises as `look` does."""
        for partition in range(self._log.look_again()):
            projector = self._projectors.get(partition)
            if projector is None:
                self._models_at(partition).rebuild(names)
            else:
                projector.rebuild(names)

    def look_for_rebuilds(self) -> None:
        """Another process may have asked for rows to be made anew. Raises as `look` does."""
        for projector in self._projectors.values():
            projector.look_for_rebuilds()

    def _in_turn(self, partitions: list[int], step: Callable[[Projector], bool]) -> None:
        """A batch of each of these partitions, until nothing more is there. A journal that cannot be read holds no other up."""
        broken: list[LogError] = []
        try:
            while partitions:
                partitions = [partition for partition in partitions if self._step(partition, step, broken)]
        except LogUnreachable:
            for partition in list(self._projectors):
                self._drop(partition)  # a database that comes back may not be where it was
            raise
        if broken:
            raise broken[0]

    def _step(self, partition: int, step: Callable[[Projector], bool], broken: list[LogError]) -> bool:
        """Take in a batch; whether there may be more."""
        try:
            projector = self._projector(partition)
            is_more = step(projector)
        except Overtaken:
            self._drop(partition)
            return True
        except LogUnreachable:
            raise
        except (LogError, UnknownRecord) as error:
            self._drop(partition)  # it has folded what was not stored
            if isinstance(error, RowsGone):
                self._tell(partition, 0)
            broken.append(error if isinstance(error, LogError) else LogCorrupt(f"journal, partition {partition}: {error}"))
            return False
        self._tell(partition, projector.offset, projector.held_at)
        return is_more

    def _tell(self, partition: int, offset: int, held_at: int | None = None) -> None:
        self._told(partition, offset, offset if held_at is None else held_at)

    def _projector(self, partition: int) -> Projector:
        if partition not in self._projectors:
            share = len(self._own) if self._own else self._log.partitions
            sizes = Sizes(live_max=max(1, LIVE_MAX // share), packed_max=max(1, PACKED_MAX // share))
            self._projectors[partition] = Projector(self._log, self._catalog, self._models_at(partition), partition, sizes=sizes)
        return self._projectors[partition]

    def _models_at(self, partition: int) -> ReadModels:
        if partition not in self._models:
            self._models[partition] = self._models_of(partition)
        return self._models[partition]

    def check(self) -> None:
        """Look whether the rows are still there. Raises RowsGone."""
        for partition in self._projectors:
            try:
                self._models[partition].check()
            except RowsGone:
                self._tell(partition, 0)
                raise

    def rest(self) -> None:
        """Nothing more comes for a while. Raises as `look` does."""
        self.look([partition for partition, projector in self._projectors.items() if projector.held_at is not None])
        self.check()
        for partition in self._projectors:
            self._models[partition].rest()

    def close(self) -> None:
        """Let go of all rows."""
        for partition in list(self._projectors):
            self._drop(partition)
        for models in self._models.values():
            models.close()
