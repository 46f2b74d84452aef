"""The activity worker: takes activity commands in, runs them beside the engine and reports how they ended.

    run ──► waiting, by priority ──► a thread of its kind ──► report(execution, CompleteActivity | FailActivity)
       └──► instant kinds ─────────► step(), in the caller's thread ──┘

An attempt is *in hand* from `run` until it has ended or was cancelled; only what is in hand is reported, so a late
result of a cancelled attempt goes nowhere. What never waits runs in `step` and costs no change of threads; with
`executor="inline"` all does, and there are no threads.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from contracts.commands import CancelActivity, Command, FailActivity, ReportStarted, RunActivity
from contracts.failure import Failure
from contracts.ports.activities import ActivityKind, Report
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.credentials import CredentialsAtHand
from contracts.ports.lossy_channel import LossyChannel
from contracts.ports.result_cache import ResultCache
from refold.worker.pool import UrgentFirst, Waiting
from workers.running.activity_error import failure_of
from workers.running.activity_settings import ActivitySettings
from workers.running.alarms import ALARMS
from workers.running.attempt import Attempt
from workers.running.performance import Performance

STEP_MAX: Final = 256
"""So many instant activities run in one step; then the engine gets its turn."""
KILL_GRACE_S: Final = 1.0
"""How long `stop` waits for activities after it has cancelled them."""

_log = logging.getLogger("refold.activity")
_Key = tuple[str, str, int]


class ActivityWorker:
    """Runs activities on pools of threads, one for each kind. See `contracts.ports.activities.ActivityWorker`."""

    def __init__(
        self,
        kinds: Mapping[str, ActivityKind],
        settings: ActivitySettings,
        report: Report,
        clock: Clock,
        blobs: Blobs | None = None,
        cache: ResultCache | None = None,
        executor: Literal["threads", "inline"] = "threads",
        name: str = "",
        channel: LossyChannel | None = None,
        credentials: CredentialsAtHand | None = None,
    ) -> None:
        self._channel, self._credentials = channel, credentials
        self._kinds = kinds
        self._settings, self._redaction = settings, settings.redaction or None
        self._report = report
        self._clock = clock
        self._performance = Performance(kinds, settings, blobs, cache)
        self._is_inline = executor == "inline"
        self._name = name
        self._instant_kinds = frozenset(kind for kind, made in kinds.items() if self._is_inline or getattr(made, "is_instant", False))
        self._in_hand: dict[_Key, Attempt] = {}
        self._lock = threading.Lock()
        self._instant = Waiting[Attempt]()
        self._pools: dict[str, UrgentFirst[Attempt]] = {}
        """By kind."""
        self._is_stopped = False
        self._ends_at = math.inf

    def run(self, activity: RunActivity) -> None:
        """Take an activity in; one that is in hand already is left alone, and a stopped worker takes nothing."""
        key = (activity.execution, activity.path, activity.attempt)
        if key in self._in_hand or self._is_stopped:
            return
        attempt = Attempt(activity, self._report, self._clock, self._channel, self._credentials, self._redaction)
        self._in_hand[key] = attempt
        if activity.kind in self._instant_kinds or activity.kind not in self._kinds:
            self._instant.add(attempt, activity.priority)
        else:
            self._pool_of(activity.kind).add(attempt, activity.priority)

    def _pool_of(self, kind: str) -> UrgentFirst[Attempt]:
        pool = self._pools.get(kind)
        if pool is None:
            size = getattr(self._kinds[kind], "at_a_time", None) or self._settings.concurrency
            pool = self._pools[kind] = UrgentFirst(kind, size, self._attend)
        return pool

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """Have in hand what is waited for, and nothing else."""
        wanted = {(one.execution, one.path, one.attempt) for one in activities}
        for key in [key for key in list(self._in_hand) if key not in wanted]:
            self.cancel(CancelActivity(*key))
        for activity in activities:
            self.run(activity)

    def cancel(self, activity: CancelActivity) -> None:
        """Stop what is meant and forget it; nothing is reported of it any more."""
        with self._lock:
            found = [self._in_hand.pop(key) for key in self._keys(activity)]
        for attempt in found:
            attempt.cancel()

    def _keys(self, activity: CancelActivity) -> list[_Key]:
        """Attempt 0 means all attempts of the node, an empty path all nodes of the execution."""
        if activity.attempt:
            key = (activity.execution, activity.path, activity.attempt)
            return [key] if key in self._in_hand else []
        return [key for key in self._in_hand if key[0] == activity.execution and activity.path in ("", key[1])]

    def step(self) -> bool:
        """Run the instant activities that wait, up to `STEP_MAX`; True when there was any."""
        for done in range(STEP_MAX):
            attempt = self._instant.take()
            if attempt is None:
                return done > 0
            self._attend(attempt)
        return True

    def next_due(self) -> int | None:
        """Nothing here comes due by itself: who waits for time is woken by what reports."""
        return None

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        """When the attempt last gave a sign of life; one that waits for a thread is alive as long as the worker is."""
        found = self._in_hand.get((execution, path, attempt))
        if found is None:
            return None
        return self._clock.now() if found.seen_at is None else found.seen_at

    @property
    def in_hand(self) -> int:
        """How many attempts wait or run."""
        return len(self._in_hand)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Take nothing more, let go of what waits, give what runs this time to end and cancel the rest; True if all ended.

        What was let go is not reported: the history still says that it is owed. Asked again, it gives no time beyond that.
        """
        self._is_stopped = True
        self._ends_at = min(self._ends_at, time.monotonic() + timeout_s)
        waiting: list[Waiting[Attempt] | UrgentFirst[Attempt]] = [self._instant, *self._pools.values()]
        for queue in waiting:
            while (attempt := queue.take()) is not None:
                self._release(attempt)
        for pool in self._pools.values():
            pool.close()
        if not self._join(self._ends_at):
            with self._lock:
                left = list(self._in_hand.values())
                self._in_hand.clear()
            for attempt in left:
                attempt.cancel()
        has_ended = self._join(self._ends_at + KILL_GRACE_S)
        for kind in self._kinds.values():
            close = getattr(kind, "close", None)
            if close is not None:
                close()
        return has_ended

    def _join(self, deadline: float) -> bool:
        return all(pool.join(deadline) for pool in self._pools.values())

    def _attend(self, attempt: Attempt) -> None:
        """Run an attempt and report how it ended. A bug in here is logged and told as the failure `worker.lost`."""
        if attempt.is_cancelled:
            return
        try:
            self._begin(attempt)
            self._end(attempt, self._performance.of(attempt))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it is, the thread goes on
            _log.exception("the worker failed in %s/%s, attempt %d", attempt.execution, attempt.path, attempt.attempt)
            self._end_lost(attempt, error)

    def _begin(self, attempt: Attempt) -> None:
        limits = attempt.activity.limits
        attempt.seen_at = self._clock.now()
        if limits.report_start:
            self._report(attempt.execution, ReportStarted(attempt.path, attempt.attempt, self._name))
        if limits.start_to_close is not None and not self._is_inline:
            activity = CancelActivity(attempt.execution, attempt.path, attempt.attempt)
            attempt.limit = ALARMS.after(limits.start_to_close / 1000, lambda: self.cancel(activity))

    def _end(self, attempt: Attempt, command: Command | None) -> None:
        """Let the attempt go, and report its end if it was still in hand."""
        if attempt.limit is not None:
            attempt.limit.cancel()
        if self._release(attempt) and command is not None:
            self._report(attempt.execution, command)

    def _end_lost(self, attempt: Attempt, error: BaseException) -> None:
        self._release(attempt)
        if attempt.is_cancelled:
            return
        cause = failure_of(error)
        failure = Failure("worker.lost", f"the worker itself failed: {cause.type}: {cause.message}", cause=cause)
        try:
            self._report(attempt.execution, FailActivity(attempt.path, attempt.attempt, failure, calls=attempt.calls))
        except Exception:
            _log.exception("the failure of %s/%s could not be reported", attempt.execution, attempt.path)

    def _release(self, attempt: Attempt) -> bool:
        """Whether the attempt was in hand; it no longer is."""
        key = (attempt.execution, attempt.path, attempt.attempt)
        with self._lock:
            if self._in_hand.get(key) is not attempt:
                return False
            del self._in_hand[key]
            return True
