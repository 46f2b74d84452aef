"""The end of a simulation: nothing goes wrong any more, and everything that can end has to."""

from __future__ import annotations

from typing import Final

from domain.execution.breaker import breaker_id
from domain.execution.keeper import is_keeper
from domain.execution.liveness import waits_of
from domain.execution.state import Execution
from simulation.checks import check_recovery, check_still
from simulation.definitions import PEOPLE, SIGNALS
from simulation.plan import BREAKER_OF_WORK, START_MS, Asked, Operation
from simulation.triggers import check_fired
from simulation.violation import Violation
from simulation.world import World

QUIET_TICKS: Final = 18
"""So long nothing has to move before time moves on: longer than any patience."""
TURNS_MAX: Final = 20_000
ROUNDS_MAX: Final = 40


def is_of_users(state: Execution) -> bool:
    """Whether a client has started it, or an execution of theirs has."""
    return not is_keeper(state) and state.breaker is None


class Settling:
    """Brings a world to rest, and looks at it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self) -> None:
        """Heal, let things end by themselves, push on what waits for people, and check it all. Raises Violation."""
        world = self._world
        self._heal()
        self._rest()
        self._ask_all("release", "resume", "begin")
        for action in ("retry", "skip"):
            self._ask_all("resolve", "signal", name=action)
        for person in PEOPLE:
            self._ask_all("answer", name=person)
        self._ask_all("cancel")
        for _ in range(ROUNDS_MAX):
            if not list(world.audit.open()):
                break
            self._last_words()
        still_open = [f"{one.state.execution}: {waits_of(one.graph, one.state)}" for one in world.audit.open()]
        if still_open:
            raise Violation("everything that can end ends", str(still_open))
        check_fired(world.plan.definitions, world.audit, world.disk, START_MS)
        world.readers.check(world.audit)
        for node in world.alive():
            node.subscribers.check()
        check_recovery(world.disk, world.audit, world.catalog)

    def _heal(self) -> None:
        """One engine is left, on a disk with room, with a network that keeps what it promises and workers that answer."""
        world = self._world
        world.full_until, world.disk.is_full = 0, False
        world.disk.land(world.tick + 1_000)
        world.audit.read_on()
        for node in world.alive():  # whoever cannot be in charge is told so, and claims anew
            node.is_alive = node.owner.is_in_charge and node.owner.position == world.audit.offset
        for node in world.alive():
            node.frozen_until = node.dies_at = node.hazards.crash_in = 0
            node.hazards.append = None
        if not world.alive():
            world.start_node()
        world.network.is_calm = world.behaviour.is_calm = True
        world.late = [(min(late[0], world.time), *late[1:]) for late in world.late]
        for worker in world.open_workers():
            worker.heal()

    def _rest(self) -> None:
        """Move until nothing moves any more, whatever time passes."""
        quiet = 0
        for _ in range(TURNS_MAX):
            quiet = 0 if self._turn() else quiet + 1
            if quiet <= QUIET_TICKS:
                continue
            due = self._world.next_due()
            if due is not None:
                self._world.advance(due - self._world.time)
                quiet = 0
            elif not self._world.clients:
                check_still(self._world.audit)
                return
        raise Violation("everything comes to rest", f"still moving after {TURNS_MAX} turns: {self._world.audit.trace[-3:]}")

    def _turn(self) -> bool:
        world = self._world
        world.tick += 1
        while world.network.deliver(world.tick):
            pass
        moved = world.deliver_late()
        for node in world.alive():
            moved |= world.step(node)
        for worker in world.open_workers():
            worker.act()
        waiting = [client for client in world.clients if not client.is_done]
        for client in waiting:
            client.act()
        world.clients = waiting
        return moved

    def _ask_all(self, *kinds: Asked, name: str = "") -> None:
        """Ask the same of all that are open, and let it have its effect."""
        for one in [one for one in self._world.audit.open() if is_of_users(one.state)]:
            for kind in kinds:
                self._ask(kind, one.state.execution, name)
        self._rest()

    def _ask(self, kind: Asked, execution: str, name: str = "") -> None:
        names = SIGNALS if kind == "signal" else (name,)  # not "more": a clean-up that is given further items again and again never ends
        for one in names:
            self._world.ask(Operation(self._world.tick, kind, execution, one, 1))

    def _last_words(self) -> None:
        """Clean-ups may wait too: for people, for signals, and for what never holds; what a person has opened, for a person."""
        audit = self._world.audit
        if self._world.plan.traits.breaker:
            self._ask("close", breaker_id(BREAKER_OF_WORK))
        waits = [wait for one in audit.open() for wait in waits_of(one.graph, one.state)]
        is_hopeless = all(wait.startswith(("condition", "child", "execution")) for wait in waits)
        for one in [one for one in audit.open() if is_of_users(one.state)]:
            name = one.state.execution
            if is_hopeless:
                self._ask("terminate", name)
            self._ask("resume", name)
            self._ask("resolve", name, self._world.chance.one_of("skip", "fail"))
            self._ask("signal", name)
            for person in PEOPLE:
                self._ask("answer", name, person)
            self._ask("cancel", name)
        self._rest()
