"""The partitions of this process, each with what is beside its owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from workers.cluster.intake import Intake
from workers.partition.owner import Owner
from workers.partition.task_outbox import TaskOutbox


class Moves(Protocol):
    """Who is told of what becomes of a partition's rounds; see `workers.cluster.owners.Owners`."""

    def stood_down(self, owned: Owned) -> None:
        """Its claim does not hold any more."""

    def acted(self, owned: Owned) -> None:
        """Its owner has acted on its round."""


class Owned:
    """A partition that is this process's, or is about to be."""

    def __init__(self, owner: Owner, task_outbox: TaskOutbox, intake: Intake, moves: Moves) -> None:
        self.owner, self.task_outbox, self.intake, self.moves = owner, task_outbox, intake, moves
        self.partition = owner.partition
        self.next = 0
        """The offset in `commands` to read on from."""
        self.is_held_back = self.is_storing = self.is_leaving = False
        self.epoch = -1
        self.claimed_at = self.takeover_ms = 0


class OwnedTable(dict[int, Owned]):
    """Those in charge, and those that have just stood down. `Owners` fills it; whoever needs to know looks into it."""

    def is_in_charge(self, partition: int) -> bool:
        """Whether the partition is owned here, as far as is known."""
        owned = self.get(partition)
        return owned is not None and owned.owner.is_in_charge and not owned.is_leaving

    def in_charge(self) -> list[int]:
        """The partitions that are owned here."""
        return [partition for partition in self if self.is_in_charge(partition)]

    def is_current(self, partition: int) -> bool:
        """Whether it is owned here and its memory is what the journal says."""
        return self.is_in_charge(partition) and self[partition].owner.is_current

    def positions(self) -> Mapping[int, int]:
        """How far the journals are of those that are owned here."""
        return {partition: self[partition].owner.position for partition in self.in_charge()}
