"""Publishers of a cluster: whoever publishes, and however appends fail, each event is there, and the first of each in order."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from contracts.commands import SendSignal
from contracts.ports.feed import Selector
from projections.public.present import PUBLIC
from tests.cluster.memory import MemoryCluster, memory_cluster

WAITS: dict[str, Any] = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
PUBLISHES = "owner,publisher"


async def wanted(cluster: MemoryCluster, execution: str) -> list[str]:
    """The ids of the public events of an execution, by its history."""
    events, _ = await next(iter(cluster.living.values())).service.history(execution, 1, 100)
    names = {event.__name__ for event in PUBLIC}
    return [f"{execution}/{event.version}" for event in events if event.type in names]


def written(cluster: MemoryCluster, execution: str) -> list[str]:
    """Those that are there, in the order in which they first were."""
    events = [json.loads(record.value) for records in cluster.events.written for record in records if record.key == execution.encode()]
    return list(dict.fromkeys(event["id"] for event in events))


def test_publishers_that_are_killed_in_full_work_leave_nothing_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path) as cluster:
            await cluster.start("a", PUBLISHES)
            await cluster.start("b", PUBLISHES)
            await cluster.all_owned()
            await cluster.publish(WAITS)
            names: list[str] = []
            for number, (victim, other) in enumerate((("a", "b"), ("b", "a"))):
                some = [f"x{number}-{one}" for one in range(12)]
                for name in some:
                    await cluster.ask(other, "w", execution=name)
                names += some
                await cluster.kill(victim)
                await cluster.until(lambda: len(cluster.living[other].owned.in_charge()) == cluster.log.partitions)  # noqa: B023 - called at once
                for name in some:
                    await cluster.give(other, name, SendSignal("s", "go", b"1"))
                await cluster.start(victim, PUBLISHES)
            for name in names:
                ids = await wanted(cluster, name)
                await cluster.until(lambda: len(written(cluster, name)) >= len(ids))  # noqa: B023 - called at once
                assert written(cluster, name) == ids
            assert cluster.events.offsets.keys() == set(range(cluster.log.partitions))

    asyncio.run(story())


def test_one_partition_may_be_all_that_somebody_wants_to_hear_of(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a") as cluster:
            built, told = cluster.living["a"], list[int]()
            built.feed.subscribe(Selector(partitions=frozenset((2,))), lambda more: told.extend(one.partition for one in more), {2: 0})
            await cluster.publish(WAITS)
            for number in range(16):
                await cluster.ask("a", "w", execution=f"x{number}")
            await cluster.until(lambda: told)
            assert set(told) == {2}

    asyncio.run(story())
