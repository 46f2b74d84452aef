"""uvicorn's WebSocket, which leaves its line in the scope: frames that many are told are written once, and go out past the framework."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.line import LINE, Line


class LinedWebSocket(WebSocketsSansIOProtocol):
    """The protocol of one connection; to its line it is the flow."""

    @property
    def write_paused(self) -> bool:
        """Whether more waits to be read than is good."""
        return not self.writable.is_set()

    async def drain(self) -> None:
        """Wait until the other side takes more, or is gone."""
        await self.writable.wait()

    async def run_asgi(self) -> None:
        """Serve it; see uvicorn."""
        self.scope[LINE] = Line(self.transport, self)  # type: ignore[typeddict-unknown-key]  # our own
        await super().run_asgi()
