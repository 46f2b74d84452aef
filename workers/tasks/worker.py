"""A worker elsewhere, as the engine knows it."""

from __future__ import annotations

from heapq import nsmallest
from typing import Final

from contracts.worker_protocol import InHandRow, WorkerRow
from workers.tasks.queue import LeasedTask, TaskRoute

TASKS_SHOWN_MAX: Final = 20
"""So many of the tasks of a worker are shown."""


class RemoteWorker:
    """What it offers, what it has, and when it was last heard of (milliseconds since 1970)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds: tuple[str, ...] = ()
        self.queues: tuple[str, ...] = ()
        self.routes: tuple[TaskRoute, ...] = ()
        self.most = 0
        """How many tasks it has at most: what it had in hand when it polled, and its credits."""
        self.leased_tasks: dict[str, LeasedTask] = {}
        self.cancels: dict[str, None] = {}
        self.seen_at = 0
        self.since = 0
        """When it was met."""

    def row(self, now: int, lease_ms: int, tasks_max: int) -> WorkerRow:
        """What is shown of it, with so many of its tasks at most; `now` is milliseconds since 1970."""
        return WorkerRow(
            worker=self.name, kinds=sorted(self.kinds), queues=sorted(self.queues), running=len(self.leased_tasks),
            last_seen=self.seen_at, connected=now - self.seen_at < lease_ms, since=self.since, tasks=self.in_hand(tasks_max),
        )  # fmt: skip

    def in_hand(self, most: int) -> list[InHandRow]:
        """The tasks that it has had for longest."""
        longest = nsmallest(most, self.leased_tasks.values(), key=lambda leased: (leased.taken_at, leased.task))
        return [
            InHandRow(
                task=leased.task, execution=leased.activity.execution, path=leased.activity.path, attempt=leased.activity.attempt,
                kind=leased.activity.kind, since=leased.taken_at,
            )
            for leased in longest
        ]  # fmt: skip
