"""How far triggers are: folded from what they said when they fired (`contracts.resources.TriggersAdvanced`)."""

from __future__ import annotations

from collections import deque
from typing import Final

from contracts.resources import TriggersAdvanced
from contracts.triggers import Fired
from workers.partition.trigger_metrics import TriggerMetrics

SKIPPED_MAX: Final = 20
"""So many of what a trigger did not start are kept, the last ones."""


class TriggerStates:
    """By the name of what is counted. Whoever says less than was said before changes nothing, so many may say it."""

    def __init__(self) -> None:
        self.metrics = TriggerMetrics()
        self.positions: dict[str, int] = {}
        self.last: dict[str, Fired] = {}
        """What each trigger started last."""
        self._skipped: dict[str, deque[Fired]] = {}

    def take(self, record: TriggersAdvanced) -> None:
        """Fold what triggers said."""
        for name, position in record.positions.items():
            if position > self.positions.get(name, -1):
                self.positions[name] = position
        for fired in record.fired:
            if fired.reason:
                self._skipped.setdefault(fired.trigger, deque(maxlen=SKIPPED_MAX)).append(fired)
            elif fired.at >= self.last.get(fired.trigger, fired).at:
                self.last[fired.trigger] = fired

    def skipped(self, trigger: str) -> list[Fired]:
        """What a trigger did not start lately, and why; the last one first."""
        return list(reversed(self._skipped.get(trigger, ())))
