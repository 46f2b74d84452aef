"""Chance from one seed. Each part of a simulation has a stream of its own, so that leaving one thing out moves the others little."""

from __future__ import annotations

import random
from typing import Any


class Chance(random.Random):
    """A stream of random numbers that a seed and a name give, the same in every process."""

    def __init__(self, seed: int, name: str) -> None:
        super().__init__(f"{seed}/{name}")

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.random() * (high - low + 1))

    def one_of(self, *options: Any) -> Any:
        """One of these."""
        return options[int(self.random() * len(options))]

    def percent(self, percent: int) -> bool:
        """True so often in a hundred."""
        return self.random() * 100 < percent
