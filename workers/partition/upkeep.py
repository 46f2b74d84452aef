"""Upkeep: what an owner does beside deciding, a bounded piece of it after each round, so that neither load nor rest lets it pile up.

packing    idle executions become bytes, once too many are kept as objects
snapshot   due after so many decisions; written down piece by piece, as everything was when it was begun
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from contracts.errors import LogFull, LogUnreachable
from contracts.ports.snapshots import Snapshots
from workers.partition.executions import Executions
from workers.partition.metrics import Metrics
from workers.partition.round import Made
from workers.partition.snapshot import Draft

LAST_ROUNDS_MAX: Final = 20
"""So many rounds an owner makes at its end, beside those that callers need: what executions send each other comes to its end."""
SNAPSHOT_EVERY_DEFAULT: Final = 100_000
"""After so many decisions a snapshot is begun."""
PACKED_A_ROUND: Final = 1_000
"""So many executions are packed after a round at most; it makes no more live ones than that."""


class Upkeep:
    """The upkeep of a partition. `begin` makes the draft of a snapshot of what is durable now."""

    def __init__(self, partition: int, snapshots: Snapshots, metrics: Metrics, every: int, begin: Callable[[], Draft]) -> None:
        self._partition, self._snapshots, self._metrics, self._every, self._begin = partition, snapshots, metrics, every, begin
        self._since = 0
        self.saved = 0
        """A snapshot holds what is decided before this offset, as far as it was kept by this owner."""
        self.out_to = 0
        """The offset below which the journal says that all effects are out: who folds it again sends none of them again."""
        self.draft: Draft | None = None
        """The snapshot in the making, None where there is none."""

    def forget(self, out_to: int) -> None:
        """What is folded has been dropped; a draft of it is worth nothing. `out_to` is what the journal says of it."""
        self.draft, self.out_to = None, out_to

    def note(self, made: Sequence[Made]) -> None:
        """These decisions are durable."""
        self._since += len(made)
        if made:
            self.out_to = made[-1].decision.dispatched_to

    def save_soon(self) -> None:
        """A snapshot is needed of what is durable now: it is begun with the next piece."""
        self._since = self._every

    def step(self, executions: Executions) -> bool:
        """A piece of what is to be done; True where there is more of it."""
        is_packing = executions.pack_idle(PACKED_A_ROUND)
        if self.draft is None:
            if self._since < self._every:
                return is_packing
            self._since, self.draft = 0, self._begin()
        elif self.draft.step():
            self._save(self.draft)
            self.draft = None
        return is_packing or self.draft is not None

    def save_now(self) -> None:
        """Keep a snapshot of what is durable now, all of it at once."""
        self._since, self.draft = 0, None
        draft = self._begin()
        while not draft.step():
            pass
        self._save(draft)

    def _save(self, draft: Draft) -> None:
        try:
            self._snapshots.save(self._partition, draft.content())
            self.saved = draft.offset
        except (LogFull, LogUnreachable):
            self._metrics.refused += 1
