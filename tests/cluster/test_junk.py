"""Junk in any topic stops no work: what is readable goes on, and each record that is not becomes one dead letter, also after takeovers."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.commands import SendSignal
from contracts.dead_letter import DeadLetter
from contracts.ids import make_execution_id
from tests.cluster.junk import junk_for
from tests.cluster.memory import MemoryCluster, SharedMemory, memory_cluster
from workers.tasks.dead_letters import origin_of

PARTITIONS = 2
WAITS: dict[str, Any] = {"name": "waits", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
DIVIDED = ("journal", "commands")
WHOLE = ("definitions", "resources", "members", "cancellations")


def litter(log: SharedMemory, *topics: str) -> Counter[str]:
    """Put all of it into all partitions of topics; the origins."""
    found: Counter[str] = Counter()
    for topic in topics:
        for partition in range(PARTITIONS if topic in DIVIDED else 1):
            for content in junk_for(topic):
                found[origin_of(topic, partition, log.put(topic, partition, [content]))] += 1
    return found


def letters(log: SharedMemory) -> Counter[str]:
    """The origins of all dead letters that are one."""
    found: Counter[str] = Counter()
    for _, content in log.read("dead-letters", 0):
        try:
            found[msgspec.msgpack.decode(content, type=DeadLetter).origin] += 1
        except msgspec.MsgspecError:
            continue
    return found


def _is_completed(cluster: MemoryCluster, name: str) -> bool:
    return cluster.statuses().get(name) == "completed"


async def works(cluster: MemoryCluster, node: str, number: int) -> None:
    """An execution of each partition begins and ends."""
    for partition in range(PARTITIONS):
        name = make_execution_id(1, partition, number * PARTITIONS + partition, PARTITIONS)
        await cluster.ask(node, "waits", execution=name)
        await cluster.give(node, name, SendSignal(name, "go", b"1"))
        await cluster.until(partial(_is_completed, cluster, name))


def test_junk_in_any_topic_before_and_during_work_stops_nothing_and_is_a_dead_letter_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, partitions=PARTITIONS) as cluster:
            log = cluster.log
            litter(log, "dead-letters")
            expected = litter(log, *DIVIDED, "definitions", "resources", "members")
            await cluster.start("a")
            await cluster.start("b")
            await cluster.all_owned()
            await cluster.publish(WAITS)
            await works(cluster, "a", 0)
            expected += litter(log, *DIVIDED, *WHOLE)
            litter(log, "dead-letters")
            for number, node in enumerate("ab", start=1):
                await works(cluster, node, number)
            await cluster.kill("a")
            expected += litter(log, *DIVIDED, *WHOLE)
            await cluster.all_owned()
            await works(cluster, "b", 3)
            await cluster.start("c")
            await cluster.kill("b")
            await cluster.all_owned()
            await works(cluster, "c", 4)
            await cluster.until(lambda: letters(log) >= expected)
            assert letters(log) == expected
            said = [record for record in caplog.records if record.levelno >= logging.ERROR]
            assert len(said) < 100, "one line for each topic now and then, not one for each record"
            assert sum(cluster.living["c"].letters.unreadable.values())
            assert b"refold_unreadable_records_total" in await cluster.living["c"].service.metrics()

    asyncio.run(story())


def test_what_a_newer_version_has_written_is_left_where_it_is_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=PARTITIONS) as cluster:
            log = cluster.log
            log.put("definitions", 0, [msgspec.msgpack.encode([99, "a definition of tomorrow"])])
            log.put("members", 0, [b'{"heartbeat":2,"node":"x"}'])
            await cluster.publish(WAITS)
            await works(cluster, "a", 0)
            await cluster.until(lambda: dict(cluster.living["a"].letters.newer) == {"definitions": 1, "members": 1})
            assert letters(log) == {}
            assert caplog.text.count("is of a newer version, and left to whoever can read it") == 2

    asyncio.run(story())
