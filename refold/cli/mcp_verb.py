"""The verb of the command line by which assistants use a server: `refold mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.task_verbs import As, Groups


def mcp(
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="The server to ask; REFOLD_SERVER without it, else this machine's.")
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Listen over HTTP, at /mcp, instead of speaking over stdin and stdout.")] = False,
    host: Annotated[str, typer.Option("--host", help="With --http: the address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="With --http: the port; 0 takes a free one.")] = 8081,
    hosts: Annotated[
        list[str] | None, typer.Option("--allow-host", metavar="NAME", help="With --http: a name that it may be asked by; repeatable.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Offer only tools that change nothing.")] = False,
    wait: Annotated[float, typer.Option("--wait", metavar="S", min=0.0, max=3_600.0, help="How long a call waits for a result.")] = 50.0,
    who: As = None,
    groups: Groups = None,
) -> int:
    """Let assistants use a server, over MCP."""
    from refold.cli.commands import mcp as command
    from refold.cli.commands.tasks import Who

    listens = command.Listens(host, port, tuple(hosts or ())) if http else None
    return command.mcp(server, listens, command.Offered(read_only, wait), Who(who, tuple(groups or ())))
