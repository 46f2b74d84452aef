"""A worker elsewhere, as the engine knows it."""

from __future__ import annotations

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
