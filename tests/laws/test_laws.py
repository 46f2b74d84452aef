"""The laws, for any definition, any behaviour of activities, any commands and any order of arrivals.

`World` and `Subject` hold them at each step: replay equals live, twice is once, a refusal changes nothing, terminal is
final, whoever is open waits for something that has a name. Here is what drives them.
"""

from __future__ import annotations

import random
from typing import Any, Literal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.person import Person
from contracts.pins import Plan
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.facts.tasks import answer_said
from domain.execution.liveness import waits_of
from domain.execution.memo import TaskMemo
from domain.execution.state import Execution
from simulation.definitions import CHILD, ERROR_TYPES, SIGNALS, write_definition
from tests.domain.spec import NEVER, UNSTARTED, ActivityError, After, Called, World, create, signal

PEOPLE = ("ada", "bob", "dan", "eve")
ROUNDS_MAX = 8
"""How often an execution that stands still is pushed on before it is cancelled."""


class Drawn:
    """Chance that hypothesis gives, and can make small."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def one_of(self, *options: Any) -> Any:
        return self._draw(st.sampled_from(options))


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    return write_definition(Drawn(draw))


class Walk:
    """One execution under random activities and random commands, until it has ended."""

    def __init__(self, definition: dict[str, Any], chance: random.Random, plan: Plan | None = None) -> None:
        self.chance, self.plan = chance, plan
        self.calm = False
        self.signals = 0
        acts = {"work": self.work, "undo": self.undo}
        unruly = chance.random() < 0.5
        self.world = World(
            definition,
            {"child": CHILD},
            acts,
            pick=chance.randrange if unruly else None,
            twice=lambda: chance.random() < 0.2,
            restart=lambda: chance.random() < 0.1,
        )

    def work(self, call: Called) -> Any:
        draw = self.chance.random()
        if self.calm or draw < 0.5:
            return {"n": call.attempt}
        if draw < 0.7:
            raise ActivityError(self.chance.choice(ERROR_TYPES), retryable=draw < 0.68)
        if draw < 0.85:
            return After(self.chance.choice((5, 25, 60)), {"n": 0})
        return NEVER if draw < 0.95 else UNSTARTED

    def undo(self, call: Called) -> Any:
        if not self.calm and self.chance.random() < 0.2:
            raise ActivityError("boom")
        return None

    def run(self) -> World:
        world = self.world
        for _ in range(self.chance.randrange(3)):
            world.at(self.chance.choice((0, 5, 15, 30, 60)), self.command())
        world.start({"n": 1}, test=self.plan)
        for _ in range(ROUNDS_MAX):
            if world.state().is_ended:
                return world
            world.send(*self.push_on())
        return self.finish()

    def command(self) -> c.Command:
        draw = self.chance.random()
        if draw < 0.2 and (acts := self.acts_on_tasks()):
            return self.chance.choice(acts)
        if draw < 0.4:
            return self.signal()
        if draw < 0.6:
            return c.PauseExecution()
        if draw < 0.75:
            return c.ResumeExecution()
        return c.CancelExecution("enough") if draw < 0.95 else c.TerminateExecution("now")

    def signal(self) -> c.Command:
        self.signals += 1
        return signal(self.chance.choice((*SIGNALS, "more")), {"n": self.chance.randrange(2)}, f"s{self.signals}")

    def push_on(self) -> list[c.Command]:
        """What may move an execution that stands still; late and foreign reports among it."""
        commands = [self.command(), *self.resolutions(), *self.reports(), *self.acts_on_tasks()]
        self.chance.shuffle(commands)
        return commands[:3]

    def resolutions(self) -> list[c.Command]:
        actions: tuple[Literal["retry", "skip", "fail"], ...] = ("retry", "skip", "fail")
        return [c.ResolveIncident(name, self.chance.choice(actions)) for name in self.world.state().incidents]

    def acts_on_tasks(self) -> list[c.Command]:
        """What people do with the tasks that are open, and somebody who may not; one is about an attempt that nobody waits for."""
        state = self.world.state() if "x" in self.world.subjects else None
        acts: list[c.Command] = []
        for run in [] if state is None else state.runs.values():
            if isinstance(run.memo, TaskMemo):
                graph = self.world.subjects["x"].graph
                port = self.chance.choice(graph.nodes[run.node].ports)
                person = Person(self.chance.choice(PEOPLE), ("crew",) if self.chance.random() < 0.5 else ())
                late = run.attempt + (self.chance.random() < 0.1)
                acts += [
                    c.AnswerTask(run.path, late, port, person, b'{"n":1}'),
                    c.ClaimTask(run.path, run.attempt, person),
                    c.ReleaseTask(run.path, run.attempt, person),
                    c.DelegateTask(run.path, run.attempt, self.chance.choice(PEOPLE), person),
                    c.CommentTask(run.path, run.attempt, self.chance.choice("ab"), person, "hm"),
                ]
        return self.chance.sample(acts, min(3, len(acts)))

    def reports(self) -> list[c.Command]:
        """Results of attempts that were asked for: of those that run, and of those that nobody waits for any more."""
        calls = [call for call in self.world.runs if call.execution == "x"]
        some = self.chance.sample(calls, min(2, len(calls)))
        lost = [c.LoseActivity(call.path, call.attempt) for call in some[:1] if self.chance.random() < 0.3]
        return [*lost, *(c.CompleteActivity(call.path, call.attempt, values.encode({"n": 7})) for call in some)]

    def finish(self) -> World:
        """A cancel comes to its end, once activities do and a person looks after what cannot be undone."""
        self.calm = True
        world = self.world
        world.send(c.ResumeExecution(), c.CancelExecution("enough"))
        for _ in range(200):
            if all(subject.state.is_ended for subject in world.subjects.values()):
                return world
            for name, subject in list(world.subjects.items()):
                if not subject.state.is_ended:
                    world.send(*self.last_commands(subject.state), execution=name)
        raise AssertionError(f"a cancelled execution does not end; it waits for {world.waits}")

    def last_commands(self, state: Execution) -> list[c.Command]:
        skips = [c.ResolveIncident(name, self.chance.choice(("skip", "fail"))) for name in state.incidents]
        ends = [c.CompleteActivity(run.path, run.attempt, b"{}") for run in state.runs.values() if run.status == "active"]
        answers = [
            c.AnswerTask(run.path, run.attempt, port, Person(name, ("crew",)), b'{"n":1}')
            for run in state.runs.values()
            if isinstance(run.memo, TaskMemo)
            for name in (run.memo.claimed_by or "ada", *PEOPLE)
            for port in graph_of_state(self.world, state).nodes[run.node].ports[:1]
        ]
        return [*skips, *ends, *answers, self.signal(), self.signal(), c.CancelExecution("enough"), *self.out_of_patience(state)]

    def out_of_patience(self, state: Execution) -> list[c.Command]:
        """A condition that never holds, in a clean-up, is nothing that a cancel could end."""
        waits = [
            wait
            for subject in self.world.subjects.values()
            if not subject.state.is_ended
            for wait in waits_of(subject.graph, subject.state)
        ]
        stuck = waits and all(wait.startswith("condition") for wait in waits)
        return [c.TerminateExecution("no end in sight")] if stuck else []


def graph_of_state(world: World, state: Execution) -> Graph:
    return world.subjects[state.execution].graph


def walk(definition: dict[str, Any], chance: random.Random, plan: Plan | None = None) -> World:
    world = Walk(definition, chance, plan).run()
    for name, subject in world.subjects.items():
        check_tasks(world, name, subject.state.is_ended)
    return world


def check_tasks(world: World, execution: str, is_ended: bool) -> None:
    """Each task that was created has one end, nothing happens to it before or after, and no more people have answered than there are."""
    open_ones: dict[tuple[str, int], set[str]] = {}
    for decision in world.subjects[execution].decisions:
        for event in decision.events:
            if isinstance(event, e.TaskCreated):
                assert (event.path, event.attempt) not in open_ones
                open_ones[event.path, event.attempt] = set()
            elif isinstance(event, OF_TASKS) and (type(event) is not e.TaskNotified or not event.child):
                answered = open_ones[event.path, event.attempt]
                if isinstance(event, e.TaskAnswered):
                    by = answer_said(event, decision.command, decision.now).by.name
                    assert by not in answered
                    answered.add(by)
                if isinstance(event, e.TaskWithdrawn | e.TaskExpired) or (isinstance(event, e.TaskAnswered) and event.decides):
                    del open_ones[event.path, event.attempt]
    assert not (is_ended and open_ones), f"{open_ones} of {execution} have no end"


OF_TASKS = (
    e.TaskNotified, e.TaskClaimed, e.TaskReleased, e.TaskDelegated, e.TaskReminded, e.TaskAnswered, e.TaskWithdrawn, e.TaskExpired,
    e.TaskEscalated, e.TaskCommented,
)  # fmt: skip


EXAMPLES = 20_000 if settings.get_current_profile_name() == "long" else 3_000


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_the_laws_hold_for_any_definition_and_any_order_of_arrivals(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    walk(definition, chance)


def test_what_comes_after_the_end_changes_nothing() -> None:
    world = World({"nodes": [{"id": "a", "type": "noop"}]}).start()
    before = len(world.events())
    world.send(create("another"), signal("go"), c.CompleteActivity("a", 1, b"2"), c.CancelExecution(), c.FireTimer("a:retry", 5))
    assert len(world.events()) == before
    assert {rejected.reason for _, rejected in world.rejections} == {"already_exists", "already_ended"}
