"""A partition of this process, with what is beside its owner."""

from __future__ import annotations

from workers.cluster.intake import Intake
from workers.partition.owner import Owner
from workers.partition.task_outbox import TaskOutbox


class Owned:
    """A partition that is this process's, or is about to be."""

    def __init__(self, owner: Owner, dispatch: TaskOutbox, intake: Intake) -> None:
        self.owner, self.dispatch, self.intake = owner, dispatch, intake
        self.partition = owner.partition
        self.next = 0
        """The offset in `commands` to read on from."""
        self.is_held_back = self.is_storing = self.is_leaving = self.is_ahead = False
        self.epoch = -1
        self.claimed_at = self.takeover_ms = 0
