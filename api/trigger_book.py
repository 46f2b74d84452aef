"""What the API needs to know of triggers, as a protocol; a part of `api.service.Service`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from contracts.triggers import TriggerStatus


class TriggerBook(Protocol):
    """The triggers that are in force."""

    def triggers(self) -> Collection[str]:
        """Their names."""

    def trigger(self, name: str) -> TriggerStatus:
        """One of them, and how it stands. Raises Rejected where there is none."""

    def next_times(self, name: str, most: int) -> Sequence[int]:
        """When a schedule is due next (milliseconds since 1970), its jitter included; none of another kind, or of one that is over."""
