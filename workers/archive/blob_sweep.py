"""The sweep of payloads on Kafka: what nothing in the log refers to any more goes, and what is needed moves along.

    every hour   read on in the topic ─► mark ─► what is needed, of the whole log ─► plan ─► append anew ─► delete

A blob is stored before what refers to it stands anywhere. So one goes only if it is older than the grace, and two sweeps a thirty-sixth
of that apart have found nothing that refers to it; whoever stores one leans on an earlier record for a third of the grace at most.
Between the two sweeps this process has been at work all the while: a machine that slept has slept with what was on its way.

Two may sweep at once, and one may be frozen between plan and deletion: what a plan calls dead stays so for ever, and what is needed
stands behind the place before anything is deleted. Killed at any point, there is a copy more, which the next sweep drops.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from contracts.errors import RefoldError, reason_of
from contracts.ports.blob_topic import BlobId, BlobTopic, Marked
from contracts.ports.clock import Clock
from workers.archive.blob_plan import BlobIndex, Plan, plan

GAIN_BYTES_MIN: Final = 4 * 1024 * 1024
"""By so much at least the topic is to get shorter, beyond what has to be written again."""
_log = logging.getLogger("refold.retention")


class Needed(Protocol):
    """What the log refers to, at one moment."""

    def needs(self, blob: BlobId) -> bool:
        """Whether anything refers to it."""


class Grace(NamedTuple):
    """How old a blob is at least that goes, and what follows from that; milliseconds."""

    old_ms: int

    @classmethod
    def of_hours(cls, hours: float) -> Grace:
        """The same of hours."""
        return cls(round(hours * 3_600_000))

    @property
    def sweep_ms(self) -> int:
        """So far apart are two sweeps."""
        return self.old_ms // 36

    @property
    def silence_ms(self) -> int:
        """After so long without a look nothing is known of what this process has seen before."""
        return self.old_ms // 72

    @property
    def look_ms(self) -> int:
        """So often it looks."""
        return self.old_ms // 2_160


class Swept(NamedTuple):
    """What is there after a sweep: bytes and blobs in the topic; and what went and moved so far."""

    size: int = 0
    blobs: int = 0
    deleted_bytes: int = 0
    carried: int = 0
    at: int = 0
    """When the last sweep ended, 0 before the first."""
    failures: int = 0


class BlobSweep:
    """Of one log. One thread moves it."""

    def __init__(
        self, topic: BlobTopic, read_needs: Callable[[], Needed], clock: Clock, grace: Grace, gain_min: int = GAIN_BYTES_MIN
    ) -> None:
        """`read_needs` reads the log to its end, and raises LogError."""
        self._topic, self._read_needs, self._clock, self._grace, self._gain_min = topic, read_needs, clock, grace, gain_min
        self._index = BlobIndex()
        self._suspects: frozenset[BlobId] = frozenset()
        """What the last sweep has found unneeded."""
        self._seen_at = self._swept_at = self._awake_since = 0
        self.swept = Swept()
        self.error = ""
        """What failed last, empty where nothing has since."""

    def look(self) -> None:
        """Sweep where it is time to. To be called every `look_ms`."""
        now = self._clock.now()
        if not 0 <= now - self._seen_at <= self._grace.silence_ms:
            self._begin_anew(now)
        if now - self._swept_at >= self._grace.sweep_ms:
            self._try(now)
        self._seen_at = self._clock.now()
        if not 0 <= self._seen_at - now <= self._grace.sweep_ms:
            self._begin_anew(self._seen_at)

    def _begin_anew(self, now: int) -> None:
        """The machine may have slept: for as long as two sweeps are apart, things may come that were on their way before."""
        self._suspects, self._awake_since, self._swept_at = frozenset(), now, 0

    def _try(self, now: int) -> None:
        try:
            self._sweep(now)
            self.error = ""
        except (RefoldError, OSError, MemoryError) as error:
            told = reason_of(error) if isinstance(error, RefoldError) else str(error)
            if told != self.error:
                _log.error("payloads that nobody needs stay for now: %s", told)
            self.error = told
            self._begin_anew(self._clock.now())
            self.swept = self.swept._replace(failures=self.swept.failures + 1)

    def _sweep(self, now: int) -> None:
        """What is old is old when it begins: the machine may sleep in the middle."""
        self._read_on()
        if self._index.wants_mark:
            before = self._topic.end()
            self._topic.mark(Marked(before, self._clock.now()))  # what stands before that is older than now
        needed = self._read_needs()
        unneeded = frozenset(one.id for one in self._index.stored if not needed.needs(one.id))
        old_before = self._index.old_before(now - self._grace.old_ms)
        found = plan(self._index, unneeded & self._suspects, old_before, self._gain_min)
        if found is not None:
            self._carry_out(found)
        self._suspects = unneeded if now - self._awake_since >= self._grace.sweep_ms else frozenset()
        self._swept_at = self._clock.now()
        self.swept = self.swept._replace(size=self._index.size, blobs=len(self._index.stored), at=self._swept_at)

    def _read_on(self) -> None:
        start, end = self._topic.start(), self._topic.end()
        if not self._index.start <= start <= self._index.end <= end:
            self._index = BlobIndex(start)
        self._index.drop_before(start)
        self._index.take(self._topic.read(self._index.end, end))

    def _carry_out(self, found: Plan) -> None:
        for stored in found.carried:
            self._topic.carry(stored)
        self._topic.delete_before(found.before)
        self._index.drop_before(found.before)
        swept = self.swept
        self.swept = swept._replace(deleted_bytes=swept.deleted_bytes + found.gain, carried=swept.carried + len(found.carried))
