"""Serving: a data folder's engine, its HTTP API and its projector as one process tree, from the first request to the last.

    bind ─► open the engine (claim, fold) ─► driver, projector, uvicorn with its lane ─► ready
    SIGTERM, SIGINT: nothing new is taken in (503) ─► running activities end, or the time is up ─► snapshot ─► release the folder

A second signal ends it at once. What had not ended is taken up at the next start.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final, Protocol

import uvicorn

from api.app import make_app
from api.hot import Hot, NoRoutes
from api.lane import make_lane
from api.service import Service
from api.sites import Sites
from contracts.commands import Envelope
from contracts.errors import LogGone, RefoldError
from infra.server.driver import LoopWake
from infra.server.embedded import EngineService
from infra.server.engine import Engine
from infra.server.projector_process import ProjectorProcess
from infra.server.wiring import open_engine, open_partitioned_reader
from infra.settings.model import ROLES, EngineSettings, ServerSettings
from workers.partition.round import Reply
from workers.tasks.leases import TaskLeases
from workers.tasks.polls import TaskEndpoint

LOOK_EVERY_S: Final = 1.0
"""So long a log that was taken away may go unnoticed where nothing is appended."""


class _Uvicorn(uvicorn.Server):
    """uvicorn, except that the first signal asks for a graceful stop instead of closing connections."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready, self._on_stop = on_ready, on_stop
        self._is_asked = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        if self._is_asked:
            super().handle_exit(sig, frame)
        self._is_asked = True
        asyncio.get_running_loop().call_soon_threadsafe(self._on_stop)


def serve(engine: EngineSettings, settings: ServerSettings, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal comes. `on_ready` is given the address. Raises LogHeld, LogError, and RefoldError for a taken port.

    A log on Kafka is shared with other processes.
    """
    if engine.log is None and set(settings.role_names) != set(ROLES):
        raise RefoldError(f"roles are for processes that share a log on Kafka (--log); found {settings.roles}")
    listener = _listen(settings)
    try:
        loop_factory = uvicorn.Config("", loop="auto").get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            if engine.log is None:
                runner.run(_serve(engine, settings, listener, on_ready))
            else:
                from infra.server.cluster.serving import serve_shared

                runner.run(serve_shared(engine, settings, listener, on_ready))
    finally:
        listener.close()


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise RefoldError(f"cannot listen at {settings.host}, port {settings.port}: {error.strerror}") from None


def address_of(settings: ServerSettings, listener: socket.socket) -> str:
    """Where the server answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


async def _serve(
    engine_settings: EngineSettings, settings: ServerSettings, listener: socket.socket, on_ready: Callable[[str], None]
) -> None:
    assert engine_settings.data is not None
    wake = LoopWake(asyncio.get_running_loop())
    opened = open_engine(engine_settings, remote=True, wake=wake, address=address_of(settings, listener))
    with opened as engine, open_partitioned_reader(engine_settings) as reader:
        service = EngineService(engine, reader, wake, engine_settings, offers_workers=True)
        service.projector = ProjectorProcess(engine_settings.data, settings.projector_nice, service.note_projected)
        service.address = address_of(settings, listener)
        if (desk := _desk(engine, service)) is not None:
            service.worker_rows = lambda: desk.workers().workers
        try:
            await Serving(_Embedded(engine, service), service, desk, settings, listener, on_ready).run()
        finally:
            service.close()


class HttpService(Service, Protocol):
    """A service as a server has it."""

    projector: ProjectorProcess | None
    under_way: Callable[[], int]
    lane_requests: Callable[[], int]

    def stop_taking(self) -> None:
        """From here on nothing new is taken in."""


class Running(Protocol):
    """What runs beside the HTTP API, for as long as it does."""

    @property
    def failed(self) -> asyncio.Future[None]:
        """Gets what it fails with."""

    async def start(self) -> None:
        """Begin."""

    async def drain(self, stop_s: float) -> None:
        """Let running activities end, for so long at most, and hand over what others can take."""

    async def stop(self) -> None:
        """End now."""


class _Embedded:
    """An engine in this loop."""

    def __init__(self, engine: Engine, service: EngineService) -> None:
        self._engine, self._service = engine, service
        self.failed = service.driver.failed
        self._looking: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to move."""
        self._service.driver.wake()
        self._look()

    def _look(self) -> None:
        """See now and then, also while nothing is appended, that the log is where it was."""
        try:
            self._engine.check_ground()
        except LogGone as gone:
            self._service.driver.fail(gone)
        else:
            self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    async def drain(self, stop_s: float) -> None:
        """Let running activities end while the engine goes on deciding what they report."""
        await asyncio.get_running_loop().run_in_executor(None, self._engine.worker.stop, stop_s)

    async def stop(self) -> None:
        """Move no more."""
        self._service.driver.stop()
        if self._looking is not None:
            self._looking.cancel()


class Serving:
    """The HTTP API, the projector and what runs beside them: how they begin and end together."""

    def __init__(
        self,
        running: Running,
        service: HttpService,
        desk: TaskEndpoint | None,
        settings: ServerSettings,
        listener: socket.socket,
        on_ready: Callable[[str], None],
    ) -> None:
        self._running, self._service, self._desk, self._settings, self._listener = running, service, desk, settings, listener
        self._stopping: asyncio.Task[None] | None = None
        self._on_ready = on_ready
        is_open = settings.has_role("api")
        sites = Sites(settings.host, settings.host_names)
        app = make_app(service, sites, settings.body_bytes_max, settings.requests_max, desk, is_open)
        service.under_way = lambda: app.counted
        hot = Hot(service, app, desk)
        service.lane_requests = lambda: hot.taken
        protocol = make_lane(hot if settings.lane and is_open else NoRoutes(), app.readers)
        config = uvicorn.Config(
            app, http=protocol, ws="none", lifespan="off", log_config=None, log_level="warning", access_log=False, server_header=False,
            timeout_graceful_shutdown=2, timeout_keep_alive=75,
        )  # fmt: skip
        self._uvicorn = _Uvicorn(config, self._say_ready, self._stop)

    def _say_ready(self) -> None:
        self._on_ready(address_of(self._settings, self._listener))

    def _stop(self) -> None:
        self._stopping = self._stopping or asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        """Take nothing new in, and let what runs end."""
        try:
            self._service.stop_taking()
            if self._desk is not None:
                self._desk.close()
            await self._running.drain(self._settings.stop_s)
        finally:
            self._uvicorn.should_exit = True

    async def run(self) -> None:
        """Serve until stopped. Raises what the engine fails with."""
        failed = self._running.failed
        failed.add_done_callback(lambda _: setattr(self._uvicorn, "should_exit", True))
        work = [] if self._service.projector is None else [asyncio.ensure_future(self._service.projector.run())]
        try:
            await self._running.start()
            await self._uvicorn.serve([self._listener])
        finally:
            await self._running.stop()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        if self._stopping is not None and self._stopping.done():
            self._stopping.result()
        if failed.done() and not failed.cancelled():
            failed.result()


def _desk(engine: Engine, service: EngineService) -> TaskEndpoint | None:
    """Where workers elsewhere come, if the engine offers work to any."""
    if not isinstance(engine.worker, TaskLeases):
        return None

    def submit(envelope: Envelope, reply: Reply | None = None) -> None:
        engine.owner.submit(envelope, reply)
        service.driver.wake()

    return TaskEndpoint(engine.worker, submit, soon)


def soon(function: Callable[[], None]) -> None:
    """Run it when this turn of the loop is over."""
    asyncio.get_running_loop().call_soon(function)
