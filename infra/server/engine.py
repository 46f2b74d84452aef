"""The embedded engine: the parts of a process that is alone on its log, moved by `step` alone.

Nothing here has a thread of its own: who wants the engine to move calls `step`, or `run_until`, which sleeps until
something is due or reported. Simulation and the server drive the same object.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from contracts import values
from contracts.caller import ENGINE, Caller
from contracts.catalog import SourceText
from contracts.commands import AnswerTask, Command, CreateExecution
from contracts.definitions import WorkflowDefinition
from contracts.errors import RefoldError
from infra.server.alone import Alone
from infra.server.parts import PARTS
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.process import Process
from infra.server.start_sealing import NoSealer, Sealing
from infra.server.starts import check_execution_id
from infra.server.step_beside import StepBeside
from infra.settings.model import ROLES_DEFAULT
from workers.partition.catalog import Published
from workers.partition.round import Answer, Reply
from workers.reading.journal_feed import Feed
from workers.reading.owner_feed import OwnerGround

WAIT_MAX_S: Final = 1.0


class Engine:
    """An embedded engine. Use it from one thread."""

    def __init__(self, alone: Alone, parts: Sequence[Part] = PARTS) -> None:
        self.owner, self.worker, self.catalog, self.clock = alone.owner, alone.worker, alone.catalog, alone.clock
        self.resources, self.breakers = alone.resources, alone.breakers
        self.sealing = Sealing(alone.catalog, NoSealer() if alone.credentials is None else alone.credentials.sealed_values)
        self._waker, self.new_execution_id, self.stop = alone.waker, alone.new_execution_id, alone.stop
        beside = StepBeside(alone.log, alone.clock)
        self.feed = Feed(OwnerGround(alone.owner, beside))
        context = Context(
            clock=alone.clock, roles=ROLES_DEFAULT, wake=alone.waker.wake, send=alone.owner.send, feed=self.feed, alone=alone
        )  # fmt: skip
        process = Process(context, parts, beside)
        self.step, self.next_due = process.step, process.next_due

    def run_until(self, done: Callable[[], bool], timeout_s: float | None = None, on_pause: Callable[[], None] | None = None) -> bool:
        """Move until `done`; False when the time ran out first. `on_pause` is called whenever there is nothing to do now."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            self._waker.clear()
            if self.step():
                continue
            if on_pause is not None:
                on_pause()
            remaining = WAIT_MAX_S if end is None else end - time.monotonic()
            if remaining <= 0:
                return False
            self._waker.wait(min(WAIT_MAX_S, remaining, self._until_due()))
        return True

    def _until_due(self) -> float:
        due = self.next_due()
        return WAIT_MAX_S if due is None else max(0.0, (due - self.clock.now()) / 1000)

    # What a caller may ask.

    def publish(
        self, definition: WorkflowDefinition, activate: bool = False, source: SourceText | None = None, caller: Caller = ENGINE
    ) -> Published:
        """Publish a valid definition; see `Catalog.publish`."""
        return self.catalog.publish(definition, activate, source, caller)

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
        content = values.written(given if given is not None else {})
        command = CreateExecution(workflow, found, definition, content, packed, span=caller.span, **more)
        self.send(name, self.sealing.sealed(name, command), reply, caller)
        return name

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to an execution. Of an answer to a task what its form marks as secret is sealed first."""
        if isinstance(command, AnswerTask) and (folded := self.owner.executions.get(execution)) is not None:
            command = self.sealing.sealed_of(folded.state, command)
        self.owner.send(execution, command, reply, caller)

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
