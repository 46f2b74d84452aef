"""A task that a worker has in hand, and what there is to report of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from refold.errors import Cancelled
from refold.json_values import dumps
from refold.worker.activities import Activity, ActivityContext
from refold.worker.steps import Step

STEPS_TOLD_MAX: Final = 100
STEPS_TOLD_BYTES_MAX: Final = 1024 * 1024
"""So many steps of a task, and so many bytes of them, are told at once."""


class TaskInHand:
    """A task that was taken, until the server has given a receipt for its end."""

    __slots__ = (
        "activity",
        "begun_at",
        "content",
        "context",
        "handle",
        "is_begun",
        "is_handed_back",
        "is_listed",
        "lines",
        "must_tell_start",
        "outcome",
        "progress",
        "steps",
        "task",
        "told_at",
    )

    def __init__(self, content: dict[str, Any], activity: Activity[..., Any] | None, context: ActivityContext) -> None:
        self.task: str = content["task"]
        self.content = content
        self.activity = activity
        self.context = context
        self.handle: asyncio.Task[None] | None = None
        self.is_begun = False
        self.begun_at = 0.0
        """When it began (`time.monotonic`)."""
        self.is_handed_back = False
        """Whether it left without having been run to its end: somebody else is to run it."""
        self.must_tell_start = False
        """Whether the server wants to hear that it has begun, and has not acknowledged it."""
        self.progress: dict[str, Any] | None = None
        self.lines: deque[dict[str, Any]] | None = None
        """What its log has said since, for those who look on; most say nothing."""
        self.told_at: float | None = None
        self.steps: deque[Step] | None = None
        """What it has done, and is not known to be recorded; most activities take no steps."""
        self.outcome: bytes | None = None
        self.is_listed = False
        """Whether it stands in the list of those that have news."""

    def take_news(self) -> list[bytes]:
        """What there is to report of it, in the order in which it happened."""
        news: list[bytes] = []
        if self.must_tell_start:
            news.append(b'{"task":%s,"started":true}' % dumps(self.task))
        progress, self.progress = self.progress, None
        if self.lines:
            progress = {"progress": None, **(progress or {}), "log": list(self.lines)}
            self.lines = None
        if progress is not None:
            news.append(dumps({"task": self.task, **progress}))
        if self.steps:
            news.extend(self._next_steps(self.steps))
        if self.outcome is not None:
            news.append(self.outcome)
        return news

    def _next_steps(self, steps: deque[Step]) -> Iterator[bytes]:
        """As many as go at a time; the others follow when these are recorded."""
        size = 0
        for step in islice(steps, STEPS_TOLD_MAX):
            step.is_sent = size == 0 or size + len(step.text) <= STEPS_TOLD_BYTES_MAX
            if not step.is_sent:
                return
            size += len(step.text)
            yield b'{"task":%s,"step":{"name":%s,"output":%s}}' % (dumps(self.task), dumps(step.name), step.text)

    def settle_steps(self, error: BaseException | None = None) -> None:
        """What was told of them is durable, or with an error never will be."""
        while self.steps and self.steps[0].is_sent:
            self.steps.popleft().settle(error)

    def drop_steps(self) -> None:
        """Nobody waits for them any more."""
        while self.steps:
            self.steps.popleft().settle(Cancelled())
