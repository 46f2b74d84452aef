"""A worker in a process of its own, as the protocol has it: it polls, runs, reports, and reports again until it has a receipt."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import UNSET, Raw

from contracts.values import encode
from contracts.worker_protocol import PROTOCOL, Assignment, Poll, Receipt, Result, Results, Step, Task
from simulation.behaviour import Behaviour, Doing
from simulation.chance import Chance
from simulation.network import Network
from simulation.node import Node

PATIENCE_TICKS: Final = 12
"""How long it waits for an answer before it asks again."""
CREDITS: Final = 3


class Surroundings(Protocol):
    """What a worker needs of the world around it."""

    network: Network
    behaviour: Behaviour

    @property
    def tick(self) -> int:
        """Which turn it is."""

    @property
    def time(self) -> int:
        """The true time in milliseconds."""

    def some_node(self) -> Node | None:
        """An engine that can be reached."""


class _InHand:
    """A task of the worker's, until it has a receipt for its end."""

    def __init__(self, task: Task, doing: Doing, ends_at: int) -> None:
        self.task, self.doing, self.ends_at = task, doing, ends_at
        self.reported_at = -1
        self.is_started = False
        self.steps: list[str] = []
        """The steps that it has still to take; the first one is on its way."""
        self.step_told_at = -1


class SimulatedWorker:
    """One process with activities for all kinds that no engine has itself."""

    def __init__(self, name: str, world: Surroundings, chance: Chance) -> None:
        self.name, self._world, self._chance = name, world, chance
        self.in_hand: dict[str, _InHand] = {}
        self.is_alive = True
        self._polled_at = -PATIENCE_TICKS
        self._poll = 0

    def act(self) -> None:
        """Poll and report, where it is time."""
        results = self._news()
        if results:
            self._send(results)
        if self._world.tick - self._polled_at >= PATIENCE_TICKS:
            self._ask()

    def next_due(self) -> int | None:
        """When a task of it will end by itself (true time in milliseconds)."""
        ends = [one.ends_at for one in self.in_hand.values() if one.doing.how != "never" and one.reported_at < 0]
        return min(ends, default=None)

    def heal(self) -> None:
        """What would never have ended ends now."""
        for one in self.in_hand.values():
            one.doing, one.ends_at = one.doing._replace(how="once"), min(one.ends_at, self._world.time)

    # Tasks.

    def _ask(self) -> None:
        node = self._world.some_node()
        if node is None:
            return
        self._poll += 1
        self._polled_at = self._world.tick
        poll = Poll(
            protocol=PROTOCOL,
            worker=self.name,
            kinds=("work", "undo"),
            credits=CREDITS,
            wait_s=self._chance.one_of(0.0, 1.0),
            running=tuple(self.in_hand),
        )
        number = self._poll

        def answered(assignment: Assignment) -> None:
            self._world.network.send(lambda: self._take(number, assignment))

        self._world.network.send(lambda: node.poll(poll, answered) if node.is_alive else None)

    def _take(self, number: int, assignment: Assignment) -> None:
        """The answer to a poll. One to an earlier poll is not heeded: its tasks are offered again."""
        if not self.is_alive or number != self._poll:
            return
        self._poll += 1
        for name in assignment.cancel:
            self.in_hand.pop(name, None)
        for task in assignment.tasks:
            if task.task not in self.in_hand:
                doing = self._world.behaviour.of(task.task, task.kind)
                one = self.in_hand[task.task] = _InHand(task, doing, self._world.time + doing.after_ms)
                known = {} if task.steps is UNSET else task.steps
                one.steps = [step for step in self._world.behaviour.steps(task.task) if step not in known]
        self._polled_at = self._world.tick - PATIENCE_TICKS + self._chance.number(0, 3)

    # Results.

    def _news(self) -> list[Result]:
        news: list[Result] = []
        for one in self.in_hand.values():
            news += self._news_of(one)
        return news

    def _news_of(self, one: _InHand) -> list[Result]:
        name, doing, tick = one.task.task, one.doing, self._world.tick
        news: list[Result] = []
        if not one.is_started:
            one.is_started = True
            if one.task.report_start:
                news.append(Result(task=name, started=True))
        if one.steps:
            if one.step_told_at < 0 or tick - one.step_told_at >= PATIENCE_TICKS:
                one.step_told_at = tick
                result = Raw(encode(self._world.behaviour.result_of(name, one.steps[0])))
                news.append(Result(task=name, step=Step(name=one.steps[0], output=result)))
            return news
        has_ended = doing.how != "never" and one.ends_at <= self._world.time
        if has_ended and (one.reported_at < 0 or tick - one.reported_at >= PATIENCE_TICKS):
            one.reported_at = tick
            output = UNSET if doing.error is not None else Raw(encode(doing.output) if doing.odd is None else doing.odd)
            news.append(Result(task=name, output=output, error=UNSET if doing.error is None else doing.error))
        elif not has_ended and self._chance.percent(15):
            news.append(Result(task=name, progress=self._chance.one_of(None, 0.25, 0.5)))
        return news

    def _send(self, results: list[Result]) -> None:
        node = self._world.some_node()
        if node is None:
            return
        message = Results(protocol=PROTOCOL, worker=self.name, results=results)
        told = {one.task: one.step.name for one in results if one.step is not UNSET}

        def answered(receipt: Receipt) -> None:
            self._world.network.send(lambda: self._let_go(receipt, told))

        def arrive() -> None:
            if node.is_alive:
                node.results(message, answered)

        self._world.network.send(arrive)
        twice = {one.task for one in results if one.output is not UNSET or one.error is not UNSET}
        if any(self.in_hand[task].doing.how == "twice" for task in twice):
            self._world.network.send(arrive)

    def _let_go(self, receipt: Receipt, steps: dict[str, str]) -> None:
        """The engine has stored it, or does not want to know. After a step that is recorded comes the next."""
        for task in receipt.accepted:
            one = self.in_hand.get(task)
            if one is not None and one.steps and one.steps[0] == steps.get(task):
                del one.steps[0]
                one.step_told_at = -1
        refused = [refusal.task for refusal in receipt.rejected]
        for task in [*receipt.accepted, *refused, *receipt.cancel]:
            one = self.in_hand.get(task)
            if one is not None and (one.reported_at >= 0 or task in refused or task in receipt.cancel):
                del self.in_hand[task]
