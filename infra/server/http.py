"""The HTTP API, with its lane past the framework."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple, Protocol, cast

import uvicorn

from api.app import make_app
from api.authorize import Authorize, authorize
from api.hot import Hot, NoRoutes
from api.lane import make_lane
from api.requests import Requests
from api.service import Service
from api.sites import Sites
from api.streams.live import MESSAGE_BYTES_MAX
from api.ui import read_ui
from infra.server.parts.running import Running
from infra.settings.model import ServerSettings
from workers.tasks.polls import TaskEndpoint


class HttpService(Service, Protocol):
    """A service that can be told to take nothing more."""

    def stop_taking(self) -> None:
        """From here on nothing new is taken in, and those who wait for an end are answered."""


class HttpSetup(NamedTuple):
    """What is served, and where."""

    service: HttpService
    task_endpoint: TaskEndpoint | None
    requests: Requests
    settings: ServerSettings
    listener: socket.socket
    on_ready: Callable[[str], None]
    """Given the address when requests are answered."""
    authorize: Authorize = authorize
    """Whether a caller may do an operation."""


def _web_socket(**made_of: Any) -> asyncio.Protocol:
    """The protocol of a WebSocket, loaded with the first."""
    from api.web_socket import LinedWebSocket

    return LinedWebSocket(**made_of)


class _Uvicorn(uvicorn.Server):
    """uvicorn, except that the first signal asks for a graceful stop instead of closing connections."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready, self._is_asked = on_ready, False
        self.asked = asyncio.Event()
        """Set by the first signal."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        if self._is_asked:
            super().handle_exit(sig, frame)
        self._is_asked = True
        asyncio.get_running_loop().call_soon_threadsafe(self.asked.set)


class Http(Running):
    """Serves from `listen` on, as long as that is awaited."""

    def __init__(self, setup: HttpSetup) -> None:
        self._setup = setup
        service, settings, task_endpoint = setup.service, setup.settings, setup.task_endpoint
        is_open = settings.has_role("api")
        sites = Sites(settings.host, settings.host_names)
        ui = read_ui() if settings.ui and is_open else None
        app = make_app(
            service, sites, settings.body_bytes_max, settings.requests_max, task_endpoint, is_open, setup.requests, setup.authorize, ui
        )
        routes = Hot(service, app, task_endpoint, authorize=setup.authorize) if settings.lane and is_open else NoRoutes()
        lane = make_lane(routes, app.requests.readers)
        config = uvicorn.Config(
            app, http=lane, ws=cast(Any, _web_socket), ws_max_size=MESSAGE_BYTES_MAX, ws_per_message_deflate=False, lifespan="off",
            log_config=None, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2, timeout_keep_alive=75,
        )  # fmt: skip
        self._uvicorn = _Uvicorn(config, self._say_ready)

    def _say_ready(self) -> None:
        self._setup.on_ready(address_of(self._setup.settings, self._setup.listener))

    async def listen(self) -> None:
        """Serve until `end`, or until a second signal comes."""
        await self._uvicorn.serve([self._setup.listener])

    async def asked(self) -> None:
        """Wait until somebody asks for the end."""
        await self._uvicorn.asked.wait()

    def end(self) -> None:
        """Answer what is under way, and end; streams have no end of their own."""
        self._setup.service.streams.close()
        self._uvicorn.should_exit = True

    async def drain(self, stop_s: float) -> None:
        """Take nothing new in; polls that wait are answered with nothing."""
        self._setup.service.stop_taking()
        self._setup.service.streams.close()
        if self._setup.task_endpoint is not None:
            self._setup.task_endpoint.close()


def address_of(settings: ServerSettings, listener: socket.socket) -> str:
    """Where the server answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"
