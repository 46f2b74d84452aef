"""Metrics: what an owner counts about itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Metrics:
    """Counters since the owner began, and the last values of what varies."""

    rounds: int = 0
    decisions: int = 0
    rejections: int = 0
    largest_round: int = 0
    claims: int = 0
    stand_downs: int = 0
    last_stand_down: str = ""
    foreign: int = 0
    refused: int = 0
    quarantined: int = 0
    timer_drift_ms: int = 0
    dead_letters: int = 0
    bugs: list[str] = field(default_factory=list)

    def count_round(self, decisions: int) -> None:
        """One more round, with so many decisions."""
        if decisions:
            self.rounds += 1
            self.decisions += decisions
            self.largest_round = max(self.largest_round, decisions)


def total(several: Iterable[Metrics]) -> Metrics:
    """The counters of several owners together; of what varies, the largest."""
    found = Metrics()
    for one in several:
        for name in ("rounds", "decisions", "rejections", "claims", "stand_downs", "foreign", "refused", "quarantined", "dead_letters"):
            setattr(found, name, getattr(found, name) + getattr(one, name))
        found.largest_round = max(found.largest_round, one.largest_round)
        found.timer_drift_ms = max(found.timer_drift_ms, one.timer_drift_ms)
    return found
