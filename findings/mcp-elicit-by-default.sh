#!/usr/bin/env bash
# mcp 2.3.0 (the official Python SDK of the Model Context Protocol): a tool that asks a person fails between its own server and client as they come.
#
# Guess:   a tool that calls `ctx.elicit` asks a client that was given an `elicitation_callback`, over stdio as over anything.
# Seen:    the client chooses the newest protocol that both speak (mode "auto", the default), in which a server cannot ask back in the middle of a
#          call: the call fails, and the callback is never asked. With mode "legacy" the same two programs work.
# Source:  the package as published; its client's `mode`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install mcp==2.3.0
cat > "$folder/server.py" <<'PY'
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("asks")


class Answer(BaseModel):
    sure: bool


@server.tool()
async def ask(ctx: Context) -> str:
    found = await ctx.elicit("Are you sure?", Answer)
    return found.action


server.run("stdio")
PY
cat > "$folder/client.py" <<'PY'
import asyncio
import sys

from mcp import Client, StdioServerParameters, stdio_client, types


async def answer(context, params):
    print("asked")
    return types.ElicitResult(action="accept", content={"sure": True})


async def main(**more):
    try:
        transport = stdio_client(StdioServerParameters(command=sys.executable, args=[sys.argv[1]]))
        async with Client(transport, elicitation_callback=answer, **more) as client:
            print((await client.call_tool("ask", {})).content[0].text)
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        print(type(error).__name__, error)


asyncio.run(main())
asyncio.run(main(mode="legacy"))
PY
expected="MCPError Cannot send 'elicitation/create': this transport context has no back-channel for server-initiated requests.
asked
accept"
found=$("$folder/venv/bin/python" "$folder/client.py" "$folder/server.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
