"""The workloads as a Restate service, on hypercorn as Restate's guide to serving has it: `python service.py PORT`.

The steps are coroutines: that spares the SDK a thread for each, so it is Restate's faster way.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import hypercorn
import hypercorn.asyncio
import restate

from benchmarks import steps

bench = restate.Service("bench")
waiting = restate.Workflow("waiting")


async def step() -> dict[str, Any]:
    return steps.payload()


async def _sequence(context: restate.Context, given: dict[str, Any], length: int) -> dict[str, Any]:
    for index in range(length):
        given = await context.run_typed(f"n{index}", step)
    return given


@bench.handler()
async def w1(context: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    return await _sequence(context, given, 10)


@bench.handler()
async def w2(context: restate.Context, given: dict[str, Any]) -> list[dict[str, Any]]:
    branches = [context.run_typed(f"n{index}", step) for index in range(50)]
    await restate.gather(*branches)
    return [await branch for branch in branches]


@bench.handler()
async def w3(context: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    return await _sequence(context, given, 5)


@bench.handler()
async def w5(context: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    for index in range(10):
        given = await context.run_typed(f"n{index}", _noted(f"{context.request().id}/n{index}", given))
    return given


def _noted(key: str, given: dict[str, Any]) -> Any:
    async def noted() -> dict[str, Any]:
        return steps.noted_step(key, given)

    return noted


@waiting.main()
async def run(context: restate.WorkflowContext, given: dict[str, Any]) -> str:
    await context.promise("go").value()
    return "completed"


@waiting.handler()
async def go(context: restate.WorkflowSharedContext, given: dict[str, Any]) -> None:
    await context.promise("go").resolve(given)


def main() -> None:
    config = hypercorn.Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    config.h2_max_concurrent_streams = config.keep_alive_max_requests = config.keep_alive_timeout = 2_147_483_647
    app: Any = restate.app([bench, waiting])
    asyncio.run(hypercorn.asyncio.serve(app, config))


if __name__ == "__main__":
    main()
