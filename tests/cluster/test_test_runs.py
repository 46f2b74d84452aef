"""Test runs in a cluster: their children lie anywhere, whoever owns them may be killed, and what is tried is published nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import infra.server.parts  # noqa: F401 - before what its parts are made of
from api import test_start
from api.service import Start
from contracts.caller import ENGINE
from contracts.commands import ResumeExecution
from contracts.definitions import WorkflowDefinition
from contracts.pins import Pin, Plan
from contracts.values import encode
from domain.definition.unpublished import packed
from tests.cluster.memory import memory_cluster

PARTITIONS = 4
COUNT = 12
KID: dict[str, Any] = {
    "name": "kid",
    "settings": {"concurrency": {"limit": 1}},
    "nodes": [
        {"id": "ask", "type": "http_request", "config": {"url": "http://192.0.2.1/"}},
        {"id": "cool", "type": "delay", "config": {"for": "24h"}},
    ],
    "edges": [{"from": "ask", "to": "cool"}],
}
TRIED: dict[str, Any] = {
    "name": "tried",
    "nodes": [
        {"id": "work", "type": "http_request", "config": {"url": "http://192.0.2.1/"}},
        {"id": "kid", "type": "sub_workflow", "config": {"workflow": "kid"}},
        {"id": "done", "type": "end", "config": {"output": "{{ nodes.work.output }}"}},
    ],
    "edges": [{"from": "work", "to": "kid"}, {"from": "kid", "to": "done"}],
}


def start(number: int) -> Start:
    carried = packed(WorkflowDefinition.model_validate(TRIED))
    pins: dict[str, tuple[Pin, ...]] = {"work": (Pin(encode(number), None),), "kid/ask": (Pin(encode({}), None),)}
    plan = Plan(pins, ("kid",), "waits", True, carried.packed)
    return Start("tried", key=f"try-{number}", test=test_start.TestStart(plan, 0, carried.hash))


def statuses(cluster: Any, names: list[str]) -> list[str | None]:
    found = cluster.statuses()
    return [found.get(name) for name in names]


def test_they_go_on_with_their_children_wherever_these_are_and_whoever_is_killed(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await cluster.publish(KID)
            service = cluster.living["b"].service
            names = [(await service.start(start(number), 0)).view.execution_id for number in range(COUNT)]
            await cluster.until(lambda: statuses(cluster, names) == ["paused"] * COUNT)
            await cluster.kill("a")
            again = [(await service.start(start(number), 0)) for number in range(COUNT)]
            assert [(one.view.execution_id, one.created) for one in again] == [(name, False) for name in names]
            await cluster.start("c")
            for name in names:
                await service.give(name, ResumeExecution(), ENGINE)
            await cluster.until(lambda: statuses(cluster, names) == ["completed"] * COUNT)
            views = [await service.view(name) for name in names]
            assert [bytes(view.output) for view in views] == [encode(number) for number in range(COUNT)]
            assert not service.version_of("tried", packed(WorkflowDefinition.model_validate(TRIED)).hash)

    asyncio.run(story())
