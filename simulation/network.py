"""The network between clients, workers and engines: messages get lost, come twice, late and out of order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulation.chance import Chance
from simulation.plan import Traits

BAD_PERCENT: Final = 40
"""How much a bad stretch adds to each of the network's vices."""


class Network:
    """Messages under way. What one does when it arrives is a function; whether its addressee still lives, it asks itself."""

    def __init__(self, chance: Chance, traits: Traits) -> None:
        self._chance, self._traits = chance, traits
        self._under_way: list[Callable[[], None]] = []
        self.is_calm = False
        self.bad_until = 0

    def send(self, arrive: Callable[[], None]) -> None:
        """Send a message."""
        self._under_way.append(arrive)

    def __len__(self) -> int:
        return len(self._under_way)

    def deliver(self, tick: int) -> bool:
        """Let one message arrive, or get lost; False where none is under way."""
        if not self._under_way:
            return False
        worse = 0 if self.is_calm or tick >= self.bad_until else BAD_PERCENT
        place = 0
        if self._happens(self._traits.reorder_percent + worse):
            place = self._chance.number(0, len(self._under_way) - 1)
        message = self._under_way.pop(place)
        if self._happens(self._traits.loss_percent + worse // 2):
            return True
        if self._happens(self._traits.double_percent + worse):
            self._under_way.append(message)
        message()
        return True

    def _happens(self, percent: int) -> bool:
        return not self.is_calm and self._chance.percent(percent)
