"""An MCP server as a process of its own: started, spoken to line by line, and ended with all that it has started.

The client's own transport reads a line however long it is; here it ends at a limit.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Final

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from workers.running.ai.wire import ANSWER_BYTES_MAX, McpServer

STOP_S: Final = 2.0


class TooLarge(Exception):
    """More came than one answer may have."""


@asynccontextmanager
async def piped(server: McpServer) -> AsyncIterator[tuple[AbstractAsyncContextManager[Any], asyncio.Future[BaseException]]]:
    """A transport for the client, and what says why the server is gone. Raises OSError where it cannot be started."""
    process = await asyncio.create_subprocess_exec(
        *server.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=server.folder or None,
        env={**get_default_environment(), **dict(server.env)},
        limit=ANSWER_BYTES_MAX,
        start_new_session=True,
    )
    gone: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    try:
        yield _streams(process, gone), gone
    finally:
        await _end(process)


@asynccontextmanager
async def _streams(process: asyncio.subprocess.Process, gone: asyncio.Future[BaseException]) -> AsyncIterator[Any]:
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, out = anyio.create_memory_object_stream[SessionMessage](0)
    async with into, read, write, out:
        tasks = [asyncio.create_task(_hear(process, into, gone)), asyncio.create_task(_say(process, out))]
        try:
            yield read, write
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _hear(process: asyncio.subprocess.Process, into: Any, gone: asyncio.Future[BaseException]) -> None:
    assert process.stdout is not None
    error: BaseException = ConnectionError("it has ended")
    try:
        while line := await process.stdout.readline():
            with suppress(ValueError):  # what a server prints besides is no message
                await into.send(SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))
    except ValueError:
        error = TooLarge()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    finally:
        if not gone.done():
            gone.set_result(error)
        into.close()


async def _say(process: asyncio.subprocess.Process, out: Any) -> None:
    assert process.stdin is not None
    with suppress(OSError, anyio.ClosedResourceError):
        async for said in out:
            process.stdin.write(said.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await process.stdin.drain()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it end by itself, else kill it, and whatever is left of what it has started."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
