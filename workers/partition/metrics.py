"""Metrics: what an owner counts about itself."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from contracts.errors import AppendUnknown, Fenced, LogCorrupt, LogError, LogFull, LogUnreachable

Reason: TypeAlias = Literal["fenced", "unknown", "unreachable", "full", "corrupt", "other"]
"""Why an owner stands down; few words, for a label."""

BATCH_BOUNDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
SECONDS_BOUNDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
TAKEOVER_BOUNDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_REASONS: Final[tuple[tuple[type[LogError], Reason], ...]] = (
    (Fenced, "fenced"), (AppendUnknown, "unknown"), (LogUnreachable, "unreachable"), (LogFull, "full"), (LogCorrupt, "corrupt"),
)  # fmt: skip


def reason_of(error: LogError) -> Reason:
    """The word for an error of the log."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "other")


class Histogram:
    """How often something was at most so much: a count for each bound, one for what is above all, and the sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def add(self, other: Histogram) -> None:
        """Those of another, with the same bounds."""
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum


@dataclass(slots=True)
class Metrics:
    """Counters since the owner began, and the last values of what varies."""

    rounds: int = 0
    decisions: int = 0
    rejections: int = 0
    largest_round: int = 0
    claims: int = 0
    stand_downs: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    """The stand-downs by reason."""
    last_stand_down: str = ""
    foreign: int = 0
    refused: int = 0
    quarantined: int = 0
    timer_drift_ms: int = 0
    dead_letters: int = 0
    archived: int = 0
    removed: int = 0
    """Executions that have ended: those written into the archive, and those removed from the log."""
    archive_failures: int = 0
    blob_bytes: int = 0
    blob_bytes_deleted: int = 0
    """Bytes of payloads on Kafka: those that are there, as the last sweep has seen, and those that sweeps have deleted."""
    blob_sweep_failures: int = 0
    blobs_swept_at: int = 0
    """When the last sweep of them ended, in milliseconds since 1970; 0 before the first."""
    overdue_ms: int = 0
    """How much longer the oldest of those that have ended is there than it is to be kept."""
    awaiting_quota: int = 0
    """Executions that wait for the quota of their workflow."""
    claimed_at: int = 0
    """When the last takeover was done, in milliseconds since 1970; 0 before the first."""
    takeover_ms: int = 0
    takeovers: Histogram = field(default_factory=lambda: Histogram(TAKEOVER_BOUNDS))
    batches: Histogram = field(default_factory=lambda: Histogram(BATCH_BOUNDS))
    appends: Histogram = field(default_factory=lambda: Histogram(SECONDS_BOUNDS))
    bugs: list[str] = field(default_factory=list)

    def count_round(self, decisions: int, awaiting_quota: int = 0) -> None:
        """One more round, with so many decisions; so many wait for a quota after it."""
        self.awaiting_quota = awaiting_quota
        if decisions:
            self.rounds += 1
            self.decisions += decisions
            self.largest_round = max(self.largest_round, decisions)
            self.batches.observe(decisions)

    def count_stand_down(self, why: LogError) -> None:
        """The owner has stood down once more."""
        self.stand_downs += 1
        self.reasons[reason_of(why)] += 1
        self.last_stand_down = str(why)

    def count_claim(self, foreign: int, awaiting_quota: int = 0) -> None:
        """The partition was claimed once more, so many records in its journal count for nobody, and so many wait for a quota."""
        self.claims += 1
        self.foreign, self.awaiting_quota = foreign, awaiting_quota

    def count_takeover(self, began: int, ended: int) -> None:
        """The partition was taken over once more: when the claim was begun, and when that was done."""
        self.claimed_at, self.takeover_ms = ended, max(0, ended - began)  # the clock may have gone back
        self.takeovers.observe(self.takeover_ms / 1000)


_COUNTERS: Final = (
    "rounds", "decisions", "rejections", "claims", "stand_downs", "foreign", "refused", "quarantined", "dead_letters",
    "archived", "removed", "archive_failures", "awaiting_quota",
    "blob_bytes", "blob_bytes_deleted", "blob_sweep_failures",
)  # fmt: skip


def total(several: Iterable[Metrics]) -> Metrics:
    """The counters of several owners together; of what varies, the largest."""
    found = Metrics()
    for one in several:
        for name in _COUNTERS:
            setattr(found, name, getattr(found, name) + getattr(one, name))
        found.largest_round = max(found.largest_round, one.largest_round)
        found.timer_drift_ms = max(found.timer_drift_ms, one.timer_drift_ms)
        found.blobs_swept_at = max(found.blobs_swept_at, one.blobs_swept_at)
        found.overdue_ms = max(found.overdue_ms, one.overdue_ms)
        found.reasons += one.reasons
        found.takeovers.add(one.takeovers)
        found.batches.add(one.batches)
        found.appends.add(one.appends)
        if one.claimed_at >= found.claimed_at:
            found.claimed_at, found.takeover_ms = one.claimed_at, one.takeover_ms
    return found
