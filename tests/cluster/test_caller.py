"""Who asked, over several processes: it travels through `commands`, to whoever owns the execution, and to its children."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.caller import Caller
from contracts.commands import SendSignal
from tests.cluster.memory import MemoryCluster, memory_cluster

WAITS: dict[str, Any] = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


async def said(cluster: MemoryCluster, execution: str) -> list[tuple[str | None, str | None]]:
    """By the events of an execution, each pair once."""
    events, _ = await cluster.living["a"].service.history(execution, 1, 100)
    return list(dict.fromkeys((event.actor, event.correlation_id) for event in events))


@pytest.mark.parametrize("node", ["a", "b"])
def test_a_command_says_who_asked_whoever_owns_the_execution(tmp_path: Path, node: str) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            await cluster.publish(WAITS)
            names = [f"x{number}" for number in range(8)]
            for name in names:
                await cluster.ask(node, "w", execution=name, caller=Caller("ada", f"start-{name}"))
                await cluster.give(node, name, SendSignal("s", "go", b"1"), Caller("bob", f"signal-{name}"))
            owners = {
                name: owned for owned in cluster.living.values() for name in names if owned.router.home(name) in owned.owned.in_charge()
            }
            assert len({id(owner) for owner in owners.values()}) == 2, "some are owned here, some elsewhere"
            for name in names:
                assert await said(cluster, name) == [("ada", f"start-{name}"), ("bob", f"signal-{name}")]

    asyncio.run(story())
