"""Which tasks concern this process: those of partitions that are owned here, and whether one of them is still to be run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from contracts.commands import RunActivity
from workers.cluster.owned import OwnedTable
from workers.cluster.rounds import Rounds

LOOK_AGAIN_S: Final = 0.1
DOUBT_S: Final = 15.0
"""So long a task waits for somebody to own its partition: for longer than a takeover takes."""


class Locality:
    """Lives in the event loop. `is_held_elsewhere` says whether another process owns a partition, and is there."""

    def __init__(self, owned: OwnedTable, rounds: Rounds, home: Callable[[str], int], is_held_elsewhere: Callable[[int], bool]) -> None:
        self._owned, self._rounds, self._home, self._is_held_elsewhere = owned, rounds, home, is_held_elsewhere

    def local(self) -> Collection[int]:
        """The partitions that are owned here."""
        return self._owned.in_charge()

    def look_up(self, activity: RunActivity, then: Callable[[bool], None], waited_s: float = 0.0) -> None:
        """Say whether an activity is still to be run: of an execution that lives elsewhere nobody here knows better.

        While nobody owns its partition it is waited for whoever will.
        """
        partition = self._home(activity.execution)
        if waited_s < DOUBT_S and not self._owned.is_in_charge(partition) and not self._is_held_elsewhere(partition):
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self.look_up, activity, then, waited_s + LOOK_AGAIN_S)
            return

        def look() -> None:
            is_known = self._owned.is_current(partition)
            then(not is_known or self._owned[partition].owner.executions.waits_for(activity))

        self._rounds.between(look)
