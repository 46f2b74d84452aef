"""Waypoints: checkpoints that were come by when somebody's was looked for, so that whoever stands near by needs no long look."""

from __future__ import annotations

from typing import Final

from contracts.journal import Checkpoint

NEAR_RECORDS: Final = 1_000
"""From one that is no farther below it is read on."""
EVERY_RECORDS: Final = 200
LAST_RECORDS: Final = 3_200
"""So often one is kept, in so many records before an offset that was looked for."""
WAYPOINTS_MAX: Final = 64
"""So many are kept of a partition; the oldest make room."""


class Waypoints:
    """Those of all partitions, by offset."""

    def __init__(self) -> None:
        self._of: dict[int, dict[int, Checkpoint]] = {}

    def near(self, partition: int, offset: int) -> Checkpoint | None:
        """A checkpoint a little below an offset, or there; it is the caller's own."""
        waypoints = self._of.get(partition, {})
        below = max((at for at in waypoints if 0 <= offset - at <= NEAR_RECORDS), default=None)
        return None if below is None else copy_of(waypoints[below])

    def note(self, partition: int, checkpoint: Checkpoint) -> None:
        """This is one."""
        waypoints = self._of.setdefault(partition, {})
        waypoints[checkpoint.offset] = copy_of(checkpoint)
        if len(waypoints) > WAYPOINTS_MAX:
            del waypoints[next(iter(waypoints))]

    def forget(self, partition: int) -> None:
        """The journal is not what it was: none is believed any more."""
        self._of.pop(partition, None)


def copy_of(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint that does not move along with this one."""
    return Checkpoint(checkpoint.journal, checkpoint.offset, checkpoint.nonce, dict(checkpoint.sources))
