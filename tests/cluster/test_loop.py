"""Nothing in the event loop of a cluster process waits for a broker: the log itself tells of whoever does, in all tests of a cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import SendSignal
from contracts.definitions import WorkflowDefinition
from contracts.errors import Rejected
from contracts.ids import partition_of
from tests.cluster.memory import MemoryCluster, memory_cluster, mistakes

PARTITIONS = 2
BIG = b'"%s"' % (b"x" * 100_000)
GROWS: dict[str, Any] = {
    "name": "grows",
    "nodes": [
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "big", "type": "transform", "config": {"operation": "value", "value": "{{ input + input }}"}},
        {"id": "child", "type": "sub_workflow", "config": {"workflow": "late", "mode": "detached"}},
    ],
    "edges": [{"from": "wait.received", "to": "big"}, {"from": "big", "to": "child"}],
}
LATE: dict[str, Any] = {"name": "late", "nodes": [{"id": "n", "type": "wait_signal", "config": {"name": "go"}}]}


def names() -> list[str]:
    """An id of one's own for each partition."""
    found = {partition_of(f"order-{number}", PARTITIONS): f"order-{number}" for number in range(100)}
    return list(found.values())


async def publish_unheard(cluster: MemoryCluster, node: str, definition: dict[str, Any]) -> None:
    """Only one process knows of it: the others have not been told yet."""
    for name, built in cluster.living.items():
        if name != node:
            built.log.unfollow("definitions", 0)
    await cluster.living[node].service.publish(WorkflowDefinition.model_validate(definition), True)


def test_big_values_unknown_workflows_and_publishing_keep_no_event_loop_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await publish_unheard(cluster, "a", GROWS)
            await publish_unheard(cluster, "a", LATE)
            for name in names():
                for node in "ab":
                    assert (await cluster.ask(node, "grows", execution=name, input=BIG)).created == (node == "a")
                await cluster.give("b", name, SendSignal(name, "go", BIG))
            await cluster.until(lambda: list(cluster.statuses().values()).count("completed") == PARTITIONS)
            await cluster.until(lambda: len([name for name in cluster.statuses() if "~" in name]) == PARTITIONS)
            for node in "ab":
                with pytest.raises(Rejected, match="no such workflow is published"):
                    await cluster.ask(node, "nowhere")
                await cluster.living[node].service.know("late")
                assert len(cluster.living[node].service.versions("late")) == 1
            await cluster.living["b"].service.activate("late", 1)
            await cluster.living["b"].service.archive("late")
            await cluster.kill("a")
            await cluster.all_owned()

    asyncio.run(story())


def test_whoever_makes_the_loop_wait_is_told_apart(tmp_path: Path) -> None:
    """The guard itself: what it hears of is a mistake, unless it comes from another thread."""

    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=PARTITIONS) as cluster:
            catalog = cluster.living["a"].catalog
            await asyncio.to_thread(catalog.read_on)
            assert mistakes == []
            catalog.read_on()
            assert len(mistakes) == 1
            mistakes.clear()

    asyncio.run(story())
