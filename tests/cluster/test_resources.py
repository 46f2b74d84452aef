"""Resources in a cluster: what one process writes, all know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.resources import Resource
from tests.cluster.memory import memory_cluster

ADA = Caller("ada")


def test_what_one_process_writes_all_know_and_who_has_seen_less_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=2) as cluster:
            one, other = cluster.living["a"].service, cluster.living["b"].service
            first = await one.write_resource("views", "late", b"1", ADA)
            second = await other.write_resource("views", "late", b"2", ADA, first.revision)
            with pytest.raises(Rejected, match="it is at revision 2"):
                await one.write_resource("views", "late", b"3", ADA, first.revision)
            assert await one.resource("views", "late") == second
            await one.write_resource("views", "gone", b"1", ADA)
            await one.write_resource("views", "gone", None, ADA)
            late = await cluster.start("c")
            assert [found.value for found in await late.service.resources("views")] == [b"2"]
            await one.write_resource("views", "new", b"4", ADA)
            known: list[Resource] = []

            async def knows() -> None:
                while len(known) < 2:
                    known[:] = await late.service.resources("views")
                    await asyncio.sleep(0.005)

            await asyncio.wait_for(knows(), 30)
            assert [found.name for found in known] == ["late", "new"]

    asyncio.run(story())
