"""What triggers count: how many fired, how late schedules were, what was missed and refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class TriggerMetrics:
    """Counters of one process. Drift is how much later than it was to a schedule fired, in milliseconds."""

    fired: int = 0
    missed: int = 0
    refused: int = 0
    drift_ms: int = 0
    """The last one."""
    drift_ms_max: int = 0
    too_deep: int = 0
    """So often a chain of triggers was cut that started each other."""
    waiting: int = 0
    """So many schedules wait."""

    def on_time(self, drift_ms: int) -> None:
        """A schedule has started something, so much later than it was to."""
        self.fired += 1
        self.drift_ms = max(0, drift_ms)
        self.drift_ms_max = max(self.drift_ms_max, drift_ms)
