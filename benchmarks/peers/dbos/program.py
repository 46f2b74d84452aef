"""The workloads in DBOS: asynchronous workflows and steps, its system database in SQLite, as it ships."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from dbos import DBOS, SetWorkflowID

from benchmarks import steps
from benchmarks.peers.driver import drive, read_plan, tell


@DBOS.step()
async def step(given: dict[str, Any]) -> dict[str, Any]:
    return steps.step(given)


async def _sequence(given: dict[str, Any], length: int) -> dict[str, Any]:
    for _ in range(length):
        given = await step(given)
    return given


@DBOS.workflow()
async def w1(given: dict[str, Any]) -> dict[str, Any]:
    return await _sequence(given, 10)


@DBOS.workflow()
async def w2(given: dict[str, Any]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(step(given) for _ in range(50))))


@DBOS.workflow()
async def w3(given: dict[str, Any]) -> dict[str, Any]:
    return await _sequence(given, 5)


@DBOS.workflow()
async def w4(given: dict[str, Any]) -> str:
    message = await DBOS.recv_async("go", timeout_seconds=600)
    if message is None:
        raise RuntimeError("no signal has come")
    return "completed"


WORKFLOWS: dict[str, Any] = {"w1": w1, "w2": w2, "w3": w3}


class Peer:
    """See `driver.Peer`."""

    def __init__(self) -> None:
        self._waiting: dict[int, Any] = {}

    async def run(self, workload: str, number: int, given: dict[str, Any]) -> Any:
        return await WORKFLOWS[workload](given)

    async def wait(self, number: int) -> None:
        with SetWorkflowID(f"w4-{number}"):
            self._waiting[number] = await DBOS.start_workflow_async(w4, {})

    async def signal(self, number: int) -> None:
        await DBOS.send_async(f"w4-{number}", steps.payload(), "go")
        await self._waiting[number].get_result()


def main() -> None:
    plan = read_plan()
    os.chdir(plan["folder"])
    logging.disable(logging.WARNING)
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{plan['folder']}/dbos.sqlite", "log_level": "ERROR"})

    async def run() -> dict[str, Any]:
        DBOS.launch()
        return await drive(Peer(), plan)

    result = asyncio.run(run())
    tell(result)
    os._exit(0)  # its threads that poll take seconds to end


if __name__ == "__main__":
    main()
