"""A client: asks once, and again with the same id until it has an answer. It is told each time what it must be told."""

from __future__ import annotations

from typing import Any, Final, Protocol

from contracts import commands as c
from contracts.commands import Command, Envelope
from contracts.errors import LogError
from contracts.person import Person
from contracts.values import encode
from domain.execution.memo import TaskMemo
from simulation.audit import Audit
from simulation.behaviour import BIG, Behaviour
from simulation.checks import check_answer
from simulation.definitions import PEOPLE
from simulation.disk import Disk
from simulation.migrations import change, revert
from simulation.network import Network
from simulation.node import Node
from simulation.odd import LET_IN, odd_value
from simulation.plan import BREAKER_OF_WORK, Operation, Plan
from simulation.violation import Violation
from workers.partition.catalog import Catalog
from workers.partition.round import Answer

PATIENCE_TICKS: Final = 15
"""How long it waits for an answer before it asks again."""


class Surroundings(Protocol):
    """What a client needs of the world around it."""

    plan: Plan
    behaviour: Behaviour
    network: Network
    audit: Audit
    disk: Disk
    catalog: Catalog

    @property
    def tick(self) -> int:
        """Which turn it is."""

    def some_node(self) -> Node | None:
        """An engine that can be reached."""


class Client:
    """One request."""

    def __init__(self, name: str, operation: Operation, world: Surroundings) -> None:
        self.operation = operation
        self._name, self._world = name, world
        self._envelope: Envelope | None = None
        self._asked_at = -PATIENCE_TICKS
        self.answer: Answer | None = None
        self.is_done = False
        self._problem: Violation | None = None

    def act(self) -> None:
        """Ask, or ask again. Raises Violation where it was told what is not so."""
        if self._problem is not None:
            raise self._problem
        if self.is_done or self._world.tick - self._asked_at < PATIENCE_TICKS:
            return
        if self._envelope is None:
            command = self._command()
            if command is None:
                self.is_done = True
                return
            self._envelope = Envelope(self._name, self.operation.execution, command)
        node = self._world.some_node()
        if node is not None:
            self._asked_at = self._world.tick
            self._send(node, self._envelope)

    def _send(self, node: Node, envelope: Envelope) -> None:
        def reply(answer: Answer) -> None:
            try:
                check_answer(self._world.audit, self._world.disk.log.end("journal", 0), envelope, answer)
            except Violation as problem:  # what a caller raises is caught by the round
                self._problem = problem
            self._world.network.send(lambda: self._hear(answer))

        def arrive() -> None:
            if node.is_alive:
                node.submit(envelope, reply)

        self._world.network.send(arrive)

    def _hear(self, answer: Answer) -> None:
        if not isinstance(answer.error, LogError):
            self.answer, self.is_done = answer, True

    def _command(self) -> Command | None:
        """What it asks for; None where there is nothing to ask."""
        operation = self.operation
        match operation.kind:
            case "start":
                return self._start()
            case "signal":
                return c.SendSignal(self._name, operation.name, self._value({"n": operation.number}))
            case "pause":
                return c.PauseExecution()
            case "resume":
                return c.ResumeExecution()
            case "cancel":
                return c.CancelExecution("enough")
            case "terminate":
                return c.TerminateExecution("now")
            case "release":
                return c.ReleaseExecution()
            case "begin":
                return c.StartExecution()
            case "resolve":
                return self._resolve()
            case "answer":
                return self._answer()
            case "migrate":
                return change(self._world.audit.executions.get(operation.execution), self._world.catalog)
            case "go back":
                return revert(self._world.audit.executions.get(operation.execution))
            case "open" | "close":
                return c.SteerBreaker(BREAKER_OF_WORK, operation.kind, "by hand")

    def _start(self) -> Command:
        number = self.operation.number
        version, definition = self._world.catalog.resolve(self.operation.name)
        given = {"n": 3, "big": BIG} if number == 3 else {"n": number % 3}
        return c.CreateExecution(self.operation.name, version, definition, self._value(given), autostart=number != 4)

    def _value(self, plain: Any) -> bytes:
        """The plain value, or an odd one in its place."""
        world = self._world
        is_odd = world.plan.traits.is_odd and not world.behaviour.is_calm
        odd = odd_value(world.plan.seed, self._name, LET_IN) if is_odd else None
        return encode(plain) if odd is None else odd

    def _resolve(self) -> Command | None:
        state = self._world.audit.state(self.operation.execution)
        if state is None or not state.incidents:
            return None
        action = self.operation.name
        assert action in ("retry", "skip", "fail")
        return c.ResolveIncident(next(iter(state.incidents)), action)  # type: ignore[arg-type]  # one of these three

    def _answer(self) -> Command | None:
        """A person does something with the first task that is open; most often they answer, also by a port that no answer has."""
        folded, number = self._world.audit.executions.get(self.operation.execution), self.operation.number
        run = None if folded is None else next((run for run in folded.state.runs.values() if isinstance(run.memo, TaskMemo)), None)
        if folded is None or run is None:
            return None
        ports, by = folded.graph.nodes[run.node].ports, Person(self.operation.name, ("crew",))
        match number:
            case 4:
                return c.ClaimTask(run.path, run.attempt, by)
            case 5:
                return c.ReleaseTask(run.path, run.attempt, by)
            case 6:
                return c.DelegateTask(run.path, run.attempt, PEOPLE[-1], by)
            case 7:
                return c.CommentTask(run.path, run.attempt, self._name, by, "hm")
        return c.AnswerTask(run.path, run.attempt, ports[number % len(ports)], by, self._value({"n": number}))
