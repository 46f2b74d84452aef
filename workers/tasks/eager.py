"""Tasks that a worker at this process begins before their records are in their topic.

    put ─► would its record come to this process anyway, and is there room? ─── no ──► its topic
                │ yes
                └─► given to a worker here ──┬── has ended within HOLD_S: no record is needed
                                             └── has not: its topic; who reads it here knows that it runs already

Until a task has ended or its record is durable it does not count as out (`workers/partition/task_outbox.py`): who takes the partition over
sends it again. So nothing is lost with this process that would not have been lost with the worker.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import LogError
from contracts.worker_topics import ACTIVITIES

HOLD_S: Final = 0.5
"""So long a record is held back. It is also what a successor sends again at most."""
Then: TypeAlias = Callable[[LogError | None], None]
Put: TypeAlias = Callable[[str, int, bytes, Then], None]
Begin: TypeAlias = Callable[[str, int, bytes], "str | None"]
"""Gives a task to a worker here; its id, or None where it has to go through its topic."""


class _Held(NamedTuple):
    due: float
    topic: str
    partition: int
    content: bytes
    then: Then


class EagerTasks:
    """Lives in the event loop. `send` brings a record into its topic."""

    def __init__(self, begin: Begin, send: Put) -> None:
        self._begin, self._send = begin, send
        self._loop = asyncio.get_running_loop()
        self._held: dict[str, _Held] = {}
        """By task, the oldest first."""
        self._timer: asyncio.TimerHandle | None = None

    def put(self, topic: str, partition: int, content: bytes, then: Then) -> None:
        """Bring a record where it belongs: `then` hears when nobody has to send it again."""
        task = self._begin(topic, partition, content) if topic.startswith(ACTIVITIES) else None
        if task is None:
            self._send(topic, partition, content, then)
            return
        self._held[task] = _Held(self._loop.time() + HOLD_S, topic, partition, content, then)
        if self._timer is None:
            self._timer = self._loop.call_later(HOLD_S, self._look)

    def ended(self, task: str) -> None:
        """Its end is durable, or nobody waits for it any more."""
        held = self._held.pop(task, None)
        if held is not None:
            held.then(None)

    def let_out(self, task: str) -> None:
        """It is to run elsewhere."""
        held = self._held.pop(task, None)
        if held is not None:
            self._send(held.topic, held.partition, held.content, held.then)

    def let_out_of(self, partition: int) -> None:
        """A partition goes elsewhere: what runs here is not to be sent again by its next owner."""
        for task in [task for task, held in self._held.items() if held.partition == partition]:
            self.let_out(task)

    def _look(self) -> None:
        now = self._loop.time()
        for task, _ in list(itertools.takewhile(lambda one: one[1].due <= now, self._held.items())):
            self.let_out(task)
        first = next(iter(self._held.values()), None)
        self._timer = None if first is None else self._loop.call_at(first.due, self._look)
