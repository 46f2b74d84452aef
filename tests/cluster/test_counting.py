"""`settings.concurrency` over many partitions: the limit is exact however executions are started, and a start twice is once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import SendSignal
from contracts.errors import Rejected
from contracts.ids import counted_in, partition_of
from tests.cluster.memory import MemoryCluster, memory_cluster

PARTITIONS = 4
WAIT: dict[str, Any] = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}


def limited(policy: str = "queue", limit: int = 2, name: str = "w") -> dict[str, Any]:
    return {"name": name, "nodes": [WAIT], "settings": {"concurrency": {"limit": limit, "policy": policy}}}


UNLIMITED = {"name": "w", "nodes": [WAIT]}
Story = Callable[[MemoryCluster], Coroutine[Any, Any, None]]


def tell(folder: Path, story: Story, *nodes: str) -> None:
    async def run() -> None:
        async with memory_cluster(folder, *(nodes or ("a", "b")), partitions=PARTITIONS) as cluster:
            await story(cluster)

    asyncio.run(run())


def own_id(there: bool, number: int = 0) -> str:
    """An id of a caller's, where executions of `w` are counted or not."""
    names = (f"order-{count}" for count in range(10_000))
    fitting = [name for name in names if (partition_of(name, PARTITIONS) == counted_in("w", PARTITIONS)) == there]
    return fitting[number]


async def finish_one(cluster: MemoryCluster, node: str, running: int) -> None:
    """Wait until so many run, and no more; then let one of them end."""
    await cluster.until(lambda: list(cluster.statuses().values()).count("running") == running)
    name = next(name for name, status in cluster.statuses().items() if status == "running")
    await cluster.give(node, name, SendSignal(name, "go", b"1"))
    await cluster.until(lambda: cluster.statuses()[name] == "completed")


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_run_than_may_however_they_were_started_and_whoever_was_asked(tmp_path: Path, limit: int) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=limit))
        ways: list[dict[str, Any]] = [{}, *({"key": f"k{number}"} for number in range(8)), {"execution": own_id(there=True)}]
        started = [(await cluster.ask("ab"[number % 2], "w", **way)).view.execution_id for number, way in enumerate(ways)]
        for left in range(len(started), 0, -1):
            await finish_one(cluster, "ab"[left % 2], min(limit, left))
        assert set(cluster.statuses().values()) == {"completed"}
        assert len(set(started)) == len(ways)

    tell(tmp_path, story)


def test_a_callers_id_that_lies_elsewhere_is_refused_with_a_way_out(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited())
        for node in "ab":
            with pytest.raises(Rejected, match="leave the id out, or send an Idempotency-Key") as refused:
                await cluster.ask(node, "w", execution=own_id(there=False))
            assert refused.value.reason == "counted_elsewhere"
        assert cluster.statuses() == {}

    tell(tmp_path, story)


def test_a_key_is_one_execution_also_where_versions_are_counted_otherwise(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        keys = [f"k{number}" for number in range(4)]
        first: dict[str, str] = {}
        for turn, definition in enumerate((UNLIMITED, limited(), UNLIMITED | {"description": "again"})):
            await cluster.publish(definition)
            for key in keys:
                for node in "ab":
                    answer = await cluster.ask(node, "w", key=key)
                    assert first.setdefault(key, answer.view.execution_id) == answer.view.execution_id
            keys.append(f"new{turn}")
            answer = await cluster.ask("b", "w", key=keys[-1])
            assert answer.created
            first[keys[-1]] = answer.view.execution_id
            ended = first[keys[turn]]
            await cluster.give("a", ended, SendSignal(ended, "go", b"1"))
        assert len(cluster.statuses()) == len(first)

    tell(tmp_path, story)


def test_the_limit_holds_after_a_takeover(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=1))
        started = [(await cluster.ask("ab"[number % 2], "w", key=str(number))).view.execution_id for number in range(6)]
        await cluster.start("c")
        for node in "ab":
            await cluster.kill(node)
        await cluster.all_owned()
        for number in range(6):
            assert (await cluster.ask("c", "w", key=str(number))).view.execution_id == started[number], "the same start once more"
        for _ in started:
            await finish_one(cluster, "c", running=1)

    tell(tmp_path, story)


def test_a_start_too_many_is_refused_whatever_its_key(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited("reject", 2))
        outcomes = await asyncio.gather(*(cluster.ask("ab"[n % 2], "w", key=str(n)) for n in range(12)), return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, Rejected)]
        assert {one.reason for one in refused} == {"concurrency_limit"}
        assert len(refused) == 10
        assert len(cluster.statuses()) == 2

    tell(tmp_path, story)


def test_a_sub_workflow_that_nobody_could_count_fails_with_a_way_out_and_a_detached_one_is_a_dead_letter(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited())
        for mode in ("wait", "detached"):
            node = {"id": "n", "type": "sub_workflow", "config": {"workflow": "w", "mode": mode}}
            await cluster.publish({"name": mode, "nodes": [node], "settings": {"on_failure": "fail"}})
            for there in (True, False):
                await cluster.ask("a", mode, execution=own_id(there, number=5 + (mode == "wait")))
        await cluster.until(lambda: list(cluster.statuses().values()).count("running") == 3)
        await cluster.until(lambda: cluster.statuses()[own_id(False, 6)] == "failed")
        await cluster.until(lambda: cluster.log.end("dead-letters", 0) == 1)
        assert len([name for name in cluster.statuses() if "~" in name]) == 2

    tell(tmp_path, story)
