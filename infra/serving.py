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

import uvicorn

from api.app import make_app
from api.hot import Hot
from api.lane import make_lane
from contracts.commands import Envelope
from contracts.errors import RefoldError
from infra.driver import LoopWake
from infra.engine import Engine
from infra.projector_process import ProjectorProcess
from infra.server import EngineService
from infra.settings import EngineSettings, ServerSettings
from infra.wiring import open_engine, open_partitioned_reader
from workers.remote import RemoteWorkers
from workers.round import Reply
from workers.worker_desk import WorkerDesk


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
    """Serve until a signal comes. `on_ready` is given the address. Raises LogHeld, LogError, and RefoldError for a taken port."""
    listener = _listen(settings)
    try:
        loop_factory = uvicorn.Config("", loop="auto").get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(_serve(engine, settings, listener, on_ready))
    finally:
        listener.close()


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise RefoldError(f"cannot listen at {settings.host}, port {settings.port}: {error.strerror}") from None


def _address(settings: ServerSettings, listener: socket.socket) -> str:
    """Where the server answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


async def _serve(
    engine_settings: EngineSettings, settings: ServerSettings, listener: socket.socket, on_ready: Callable[[str], None]
) -> None:
    assert engine_settings.data is not None
    wake = LoopWake(asyncio.get_running_loop())
    opened = open_engine(engine_settings, remote=True, wake=wake, address=_address(settings, listener))
    with opened as engine, open_partitioned_reader(engine_settings) as reader:
        service = EngineService(engine, reader, wake, engine_settings, offers_workers=True)
        more = ("--log", engine_settings.log) if engine_settings.log else ()
        service.projector = ProjectorProcess(engine_settings.data, settings.projector_nice, service.note_projected, more)
        try:
            await _Serving(engine, service, settings, listener, on_ready).run()
        finally:
            service.close()


class _Serving:
    """The tasks of a server, and how they end together."""

    def __init__(
        self, engine: Engine, service: EngineService, settings: ServerSettings, listener: socket.socket, on_ready: Callable[[str], None]
    ) -> None:
        self._engine, self._service, self._settings, self._listener = engine, service, settings, listener
        self._stopping: asyncio.Task[None] | None = None
        self._on_ready = on_ready
        self._desk = _desk(engine, service)
        app = make_app(service, settings.body_bytes_max, settings.requests_max, self._desk)
        service.under_way = lambda: app.under_way
        hot = Hot(service, app, self._desk)
        service.lane_requests = lambda: hot.taken
        protocol = make_lane(hot) if settings.lane else "httptools"
        config = uvicorn.Config(
            app, http=protocol, ws="none", lifespan="off", log_level="warning", access_log=False, server_header=False,
            timeout_graceful_shutdown=2, timeout_keep_alive=75,
        )  # fmt: skip
        self._uvicorn = _Uvicorn(config, self._say_ready, self._stop)

    def _say_ready(self) -> None:
        self._on_ready(_address(self._settings, self._listener))

    def _stop(self) -> None:
        self._stopping = self._stopping or asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        """Take nothing new in, and let running activities end while the engine goes on deciding what they report."""
        self._service.stop_taking()
        if self._desk is not None:
            self._desk.close()
        await asyncio.get_running_loop().run_in_executor(None, self._engine.worker.stop, self._settings.stop_s)
        self._uvicorn.should_exit = True

    async def run(self) -> None:
        """Serve until stopped. Raises what the engine fails with."""
        assert self._service.projector is not None
        driver = self._service.driver
        driver.failed.add_done_callback(lambda _: setattr(self._uvicorn, "should_exit", True))
        driver.wake()
        projector = asyncio.ensure_future(self._service.projector.run())
        try:
            await self._uvicorn.serve([self._listener])
        finally:
            driver.stop()
            projector.cancel()
            await asyncio.gather(projector, return_exceptions=True)
        if driver.failed.done():
            driver.failed.result()


def _desk(engine: Engine, service: EngineService) -> WorkerDesk | None:
    """Where workers elsewhere come, if the engine offers work to any."""
    if not isinstance(engine.worker, RemoteWorkers):
        return None

    def submit(envelope: Envelope, reply: Reply | None = None) -> None:
        engine.owner.submit(envelope, reply)
        service.driver.wake()

    loop = asyncio.get_running_loop()

    def soon(function: Callable[[], None]) -> None:
        loop.call_soon(function)

    return WorkerDesk(engine.worker, submit, soon)
