"""A server with nothing to do notices by itself when a worker has lost its lease, and when the clock was set ahead."""

from __future__ import annotations

import asyncio

from contracts.definitions import WorkflowDefinition
from contracts.worker_protocol import Poll
from infra.clock import SystemClock
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.log.memory import MemoryLog
from infra.server.driver import LOOK_EVERY_S, Driver
from infra.server.engine import Engine
from infra.server.wiring import build_alone
from infra.settings.model import EngineSettings
from tests.cluster.world import run as run_story
from tests.workers.harness import Bench
from workers.tasks.leases import TaskLeases


def test_an_idle_server_offers_again_what_a_lost_worker_had() -> None:
    async def run() -> int:
        driver = Driver(SystemClock(), asyncio.get_running_loop().create_future())
        log, blobs, snapshots = MemoryLog(), MemoryBlobs(), MemorySnapshots()
        engine = Engine(build_alone(EngineSettings(), log, blobs, snapshots, SystemClock(), remote=True, lease_ms=200, waker=driver))
        engine.owner.claim()
        engine.publish(WorkflowDefinition.model_validate({"name": "one", "nodes": [{"id": "n", "type": "theirs"}]}))
        engine.start("one")
        driver.start(engine)
        assert isinstance(engine.worker, TaskLeases)
        assert await _given(engine.worker, Poll(protocol=1, worker="a", kinds=("theirs",))) == 1
        attempt = await _given(engine.worker, Poll(protocol=1, worker="b", kinds=("theirs",)))
        driver.stop()
        engine.stop()
        return attempt

    assert asyncio.run(asyncio.wait_for(run(), 20)) == 2


async def _given(worker: TaskLeases, poll: Poll) -> int:
    """Wait for a task as the task endpoint does: woken, not asking."""
    while True:
        news = asyncio.Event()
        worker.listen(news.set)
        tasks = worker.poll(poll).tasks
        if tasks:
            return tasks[0].attempt
        await news.wait()


def test_an_idle_server_sees_that_the_clock_was_set_ahead() -> None:
    async def story() -> None:
        bench = Bench()
        bench.publish({"name": "later", "nodes": [{"id": "d", "type": "delay", "config": {"for": "1h"}}]})
        loop = asyncio.get_running_loop()
        driver = Driver(bench.clock, loop.create_future())
        execution = bench.start("later")
        driver.start(bench.engine)
        await asyncio.sleep(5)
        bench.clock.advance(3_600_000)
        began = loop.time()
        while bench.status(execution) == "running":
            await asyncio.sleep(0.1)
        assert loop.time() - began <= LOOK_EVERY_S + 0.2
        driver.stop()

    run_story(story)
