"""Circuit breakers over many partitions and processes: failures count together, all hold, and one at a time tries, whoever is killed."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from contracts.breakers import BREAKERS, BreakerMatch, BreakerRule, encode
from contracts.caller import Caller
from contracts.commands import CompleteActivity, FailActivity, SteerBreaker
from contracts.failure import Failure
from contracts.ids import partition_of
from domain.execution.breaker import HOME, breaker_id
from domain.execution.paths import held_by
from domain.execution.state import Execution
from tests.cluster.memory import MemoryCluster, memory_cluster

PARTITIONS = 4
NUMBERS = itertools.count()
SELL = {
    "name": "w",
    "nodes": [{"id": "sell", "type": "shop"}],
    "settings": {"retry": {"max_attempts": 9, "initial_delay": "1h", "multiplier": 1}},
}
ADA = Caller("ada")
BROKEN = Failure("http.503", "down")


async def broken(cluster: MemoryCluster, cool_down: str = "1h") -> list[str]:
    """Executions in all partitions that wait, after one failure in each has opened the breaker."""
    service = cluster.living["a"].service
    await service.prepare("refold.breaker")
    await service.write_resource(BREAKERS, "shop", encode(BreakerRule(BreakerMatch(kind="shop"), PARTITIONS, "1m", cool_down)), ADA)
    await cluster.publish(SELL)
    await cluster.until(lambda: all("shop" in built.breakers.rules for built in cluster.living.values()))
    for name in await started(cluster):
        await cluster.give("a", name, FailActivity("sell", 1, BROKEN))
    await cluster.until(lambda: all(built.breakers.stands("shop").state != "closed" for built in cluster.living.values()))
    return await started(cluster)


async def started(cluster: MemoryCluster) -> list[str]:
    """One in each partition."""
    names: dict[int, str] = {}
    while len(names) < PARTITIONS:
        name = f"order-{next(NUMBERS)}"
        if names.setdefault(partition_of(name, PARTITIONS), name) == name:
            await cluster.ask("ab"[len(names) % 2], "w", execution=name)
    return list(names.values())


async def found(cluster: MemoryCluster, name: str) -> Execution:
    await cluster.until(lambda: state_of(cluster, name))
    state = state_of(cluster, name)
    assert state is not None
    return state


def state_of(cluster: MemoryCluster, name: str) -> Execution | None:
    partition = partition_of(name, PARTITIONS)
    for built in cluster.living.values():
        if built.owned.is_current(partition) and (folded := built.owned[partition].owner.executions.get(name)) is not None:
            return folded.state
    return None


def held(cluster: MemoryCluster, names: list[str]) -> list[str]:
    states = {name: state_of(cluster, name) for name in names}
    return [name for name, state in states.items() if state is not None and "sell" in state.runs and held_by(state.runs["sell"])]


def trying(cluster: MemoryCluster, names: list[str]) -> list[str]:
    states = {name: state_of(cluster, name) for name in names}
    return [name for name, state in states.items() if state is not None and state.trials]


async def sell(cluster: MemoryCluster, name: str) -> None:
    attempt = (await found(cluster, name)).runs["sell"].attempt
    await cluster.give(next(iter(cluster.living)), name, CompleteActivity("sell", attempt, b"1"))


def told(cluster: MemoryCluster) -> set[str]:
    return {built.breakers.stands("shop").state for built in cluster.living.values()}


@pytest.mark.parametrize("killed", [False, True])
def test_failures_of_all_partitions_count_together_and_all_hold_until_one_has_tried(tmp_path: Path, killed: bool) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            names = await broken(cluster, "3s" if killed else "500ms")
            await cluster.until(lambda: len(held(cluster, names)) >= PARTITIONS - 1)
            if killed:
                await lose(cluster, HOME)
            await cluster.until(lambda: trying(cluster, names))
            tries = trying(cluster, names)
            assert len(tries) == 1
            await cluster.until(lambda: sorted([*held(cluster, names), *tries]) == sorted(names))
            await sell(cluster, tries[0])
            await cluster.until(lambda: told(cluster) == {"closed"})
            await cluster.until(lambda: not held(cluster, names))
            for name in names:
                if name not in tries:
                    await sell(cluster, name)
            await cluster.until(lambda: {cluster.statuses()[name] for name in names} == {"completed"})

    asyncio.run(story())


async def lose(cluster: MemoryCluster, partition: int) -> None:
    """Whoever owns a partition is killed, and somebody else takes over."""
    await cluster.start("c")
    (node,) = [node for node, built in cluster.living.items() if built.owned.is_in_charge(partition)]
    await cluster.kill(node)
    await cluster.all_owned()


def test_one_that_is_opened_by_hand_anywhere_holds_everywhere_until_it_is_closed_or_deleted(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await broken(cluster)
            for node, action, state in (("b", "close", "closed"), ("a", "open", "open"), ("b", "close", "closed"), ("b", "open", "open")):
                command: Any = SteerBreaker("shop", action, "by hand")  # type: ignore[arg-type]  # one of them
                await cluster.give(node, breaker_id("shop"), command, ADA)
                await cluster.until(lambda state=state: told(cluster) == {state})  # type: ignore[misc]  # bound now
            names = await started(cluster)
            await cluster.until(lambda: held(cluster, names) == names)
            await cluster.living["b"].service.write_resource(BREAKERS, "shop", None, ADA)
            await cluster.until(lambda: not held(cluster, names))

    asyncio.run(story())
