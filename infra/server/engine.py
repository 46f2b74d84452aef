"""The embedded engine: one owner and one activity worker in one process, moved by `step` alone.

Nothing here has a thread of its own: who wants the engine to move calls `step`, or `run_until`, which sleeps until
something is due or reported. Simulation and the server drive the same object.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from contracts import values
from contracts.caller import ENGINE, Caller
from contracts.commands import Command, CreateExecution, Envelope
from contracts.definitions import WorkflowDefinition
from contracts.errors import RefoldError
from contracts.ids import make_execution_id
from contracts.ports.clock import Clock
from infra.server.starts import check_execution_id
from workers.partition.catalog import Catalog, Published
from workers.partition.owner import Owner
from workers.partition.round import Answer, Reply
from workers.tasks.leases import LocalWorker

WAIT_MAX_S: Final = 1.0


class Engine:
    """An embedded engine. Use it from one thread."""

    def __init__(
        self, owner: Owner, worker: LocalWorker, catalog: Catalog, clock: Clock, wake: threading.Event, chance: Callable[[], int]
    ) -> None:
        self.owner = owner
        self.worker = worker
        self.catalog = catalog
        self.clock = clock
        self._wake = wake
        self._chance = chance
        self._sent = 0
        self.check_ground: Callable[[], None] = lambda: None
        """Raises LogGone where the log's files were taken away."""

    def step(self) -> bool:
        """Do what can be done now; True when anything was done."""
        worked = self.worker.step()
        return self.owner.step() or worked

    def run_until(self, done: Callable[[], bool], timeout_s: float | None = None, on_pause: Callable[[], None] | None = None) -> bool:
        """Move until `done`; False when the time ran out first. `on_pause` is called whenever there is nothing to do now."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            self._wake.clear()
            if self.step():
                continue
            if on_pause is not None:
                on_pause()
            remaining = WAIT_MAX_S if end is None else end - time.monotonic()
            if remaining <= 0:
                return False
            self._wake.wait(min(WAIT_MAX_S, remaining, self._until_due()))
        return True

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""
        due, looks_at = self.owner.next_due(), self.worker.next_due()
        return due if looks_at is None else looks_at if due is None else min(due, looks_at)

    def _until_due(self) -> float:
        due = self.next_due()
        return WAIT_MAX_S if due is None else max(0.0, (due - self.clock.now()) / 1000)

    # What a caller may ask.

    def publish(self, definition: WorkflowDefinition, activate: bool = False) -> Published:
        """Publish a valid definition; see `Catalog.publish`."""
        return self.catalog.publish(definition, activate)

    def new_execution_id(self) -> str:
        """An id that sorts by time."""
        return make_execution_id(self.clock.now(), self.owner.partition, self._chance(), began_with=1)

    def start(
        self,
        workflow: str,
        given: Any = None,
        *,
        version: int = 0,
        execution: str | None = None,
        variables: dict[str, Any] | None = None,
        reply: Reply | None = None,
        caller: Caller = ENGINE,
        **more: Any,
    ) -> str:
        """Ask for a new execution; answers its id. Whether it could be created, `reply` hears after the commit."""
        if execution is not None:
            check_execution_id(execution)
        found, definition = self.catalog.resolve(workflow, version)
        name = execution or self.new_execution_id()
        packed = None if variables is None else values.written(variables)
        command = CreateExecution(workflow, found, definition, values.written(given if given is not None else {}), packed, **more)
        self.send(name, command, reply, caller)
        return name

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to an execution."""
        self._sent += 1
        self.owner.submit(Envelope(f"{execution}:{self._sent}", execution, command, "", *caller), reply)

    def ask(self, execution: str, command: Command, caller: Caller = ENGINE) -> Answer:
        """Give a command and wait for the answer. Raises what it was refused with."""
        answers: list[Answer] = []
        self.send(execution, command, answers.append, caller)
        return self.wait_for(answers)

    def wait_for(self, answers: list[Answer]) -> Answer:
        """Move until the first answer is there. Raises what the command was refused with."""
        self.run_until(lambda: bool(answers))
        error = answers[0].error
        if error is not None:
            raise error if isinstance(error, RefoldError) else RefoldError(str(error))
        return answers[0]

    def stop(self, timeout_s: float = 5.0) -> None:
        """Let running activities end, keep a snapshot. What has not ended is taken up at the next start."""
        self.worker.stop(timeout_s)
        self.owner.finish()
        self.owner.snapshot()
