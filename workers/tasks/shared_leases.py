"""Workers elsewhere, where several engine processes share the tasks: a worker may come to this one with a task of another.

What the id of such a task says is enough to take in what is reported of it. Tasks come by topics; what waits here and
nobody offers any more is given back to them.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from contracts.commands import RunActivity
from contracts.ids import activity_key
from contracts.ports.activities import Report
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.lossy_channel import LossyChannel
from contracts.worker_protocol import Assignment, BadMessage, Poll
from contracts.worker_topics import attempt_of
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.tasks.leases import LEASE_MS_DEFAULT, TaskLeases
from workers.tasks.queue import LeasedTask, TaskRoute


class SharedTaskLeases(TaskLeases):
    """`TaskLeases` of one process among several. The owner has looked into the result cache before a task was sent.

    `on_routes` is called when what workers offer may have changed, or there may be room for more; `on_done` with a task whose end is
    durable, or that nobody waits for.
    """

    def __init__(
        self,
        local: ActivityWorker,
        local_kinds: Container[str],
        settings: ActivitySettings,
        report: Report,
        clock: Clock,
        blobs: Blobs,
        on_routes: Callable[[], None],
        on_done: Callable[[str], None],
        lease_ms: int = LEASE_MS_DEFAULT,
        channel: LossyChannel | None = None,
    ) -> None:
        super().__init__(local, local_kinds, settings, report, clock, blobs, lease_ms, None, channel)
        self._own, self._on_routes, self._on_done = local, on_routes, on_done

    @property
    def has_own_room(self) -> bool:
        """Whether one more can run in this process."""
        return self._own.in_hand < self._settings.concurrency

    def run(self, activity: RunActivity) -> None:
        """See TaskLeases. A task whose end was taken in here is not run again: its owner may not have read of it yet."""
        task = activity_key(activity.execution, activity.path, activity.attempt)
        if task in self._is_settled:
            self._on_done(task)
        else:
            super().run(activity)

    def poll(self, poll: Poll) -> Assignment:
        """See TaskLeases."""
        assignment = super().poll(poll)
        self._on_routes()
        return assignment

    def _is_done_with(self, task: str) -> None:
        self._on_done(task)

    def _adopt(self, task: str) -> LeasedTask | None:
        if task in self._is_settled:
            return None
        try:
            execution, path, attempt = attempt_of(task)
        except BadMessage:
            return None
        self._number += 1
        leased = LeasedTask(RunActivity(execution, path, attempt, "", b"{}", b"null"), self._number)
        self._leased[task] = leased
        self._by_execution.setdefault(execution, {})[task] = leased
        return leased

    def is_adopted(self, task: str) -> bool:
        """Whether another process gave the task to its worker."""
        leased = self._leased.get(task)
        return leased is not None and not leased.activity.kind

    def routes(self) -> frozenset[TaskRoute]:
        """The queues and kinds that workers offer which were heard of within a lease."""
        now = self._clock.now()
        return frozenset(route for one in self._workers.values() if now - one.seen_at < self.lease_ms for route in one.routes)

    def has_room(self, kind: str) -> bool:
        """Whether workers have room for more of a kind than waits for them."""
        free = sum(max(0, one.most - len(one.leased_tasks)) for one in self._workers.values() if kind in one.kinds)
        return free > len(self._waiting)

    @property
    def waiting_count(self) -> int:
        """How many tasks wait here for a worker."""
        return len(self._waiting)

    def hand_back(self) -> list[str]:
        """Let go of what waits for kinds that nobody offers any more; those tasks."""
        offered = self.routes()
        left = [leased for leased in self._leased.values() if not leased.worker and leased.route not in offered]
        for leased in left:
            self._drop(leased)
        return [leased.task for leased in left]
