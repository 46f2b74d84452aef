"""Executions that wait for another workflow, in a cluster: those they wait for lie anywhere, and any process may be killed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import infra.server.parts  # noqa: F401 - before what its parts are made of
from api.service import Start
from contracts.caller import ENGINE
from contracts.commands import SendSignal
from contracts.values import encode
from tests.cluster.memory import memory_cluster

PARTITIONS = 4
DAYS = [f"d{number}" for number in range(8)]
IMPORT: dict[str, Any] = {"name": "import", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
REPORT: dict[str, Any] = {
    "name": "report",
    "settings": {"after": {"workflow": "import", "within": "1h", "key": "input.day"}},
    "nodes": [{"id": "n", "type": "merge"}],
}


async def begin(cluster: Any, workflow: str, day: str) -> None:
    service = next(iter(cluster.living.values())).service
    await service.start(Start(workflow, encode({"day": day}), execution=f"{workflow}-{day}"), 0)


async def complete(cluster: Any, day: str) -> None:
    heard: list[Any] = []
    service = next(iter(cluster.living.values())).service
    service.begin_give(f"import-{day}", SendSignal(f"s-{day}", "go", b"1"), ENGINE, heard.append)
    await cluster.until(lambda: bool(heard))
    assert not isinstance(heard[0], Exception), heard


def reports(cluster: Any, status: str) -> set[str]:
    """Of which days the report has the status; one whose partition is just moving is in nobody's hands."""
    return {name.removeprefix("report-") for name, said in cluster.statuses().items() if name.startswith("report") and said == status}


def test_each_begins_once_its_own_has_completed_in_whichever_partition_and_whoever_is_killed(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await cluster.publish(IMPORT)
            await cluster.publish(REPORT)
            for day in DAYS:
                await begin(cluster, "import", day)
            for day in DAYS[:3]:
                await complete(cluster, day)
            for day in DAYS[:6]:
                await begin(cluster, "report", day)
            await cluster.until(lambda: reports(cluster, "completed") == set(DAYS[:3]))
            await cluster.kill("a")
            for day in DAYS[3:7]:
                await complete(cluster, day)
            await cluster.until(lambda: reports(cluster, "completed") == set(DAYS[:6]))
            await cluster.start("c")
            for day in DAYS[6:]:
                await begin(cluster, "report", day)
            await cluster.until(lambda: reports(cluster, "completed") == set(DAYS[:7]) and reports(cluster, "created") == {DAYS[7]})

    asyncio.run(story())
