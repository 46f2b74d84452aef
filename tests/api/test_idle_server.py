"""A server with nothing to do notices by itself when a worker has lost its lease."""

from __future__ import annotations

import asyncio

from contracts.definitions import WorkflowDefinition
from contracts.worker_protocol import Poll
from infra.blobs import MemoryBlobs
from infra.clock import SystemClock
from infra.driver import Driver, LoopWake
from infra.log.memory import MemoryLog
from infra.settings import EngineSettings
from infra.snapshots import MemorySnapshots
from infra.wiring import build_engine
from workers.remote import RemoteWorkers


def test_an_idle_server_offers_again_what_a_lost_worker_had() -> None:
    async def run() -> int:
        wake = LoopWake(asyncio.get_running_loop())
        log, blobs, snapshots = MemoryLog(), MemoryBlobs(), MemorySnapshots()
        engine = build_engine(EngineSettings(), log, blobs, snapshots, SystemClock(), remote=True, lease_ms=200, wake=wake)
        engine.owner.claim()
        engine.publish(WorkflowDefinition.model_validate({"name": "one", "nodes": [{"id": "n", "type": "theirs"}]}))
        driver = Driver(engine, wake, lambda: None)
        engine.start("one")
        driver.wake()
        assert isinstance(engine.worker, RemoteWorkers)
        assert await _given(engine.worker, Poll(protocol=1, worker="a", kinds=("theirs",))) == 1
        attempt = await _given(engine.worker, Poll(protocol=1, worker="b", kinds=("theirs",)))
        driver.stop()
        engine.stop()
        return attempt

    assert asyncio.run(asyncio.wait_for(run(), 20)) == 2


async def _given(worker: RemoteWorkers, poll: Poll) -> int:
    """Wait for a task as the desk does: woken, not asking."""
    while True:
        news = asyncio.Event()
        worker.on_tasks = news.set
        tasks = worker.poll(poll).tasks
        if tasks:
            return tasks[0].attempt
        await news.wait()
