"""A real MCP server of the official library, for tests: over stdio, or with a port over HTTP. Its tools fail in the ways that there are.

With `many` it has very many of them, one with a very long description.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp.server.elicitation import AcceptedElicitation
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("things")
counted = 0


class Answer(BaseModel):
    sure: bool


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def count() -> str:
    """Says how often it was asked, and by which process."""
    global counted
    counted += 1
    return f"{counted} {os.getpid()}"


@server.tool()
def env(name: str) -> str:
    """Tells a variable."""
    return str(os.environ.get(name))


@server.tool()
def large(size: int) -> str:
    """Says much."""
    return "x" * size


@server.tool()
async def wait(mark: str) -> str:
    """Says that it has begun, and never ends."""
    Path(mark).write_text(str(os.getpid()))
    await asyncio.Event().wait()
    return "never"


@server.tool()
def die() -> str:
    """Ends the server."""
    os._exit(7)


@server.tool()
def boom() -> str:
    """Raises."""
    raise RuntimeError("account 17 is locked")


@server.tool()
async def book(ctx: Context) -> str:
    """Asks a person."""
    found = await ctx.elicit("Book the room for 900?", Answer)
    return "booked" if isinstance(found, AcceptedElicitation) else "left alone"


def many() -> MCPServer:
    found = MCPServer("many")
    found.add_tool(add, name="long", description="x" * 300_000)
    for number in range(128):
        found.add_tool(add, name=f"t{number}")
    return found


def main() -> None:
    if sys.argv[1:] == ["many"]:
        many().run("stdio")
    elif len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")


if __name__ == "__main__":
    main()
