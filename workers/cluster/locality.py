"""Which tasks concern this process: those of partitions that are owned here, and whether one of them is still to be run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from contracts.commands import RunActivity
from workers.cluster.owners import Owners

LOOK_AGAIN_S: Final = 0.1
DOUBT_S: Final = 15.0
"""So long a task waits for somebody to own its partition: for longer than a takeover takes."""


class Here:
    """Lives in the event loop. `is_held_elsewhere` says whether another process owns a partition, and is there."""

    def __init__(self, owners: Owners, home: Callable[[str], int]) -> None:
        self._owners, self._home = owners, home
        self.is_held_elsewhere: Callable[[int], bool]

    def local(self) -> Collection[int]:
        """The partitions that are owned here."""
        return self._owners.in_charge()

    def look_up(self, activity: RunActivity, then: Callable[[bool], None], waited_s: float = 0.0) -> None:
        """Say whether an activity is still to be run: of an execution that lives elsewhere nobody here knows better.

        While nobody owns its partition it is waited for whoever will.
        """
        partition = self._home(activity.execution)
        if waited_s < DOUBT_S and not self._owners.is_in_charge(partition) and not self.is_held_elsewhere(partition):
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self.look_up, activity, then, waited_s + LOOK_AGAIN_S)
            return

        def look() -> None:
            is_known = self._owners.is_settled(partition)
            then(not is_known or self._owners.owned[partition].owner.executions.waits_for(activity))

        self._owners.rounds.between(look)
