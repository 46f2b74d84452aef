"""The task endpoint: where workers in processes of their own ask for tasks and hand in results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from contracts.worker_protocol import Assignment, Poll, Receipt, Results, Workers


class TaskEndpoint(Protocol):
    """Answers through callbacks, at once or later, in the engine's own thread, where it has to be called too."""

    def poll(self, poll: Poll, answer: Callable[[Assignment], None]) -> None:
        """Answer as soon as there is something for this worker. A later poll of the same worker ends an earlier one."""

    def let_go(self, worker: str, answer: Callable[[Assignment], None], is_gone: bool = False) -> None:
        """End a poll that still waits: its time is up (it is answered with nothing), or nobody is there to be answered."""

    def results(self, results: Results, answer: Callable[[Receipt | None], None]) -> None:
        """Take results in; answered once they are durable, with None where nothing could be stored. Raises Overloaded."""

    def wait_s(self, poll: Poll) -> float:
        """How long this poll may wait, in seconds."""

    def workers(self) -> Workers:
        """Who is there, and what waits for a worker that is not there."""
