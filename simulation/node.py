"""One engine process of a simulation: the real owner, timers, outboxes, workers and task endpoint, on a disk that others share.

Everything it does to the world goes through a `Gate`: the audit looks whether it may, and the process may die there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import UNSET

from contracts.commands import CancelActivity, Command, Envelope, RunActivity
from contracts.errors import Overloaded
from contracts.ids import activity_key
from contracts.journal import NONCE_BYTES
from contracts.ports.activities import ActivityContext, ActivityKind
from contracts.worker_protocol import Assignment, Poll, Receipt, Results, Task
from domain.definition.graph import Graph
from infra.clock import ManualClock
from infra.server.alone import Alone, Bell
from infra.server.engine import Engine
from simulation.audit import Audit
from simulation.behaviour import Behaviour
from simulation.chance import Chance
from simulation.disk import Disk, Hazards, NodeBlobs, NodeLog, NodeSnapshots
from simulation.plan import Traits
from simulation.subscribers import Subscribers
from simulation.violation import Crash, require
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.neighbours import Neighbours
from workers.partition.owner import Owner
from workers.partition.resources import Resources
from workers.partition.round import Reply
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.desk import Desk
from workers.running.memory_channel import MemoryChannel
from workers.tasks.leases import TaskLeases
from workers.tasks.polls import TaskEndpoint

LEASE_MS: Final = 150
ELSEWHERE: Final = 1
"""The partition where slots are kept in some plans. All of it is decided here, but by way of keepers, as between partitions."""


class SharedCatalog(Catalog):
    """A catalog that shares compiled definitions with all others: a process that is started again compiles nothing anew."""

    def __init__(self, disk: Disk, clock: ManualClock, graphs: dict[str, Graph]) -> None:
        super().__init__(disk.log, clock)
        self._graphs = graphs


class LocalKind:
    """An activity kind of the engine's own process."""

    Config = None
    summary = "work of a simulation"

    def __init__(self, name: str, behaviour: Behaviour) -> None:
        self.name = name
        self._behaviour = behaviour

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Succeed or fail at once; being slow is a matter of the report."""
        return self._behaviour.local(activity_key(context.execution, context.path, context.attempt), self.name)


class Gate:
    """The activity worker as the owner sees it."""

    def __init__(self, inner: TaskLeases, audit: Audit, hazards: Hazards, breakers: BreakerBook) -> None:
        self._inner, self._audit, self._hazards, self._breakers = inner, audit, hazards, breakers
        self.step, self.next_due, self.last_heartbeat, self.stop = inner.step, inner.next_due, inner.last_heartbeat, inner.stop

    def run(self, activity: RunActivity) -> None:
        """An activity is handed out."""
        self._hazards.point()
        self._check(activity)
        self._inner.run(activity)

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """All that is owed is handed out."""
        self._hazards.point()
        for activity in activities:
            self._check(activity)
        self._inner.take_over(activities)

    def _check(self, activity: RunActivity) -> None:
        self._audit.read_on()
        key = activity_key(activity.execution, activity.path, activity.attempt)
        require(key in self._audit.owed, "no effect before its fact", f"{key} is handed out, and nothing durable calls for it")
        if activity.kind in self._breakers.shut:
            state = self._audit.state(activity.execution)
            trial = None if state is None else state.trials.get(activity.path)
            is_trial = trial is not None and trial.attempt == activity.attempt
            require(is_trial, "a circuit breaker holds", f"{key} is handed out, {self._breakers.stands(activity.kind)}")

    def cancel(self, activity: CancelActivity) -> None:
        """An activity is called off."""
        self._hazards.point()
        self._inner.cancel(activity)


class Node:
    """A process: from its start to its death."""

    def __init__(
        self, name: str, disk: Disk, clock: ManualClock, audit: Audit, graphs: dict[str, Graph], chance: Chance, subscribing: Chance,
        traits: Traits, behaviour: Behaviour, deliver: Callable[[Node, str, Command], None],
    ) -> None:  # fmt: skip
        self.name, self.clock, self.traits = name, clock, traits
        self.is_alive = True
        self.frozen_until = 0
        self.dies_at = 0
        self.hazards = Hazards()
        self._audit = audit
        self._soon: list[Callable[[], None]] = []
        kinds: dict[str, ActivityKind] = {name: LocalKind(name, behaviour) for name in ("undo", "llm")}
        if traits.is_work_local:
            kinds["work"] = LocalKind("work", behaviour)
        settings, blobs = ActivitySettings(), NodeBlobs(disk, self.hazards)

        def report(execution: str, command: Command) -> None:
            deliver(self, execution, command)

        self.local = ActivityWorker(kinds, settings, report, clock, disk.blobs, None, "inline")
        self.remote = TaskLeases(self.local, kinds, settings, self.report, clock, disk.blobs, LEASE_MS)
        catalog = SharedCatalog(disk, clock, graphs)
        log = NodeLog(disk, self.hazards)
        resources, channel = Resources(log, clock), MemoryChannel()
        breakers = BreakerBook(resources)
        gate = Gate(self.remote, audit, self.hazards, breakers)
        self.owner = Owner(
            log, catalog, blobs, NodeSnapshots(disk, self.hazards), clock, gate,
            nonce=lambda: chance.randbytes(NONCE_BYTES), node=name, inbox_max=traits.inbox_max,
            live_max=traits.live_max, snapshot_every=traits.snapshot_every, round_max=traits.round_max,
            neighbours=Neighbours(counted_in=(lambda workflow: ELSEWHERE) if traits.child_policy else None, breakers=breakers),
        )  # fmt: skip
        alone = Alone(self.owner, gate, catalog, resources, breakers, clock, log, Bell(), lambda: chance.getrandbits(40), channel, Desk())
        self._engine = Engine(alone)
        self.task_endpoint = TaskEndpoint(self.remote, self.owner.submit, self._soon.append)
        self.subscribers = Subscribers(self.owner, disk, audit, subscribing)

    # What others do to it. A crash ends here.

    def guard(self, act: Callable[[], Any]) -> Any:
        """Do something within the process; it may die of it."""
        try:
            return act()
        except Crash:
            self.is_alive = False
            return None

    def step(self) -> bool:
        """One turn of the engine: workers, owner, and what was to come after the turn."""
        return bool(self.guard(self._step))

    def _step(self) -> bool:
        worked = self._engine.step()
        self.subscribers.step()
        while self._soon:
            self._soon.pop(0)()
        return worked

    def next_due(self) -> int | None:
        """When the engine has something to do by itself, by its own clock."""
        return self._engine.next_due()

    def stop(self) -> None:
        """End in an orderly way."""
        self.guard(lambda: self._engine.stop(0.0))
        self.is_alive = False

    def submit(self, envelope: Envelope, reply: Reply) -> None:
        """Give a command from outside; where too many wait, the caller has to come again."""

        def answered(answer: Any) -> None:
            self.hazards.point()
            reply(answer)

        with suppress(Overloaded):
            self.owner.submit(envelope, answered)

    def report(self, execution: str, command: Command) -> None:
        """What a worker has to say arrives."""
        self.owner.report(execution, command)

    def in_hand(self) -> set[str]:
        """The attempts that its workers have, here and elsewhere."""
        return set(self.remote._leased) | {activity_key(*key) for key in self.local._in_hand}

    def poll(self, poll: Poll, answer: Callable[[Assignment], None]) -> None:
        """A worker elsewhere asks for tasks: each comes with all the steps that are recorded."""

        def given(assignment: Assignment) -> None:
            self._audit.read_on()
            for task in assignment.tasks:
                self._check_steps(task)
            answer(assignment)

        self.guard(lambda: self.task_endpoint.poll(poll, given))

    def _check_steps(self, task: Task) -> None:
        if self._audit.in_charge != self.name:
            return  # it was frozen or is late, gives what it had, and can record nothing
        state = self._audit.state(task.execution)
        run = None if state is None else state.runs.get(task.path)
        if run is not None and run.attempt == task.attempt:
            known = set() if task.steps is UNSET else set(task.steps)
            require(known == set(run.steps or {}), "an attempt is given all recorded steps", f"{task.task} is given {sorted(known)}")

    def results(self, results: Results, answer: Callable[[Receipt], None]) -> None:
        """A worker elsewhere hands in results. A receipt promises that they are durable."""

        def received(receipt: Receipt | None) -> None:
            self.hazards.point()
            if receipt is not None:
                self._check_receipt(results, receipt)
                answer(receipt)

        with suppress(Overloaded):
            self.guard(lambda: self.task_endpoint.results(results, received))

    def _check_receipt(self, results: Results, receipt: Receipt) -> None:
        self._audit.read_on()
        ends = {one.task for one in results.results if one.output is not UNSET or one.error is not UNSET}
        refused = {refusal.task for refusal in receipt.rejected}
        for one in results.results:
            if one.step is not UNSET and one.task in receipt.accepted and one.task not in refused:
                known = one.step.name in self._audit.steps_of(one.task) or not self._audit.awaits(one.task)
                require(known, "no answer before its fact", f"step {one.step.name} of {one.task} was acknowledged, and is not durable")
        for task in ends.intersection(receipt.accepted) - refused:
            known = task in self._audit.reported or task in self._audit.held or not self._audit.awaits(task)
            require(known, "no answer before its fact", f"the result of {task} was acknowledged, and is not durable")
