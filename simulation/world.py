"""The world of a simulation: engines, workers, clients, a projector, a network, a disk and a clock, moved in one thread by one plan.

turn ─► what the plan has for this tick ─► time ─► messages ─► engines ─► workers ─► clients ─► projector ─► checks
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from contracts.breakers import BREAKERS, BreakerMatch, BreakerRule, encode
from contracts.commands import Command
from contracts.definitions import WorkflowDefinition
from contracts.ids import activity_key
from contracts.system import BREAKER
from domain.definition.graph import Graph
from infra.clock import ManualClock
from infra.server.system import system_definition
from simulation import faults
from simulation.audit import Audit
from simulation.behaviour import Behaviour
from simulation.chance import Chance
from simulation.checks import check_hands, check_live
from simulation.client import Client
from simulation.definitions import child_of
from simulation.disk import Disk
from simulation.migrations import other_version
from simulation.network import Network
from simulation.node import Node, SharedCatalog
from simulation.plan import BREAKER_OF_WORK, START_MS, Operation, Plan
from simulation.readers import Readers
from simulation.worker import SimulatedWorker
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources

WORKERS: Final = 2


class World:
    """All of it."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.tick = 0
        self.time = START_MS
        self.skew = 0
        self.chance = Chance(plan.seed, "world")
        self.disk = Disk()
        self.graphs: dict[str, Graph] = {}
        self.catalog = self.new_catalog()
        others = [other_version(plan.seed, document) for document in plan.definitions if plan.traits.migrates]
        for document in (child_of(plan.traits.child_policy), *others, *plan.definitions):
            self.catalog.publish(WorkflowDefinition.model_validate(document))
        if plan.traits.breaker:
            self._make_breaker(plan.traits.breaker)
        self.audit = Audit(self.disk, self.catalog.graph, plan.traits.poisoned)
        self.behaviour = Behaviour(plan.seed, plan.traits.is_odd)
        self.network = Network(Chance(plan.seed, "network"), plan.traits)
        self.nodes: list[Node] = []
        self._started = self._asked = 0
        self.restart_at = 0
        self.full_until = 0
        self.workers: list[SimulatedWorker] = []
        for _ in range(WORKERS):
            self.start_worker()
        self.clients: list[Client] = []
        self.readers = Readers(self.disk, self.new_catalog, folder, plan.traits.batch_max)
        self._operations = list(plan.operations)
        self._faults = list(plan.faults)
        self.late: list[tuple[int, Node, str, Command]] = []
        """Reports of local activities that are slow: when they come, and of which process."""

    def _make_breaker(self, failures: int) -> None:
        self.catalog.publish(system_definition(BREAKER), True)
        rule = BreakerRule(BreakerMatch(kind=BREAKER_OF_WORK), failures, "500ms", "100ms")
        Resources(self.disk.log, ManualClock(START_MS)).write(BREAKERS, BREAKER_OF_WORK, encode(rule), "the plan")

    def new_catalog(self) -> Catalog:
        """A catalog as a process of its own would have it."""
        return SharedCatalog(self.disk, ManualClock(START_MS), self.graphs)

    # Who is there.

    def start_node(self) -> Node:
        """Start an engine; it claims in its first turn."""
        self._started += 1
        name = f"node{self._started}"
        node = Node(
            name,
            self.disk,
            ManualClock(self.time + self.skew),
            self.audit,
            self.graphs,
            Chance(self.plan.seed, name),
            Chance(self.plan.seed, f"{name} feed"),
            self.plan.traits,
            self.behaviour,
            self._deliver_local,
        )
        self.nodes.append(node)
        return node

    def start_worker(self) -> None:
        """Start a worker in place of a dead one."""
        name = f"worker{len(self.workers) + 1}"
        self.workers.append(SimulatedWorker(name, self, Chance(self.plan.seed, name)))

    def alive(self) -> list[Node]:
        """The engines that live, frozen ones included; the oldest first."""
        self.nodes = [node for node in self.nodes if node.is_alive]
        return self.nodes

    def some_node(self) -> Node | None:
        """An engine that can be reached, most often the latest."""
        alive = self.alive()
        if not alive:
            return None
        return alive[-1] if len(alive) == 1 or self.chance.percent(70) else self.chance.one_of(*alive)

    def open_workers(self) -> Iterator[SimulatedWorker]:
        """The workers that live."""
        return (worker for worker in self.workers if worker.is_alive)

    # One turn.

    def run(self) -> None:
        """All turns of the plan. Raises Violation where a rule does not hold."""
        while self.tick < self.plan.ticks:
            self.turn()

    def turn(self) -> None:
        """One turn."""
        self.tick += 1
        self._begin()
        self._end()
        self._pass_time()
        for _ in range(self.chance.number(0, 4)):
            self.network.deliver(self.tick)
        self.deliver_late()
        for node in list(self.alive()):
            if node.frozen_until <= self.tick and self.chance.percent(85):
                self.step(node)
        for worker in list(self.open_workers()):
            worker.act()
        for client in self.clients:
            client.act()
        if self.readers.stopped_until <= self.tick and self.chance.percent(30):
            self.readers.step()

    def step(self, node: Node) -> bool:
        """One turn of an engine, and the checks of its memory."""
        self.audit.read_on()
        self.audit.turn_began_at = self.audit.offset
        worked = node.step()
        self.audit.read_on()
        if node.is_alive:
            check_live(node, self.audit)
            if not worked:
                check_hands(node, self.audit, self.on_their_way(node))
        return worked

    def on_their_way(self, node: Node) -> set[str]:
        """Attempts that have ended in the process itself, and whose report is slow."""
        return {_task(execution, command) for _, one, execution, command in self.late if one is node}

    def _begin(self) -> None:
        """What the plan has for this tick."""
        while self._operations and self._operations[0].at <= self.tick:
            self.ask(self._operations.pop(0))
        while self._faults and self._faults[0].at <= self.tick:
            fault = self._faults.pop(0)
            faults.FAULTS[fault.kind](self, fault)

    def ask(self, operation: Operation) -> Client:
        """A client comes with a request."""
        self._asked += 1
        client = Client(f"{operation.kind}-{self._asked}", operation, self)
        self.clients.append(client)
        return client

    def _end(self) -> None:
        """What ends at this tick: a full disk, a lost batch, an engine that was superseded, a time without any."""
        self.disk.is_full = self.tick < self.full_until
        self.disk.land(self.tick)
        for node in self.alive():
            if node.dies_at and node.dies_at <= self.tick:
                node.is_alive = False
        if not self.alive():
            self.restart_at = self.restart_at or self.tick + self.chance.number(1, 5)
            if self.restart_at <= self.tick:
                self.restart_at = 0
                self.start_node()

    # Time.

    def _pass_time(self) -> None:
        self.advance(self.chance.number(0, 6))
        if self.chance.percent(10):
            due = self.next_due()
            if due is not None:
                self.advance(min(2_000, max(0, due - self.time)))

    def advance(self, ms: int) -> None:
        """Let time pass, for all clocks alike."""
        self.time += ms
        for node in self.alive():
            node.clock.advance(ms)

    def next_due(self) -> int | None:
        """When something comes due by itself, in true time."""
        dues = [due - (node.clock.now() - self.time) for node in self.alive() for due in (node.next_due(), node.remote.next_due()) if due]
        dues += [due for worker in self.open_workers() if (due := worker.next_due()) is not None]
        dues += [when for when, node, _, _ in self.late if node.is_alive]
        return min((due for due in dues if due > self.time), default=None)

    # Activities of the engines' own.

    def _deliver_local(self, node: Node, execution: str, command: Command) -> None:
        """A local activity has ended: its report comes now, later, or twice."""
        task = _task(execution, command)
        doing = self.behaviour.of(task, "")
        if self.behaviour.is_calm or not task:
            node.report(execution, command)
        elif doing.how == "never" or doing.after_ms:
            when = self.time + (doing.after_ms or 1_000_000)
            self.late.append((when, node, execution, command))
        else:
            node.report(execution, command)
            if doing.how == "twice":
                node.report(execution, command)

    def deliver_late(self) -> bool:
        """Slow reports arrive, if their process still lives."""
        due = [late for late in self.late if late[0] <= self.time]
        self.late = [late for late in self.late if late[0] > self.time and late[1].is_alive]
        for _, node, execution, command in due:
            if node.is_alive:
                node.report(execution, command)
        return bool(due)


def _task(execution: str, command: Command) -> str:
    """The attempt whose end a report tells; nothing for other reports."""
    if not hasattr(command, "output") and not hasattr(command, "failure"):
        return ""
    return activity_key(execution, getattr(command, "path", ""), getattr(command, "attempt", 0))
