"""No keys: what a process has that was told of no place for them, on a log where others may have some."""

from __future__ import annotations

from contracts.errors import KeysMissing
from contracts.key import first_key
from contracts.ports.keys import NoKeys


class KeysElsewhere(NoKeys):
    """`Keys` of a partition. Nothing can be sealed; and where something is, the partition must not be owned here.

    Else what comes for its sealed executions, such as the report of an activity, would be refused, and lost to them.
    """

    def __init__(self, partition: int) -> None:
        super().__init__("this process was told of no place for keys; name one with the setting `keys`")
        self._partition = partition

    def begin_at(self, number: int, journal: str = "") -> None:
        """See Keys."""
        if number > first_key(self._partition):
            raise KeysMissing(
                f"partition {self._partition} has sealed executions, and this process was told of no place for keys: name the one that "
                "the others have with the setting `keys`"
            )
