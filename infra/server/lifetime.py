"""The life of a server: one process with its HTTP API and its projector, from the first request to the last.

    bind ─► open the log (claim, fold) ─► the parts begin, in their order ─► uvicorn with its lane ─► ready
    SIGTERM, SIGINT: nothing new is taken in (503) ─► running activities end, or the time is up ─► snapshot ─► release the folder

A second signal ends it at once: what runs is cancelled, and no time given. What had not ended is taken up at the next start.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

import uvicorn

from api.authorize import authorize, only_look
from api.requests import Requests
from contracts.errors import RefoldError
from contracts.journal import Checkpoint
from infra.clock import SystemClock
from infra.files.checkpoints import FileCheckpoints
from infra.server.alone import Alone
from infra.server.alone_service import AloneService
from infra.server.beside import LoopBeside
from infra.server.driver import Driver
from infra.server.http import Http, HttpSetup, address_of
from infra.server.parts import LOOKING, PARTS
from infra.server.parts.context import Context
from infra.server.process import Process
from infra.server.progress import Progress
from infra.server.projector_process import ProjectorProcess
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import open_partitioned_reader
from infra.server.user_topics import UserTopics
from infra.server.webhook_ground import WebhookGround
from infra.server.wiring import open_alone, open_retention
from infra.settings.about import about
from infra.settings.model import ROLES_DEFAULT, EngineSettings, ServerSettings
from infra.settings.sources import Given
from workers.cluster.webhook_share import falls_to
from workers.reading.journal_feed import Feed
from workers.reading.owner_feed import OwnerGround
from workers.reading.partitioned_reader import PartitionedReader
from workers.reading.webhook_deliveries import WebhookDeliveries
from workers.tasks.leases import TaskLeases
from workers.tasks.polls import TaskEndpoint

CHECKPOINTS: Final = "webhooks.json"
"""The file of a data folder that says how far events were sent to webhooks."""


def serve(
    engine: EngineSettings, settings: ServerSettings, on_ready: Callable[[str], None], given: Mapping[str, Given] | None = None
) -> None:
    """Serve until a signal comes. `on_ready` is given the address, and `given` says where settings come from.

    Raises LogHeld, LogError, and RefoldError for a taken port.

    A log on Kafka is shared with other processes.
    """
    if engine.log is None and set(settings.role_names) != set(ROLES_DEFAULT):
        raise RefoldError(f"roles are for processes that share a log on Kafka (--log); found {settings.roles}")
    listener = _listen(settings)
    try:
        loop_factory = uvicorn.Config("", loop="auto").get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            if engine.log is None:
                runner.run(_serve_alone(engine, settings, listener, on_ready, given or {}))
            else:
                runner.run(_serve_shared(engine, settings, listener, on_ready, given or {}))
    finally:
        listener.close()


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise RefoldError(f"cannot listen at {settings.host}, port {settings.port}: {error.strerror}") from None


async def _serve_alone(
    engine: EngineSettings, settings: ServerSettings, listener: socket.socket, on_ready: Callable[[str], None], given: Mapping[str, Given]
) -> None:
    """Serve a log that nobody else uses."""
    clock = SystemClock()
    driver = Driver(clock, asyncio.get_running_loop().create_future())
    address = address_of(settings, listener)
    with (
        open_alone(engine, clock, remote=True, waker=driver, address=address) as alone,
        open_retention(engine, is_projected=True) as retention,
        open_partitioned_reader(engine) as reader,
    ):
        reads, requests = ReadThreads(reader.courtesy), Requests()
        progress = _progress(alone, reader, reads, engine, settings)
        task_endpoint = TaskEndpoint(alone.worker, alone.owner.submit, _soon) if isinstance(alone.worker, TaskLeases) else None
        feed = Feed(OwnerGround(alone.owner, LoopBeside(reader.backlog(), reads.pool)))
        assert engine.data is not None
        checkpoints = FileCheckpoints(engine.data / CHECKPOINTS)
        service = AloneService(alone, feed, reader, reads, progress, engine, task_endpoint, requests, address, checkpoints)
        service.about = about(engine, settings, given, clock.now())
        http = HttpSetup(service, task_endpoint, requests, settings, listener, on_ready)
        ground = WebhookGround(service, feed, clock, engine, checkpoints)
        webhooks = WebhookDeliveries(alone.resources, ground, lambda name: True), ground
        context = Context(
            clock=clock, roles=ROLES_DEFAULT, wake=driver.wake, send=alone.owner.send, feed=feed, fail=driver.fail, alone=alone,
            progress=progress, operator=service.operator, retention=retention, archive=service.archive_desk, http=http, webhooks=webhooks,
            trigger_ground=service.trigger_ground, user_topics=UserTopics(engine),
        )  # fmt: skip
        try:
            await _live(Process(context), driver, settings.stop_s)
        finally:
            service.close()


def _progress(alone: Alone, reader: PartitionedReader, reads: ReadThreads, engine: EngineSettings, settings: ServerSettings) -> Progress:
    assert engine.data is not None
    data, owner = engine.data, alone.owner

    async def checkpoint_of(partition: int) -> Checkpoint:
        return await reads.run_list(reader.checkpoint_of, partition)

    progress = Progress(
        lambda: {owner.partition: owner.position}, checkpoint_of, lambda note: ProjectorProcess(data, settings.projector_nice, note)
    )  # fmt: skip
    owner.hearers.add(partial(progress.heard, owner.partition))
    return progress


async def _serve_shared(
    engine: EngineSettings, settings: ServerSettings, listener: socket.socket, on_ready: Callable[[str], None], given: Mapping[str, Given]
) -> None:
    """Serve a log that is shared with other processes."""
    from infra.server.cluster.shared import Shared
    from infra.server.wiring import open_shared, open_shared_retention

    address = address_of(settings, listener)
    with open_shared(engine, address, settings.role_names) as stores, open_shared_retention(engine, stores.blobs) as retention:
        shared = Shared(stores, engine, settings, address)
        shared.service.about = about(engine, settings, given, shared.clock.now())
        may = only_look if stores.is_fenced else authorize
        http = HttpSetup(shared.service, shared.task_endpoint, shared.requests, settings, listener, on_ready, may)
        ground = WebhookGround(shared.service, shared.feed, shared.clock, engine, shared.webhook_checkpoints)
        deliveries = WebhookDeliveries(shared.resources, ground, partial(falls_to, shared.members))
        context = Context(
            clock=shared.clock, roles=shared.roles, wake=shared.driver.wake, send=shared.router.send, feed=shared.feed,
            fail=shared.driver.fail, shared=shared, progress=shared.progress, operator=shared.service.operator, http=http,
            webhooks=(deliveries, ground), shared_retention=retention, archive=shared.service.archive_desk,
            user_topics=UserTopics(engine),
        )  # fmt: skip
        try:
            await _live(Process(context, LOOKING if stores.is_fenced else PARTS), shared.driver, settings.stop_s)
        finally:
            shared.service.close()


async def _live(process: Process, driver: Driver, stop_s: float) -> None:
    """Serve until stopped. Raises what any part fails with."""
    http = process.parts["http"]
    assert isinstance(http, Http)
    driver.failed.add_done_callback(lambda _: http.end())
    draining = asyncio.ensure_future(_drain_when_asked(process, http, stop_s))
    try:
        await process.start()
        driver.start(process)
        await http.listen()
    finally:
        driver.stop()
        await process.stop()
        if not draining.done():
            draining.cancel()
    with suppress(asyncio.CancelledError):
        await draining
    if driver.failed.done() and not driver.failed.cancelled():
        driver.failed.result()


async def _drain_when_asked(process: Process, http: Http, stop_s: float) -> None:
    """Take nothing new in, and let what runs end."""
    await http.asked()
    try:
        await process.drain(stop_s)
    finally:
        http.end()


def _soon(function: Callable[[], None]) -> None:
    """Run it when this turn of the loop is over."""
    asyncio.get_running_loop().call_soon(function)
