"""The feed in a cluster: every process is told of all partitions, owned here or elsewhere, over takeovers, each decision once."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path

from contracts.commands import SendSignal
from contracts.ports.feed import Selector
from contracts.values import encode
from projections.executions import executions_where
from tests.cluster.memory import DEADLINE_S, MemoryCluster, memory_cluster
from tests.workers.feeding import Listener, counting

WAIT = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


def _has(listener: Listener, partition: int, count: int) -> bool:
    return len(listener.offsets_of(partition)) >= count


async def _all_told(cluster: MemoryCluster, listener: Listener, start: dict[int, int]) -> None:
    """Everything was told that counts from there on, once and in order."""
    for partition in range(cluster.log.partitions):
        wanted = counting(cluster.log, start.get(partition, 0), partition=partition)
        await cluster.until(partial(_has, listener, partition, len(wanted)))
        assert listener.offsets_of(partition) == wanted


def test_every_process_is_told_of_all_partitions_over_a_takeover(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            await cluster.publish(WAIT)
            begun = [(await cluster.ask("a", "w")).view.execution_id for _ in range(12)]
            now = {partition: cluster.log.end("journal", partition) for partition in range(4)}
            feed = cluster.living["a"].service.feed
            whole, later = Listener(feed, after={}), Listener(feed, after=now)
            for execution in begun[:6]:
                await cluster.give("b", execution, SendSignal(f"1{execution}", "go", encode(1)))
            await cluster.kill("b")
            await cluster.all_owned()
            for execution in begun[6:]:
                await cluster.give("a", execution, SendSignal(f"2{execution}", "go", encode(1)))
            await _all_told(cluster, whole, {})
            await _all_told(cluster, later, now)
            assert len(later.told) >= 12

    asyncio.run(story())


def test_one_workflow_can_be_selected_though_only_its_first_decisions_name_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            await cluster.publish(WAIT)
            await cluster.publish(WAIT | {"name": "other"})
            wanted = [(await cluster.ask("a", "w")).view.execution_id for _ in range(6)]
            others = [(await cluster.ask("b", "other")).view.execution_id for _ in range(6)]
            now = {partition: cluster.log.end("journal", partition) for partition in range(4)}
            listener = Listener(cluster.living["b"].service.feed, Selector(workflow="w"), now)
            for execution in wanted + others:
                await cluster.give("a", execution, SendSignal(f"1{execution}", "go", encode(1)))
            await cluster.until(lambda: {one.decision.execution for one in listener.told} >= set(wanted))
            assert {one.decision.execution for one in listener.told} == set(wanted)

    asyncio.run(story())


def test_a_history_that_is_being_folded_holds_no_list_of_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=2) as cluster:
            await cluster.publish(WAIT)
            name = (await cluster.ask("a", "w")).view.execution_id
            service, may_go_on = cluster.living["a"].service, threading.Event()
            service._reads.pool.submit(may_go_on.wait)
            history = asyncio.ensure_future(service.history(name, 1, 10))
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await service.find(executions_where())
                assert not history.done()
            finally:
                may_go_on.set()
            assert (await history)[0][0].type == "ExecutionCreated"

    asyncio.run(story())


def test_a_journal_is_followed_for_as_long_as_somebody_subscribes(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=2) as cluster:
            await cluster.publish(WAIT)
            built = cluster.living["a"]
            listener = Listener(built.service.feed)
            await cluster.until(lambda: len(built.follower._followed) == 2)
            listener.subscription.end()
            assert not built.follower._heard
            await cluster.ask("a", "w")
            assert listener.told == []

    asyncio.run(story())
