"""A worker elsewhere, as the engine knows it."""

from __future__ import annotations

from heapq import nsmallest

from contracts.worker_protocol import InHandRow
from workers.tasks.queue import LeasedTask, TaskRoute


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
