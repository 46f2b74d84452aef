"""`mcp`: a server of the Model Context Protocol over stdin and stdout, or over HTTP, that asks a server of Refold."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from refold.cli.commands.output import OK, BadInput, say
from refold.cli.commands.tasks import Who
from refold.client.requests import server_of
from refold.extras import how_to_install

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.assistants.asking import Asking


class Listens(NamedTuple):
    """Where it listens over HTTP, and by which names it may be asked beside those of this machine."""

    host: str
    port: int
    hosts: tuple[str, ...] = ()


class Offered(NamedTuple):
    """What is offered, and how long a call waits for a result, in seconds."""

    only_reads: bool = False
    wait_s: float = 50.0


def mcp(server: str | None, listens: Listens | None, offered: Offered, who: Who) -> int:
    """Serve, until whoever calls has gone, or it is stopped."""
    if find_spec("mcp") is None:
        raise BadInput(f"the library of the protocol is not installed here: {how_to_install('ai')}")
    person = who.person()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)  # stdout is the protocol's
    from api.assistants.server import make_server

    address = server_of(server)
    made = make_server(_clients(address, person.name, person.groups), address, offered.wait_s, offered.only_reads)
    if listens is None:
        asyncio.run(_serve_stdio(made))
    else:
        _serve_http(made, listens)
    return OK


def _clients(address: str, person: str, groups: Sequence[str]) -> Any:
    """Clients that act in the name of whoever calls: over HTTP that may be said by heads, as to the server itself."""
    from api.assistants.asking import Asking

    ours = Asking(address, person=person, groups=groups)

    @asynccontextmanager
    async def client_of(context: Any) -> AsyncGenerator[Asking, None]:
        heads = getattr(context.request, "headers", {})
        named, theirs = heads.get("refold-person"), heads.get("refold-groups")
        if named is None and theirs is None:
            yield ours
            return
        said = [one.strip() for one in _text(theirs or "").split(",") if one.strip()]
        async with Asking(address, person=person if named is None else _text(named), groups=said) as client:
            assert isinstance(client, Asking)
            yield client

    return client_of


def _text(head: str) -> str:
    """A head as text: its bytes are UTF-8, where they are that."""
    try:
        return head.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return head


async def _serve_stdio(made: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await made.run(read, write, made.create_initialization_options())


def _serve_http(made: Server[Any], listens: Listens) -> None:
    """Listen. Each request stands alone, so that nothing is lost when this process begins anew."""
    import socket

    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # `_Guard` looks, as the server itself does
    app = _Guard(made.streamable_http_app(stateless_http=True, transport_security=anywhere), listens)
    with socket.socket(socket.AF_INET6 if ":" in listens.host else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((listens.host, listens.port))
            bound.listen()  # before it says so: who comes at once is let in when it is ready
        except OSError as error:
            raise BadInput(f"cannot listen at {listens.host}:{listens.port}: {error.strerror}") from None
        shown = f"[{listens.host}]" if ":" in listens.host else listens.host
        say(f"an MCP server listens at http://{shown}:{bound.getsockname()[1]}/mcp")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on")).run([bound])


class _Guard:
    """Refuses what was meant for another server, or comes from a page of another site."""

    def __init__(self, app: ASGIApp, listens: Listens) -> None:
        from api.sites import Sites

        self._app, self._sites = app, Sites(listens.host, listens.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._sites.refusal(scope["headers"]) if scope["type"] == "http" else None
        await (self._app if refusal is None else refusal)(scope, receive, send)
