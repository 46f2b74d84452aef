"""What goes wrong in a simulation, each kind of fault as a function of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from simulation.plan import Fault, FaultKind

if TYPE_CHECKING:
    from simulation.node import Node
    from simulation.world import World

SUPERSEDED_TICKS: Final = 10
"""How long an engine lives on after it was thawed: then whoever started the other one ends it."""


def _victim(world: World) -> Node | None:
    """Most often the engine in charge."""
    return world.some_node()


def _kill(world: World, fault: Fault) -> None:
    node = _victim(world)
    if node is not None:
        node.is_alive = False


def _stop(world: World, fault: Fault) -> None:
    node = _victim(world)
    if node is not None:
        node.stop()


def _crash(world: World, fault: Fault) -> None:
    """It dies between two effects, some way ahead."""
    node = _victim(world)
    if node is not None:
        node.hazards.crash_in = fault.amount


def _append(world: World, fault: Fault) -> None:
    """Nobody knows whether the next append has landed; or it lands twice."""
    node = _victim(world)
    if node is None:
        return
    assert fault.kind in ("append_lost", "append_landed", "append_late", "append_doubled", "freeze_in_append")
    node.hazards.append = fault.kind
    node.hazards.lands_at = world.tick + fault.amount


def _freeze_in_append(world: World, fault: Fault) -> None:
    """It stands still in the middle of its append, and another one takes over meanwhile."""
    node = _victim(world)
    if node is None:
        return
    _append(world, fault)

    def meanwhile() -> None:
        other = _supersede(world, node, SUPERSEDED_TICKS)
        for _ in range(fault.amount):
            world.step(other)
            world.network.deliver(world.tick)

    node.hazards.freeze = meanwhile


def _full(world: World, fault: Fault) -> None:
    world.full_until = max(world.full_until, world.tick + fault.amount)
    world.disk.is_full = True


def _supersede(world: World, node: Node, ticks: int) -> Node:
    """Another engine is started, and this one has so long to live."""
    for older in world.alive():
        if older is not node:
            older.is_alive = False
    node.dies_at = world.tick + ticks
    return world.start_node()


def _takeover(world: World, fault: Fault) -> None:
    """Two engines at once."""
    node = _victim(world)
    if node is not None:
        _supersede(world, node, fault.amount)


def _freeze(world: World, fault: Fault) -> None:
    """It stands still, another one takes over, and it goes on as if nothing had been."""
    node = _victim(world)
    if node is not None:
        _supersede(world, node, fault.amount + SUPERSEDED_TICKS)
        node.frozen_until = world.tick + fault.amount


def _clock(world: World, fault: Fault) -> None:
    """The clock of the machine is set, forwards or backwards."""
    world.skew += fault.amount
    for node in world.alive():
        node.clock.set(node.clock.now() + fault.amount)


def _snapshot(world: World, fault: Fault) -> None:
    node = _victim(world)
    if node is not None and node.owner.is_in_charge and node.frozen_until <= world.tick:
        node.guard(node.owner.snapshot)


def _snapshot_lost(world: World, fault: Fault) -> None:
    world.disk.snapshots.clear()


def _snapshot_stale(world: World, fault: Fault) -> None:
    """The last snapshots are gone, an older one is there."""
    del world.disk.snapshots[max(1, len(world.disk.snapshots) - fault.amount) :]


def _projector_stop(world: World, fault: Fault) -> None:
    world.readers.stopped_until = world.tick + fault.amount


def _projector_kill(world: World, fault: Fault) -> None:
    world.readers.kill()


def _projector_twice(world: World, fault: Fault) -> None:
    world.readers.rival()


def _worker_kill(world: World, fault: Fault) -> None:
    alive = list(world.open_workers())
    world.chance.one_of(*alive).is_alive = False
    world.start_worker()


def _network(world: World, fault: Fault) -> None:
    world.network.bad_until = world.tick + fault.amount


Act: TypeAlias = "Callable[[World, Fault], None]"

FAULTS: Final[Mapping[FaultKind, Act]] = {
    "kill": _kill,
    "crash": _crash,
    "stop": _stop,
    "append_lost": _append,
    "append_landed": _append,
    "append_late": _append,
    "append_doubled": _append,
    "full": _full,
    "takeover": _takeover,
    "freeze": _freeze,
    "freeze_in_append": _freeze_in_append,
    "clock": _clock,
    "snapshot": _snapshot,
    "snapshot_lost": _snapshot_lost,
    "snapshot_stale": _snapshot_stale,
    "projector_stop": _projector_stop,
    "projector_kill": _projector_kill,
    "projector_twice": _projector_twice,
    "worker_kill": _worker_kill,
    "network": _network,
}
"""Every kind, and what it does."""
