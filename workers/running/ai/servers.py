"""MCP servers: what is asked of them, in the AI process, by the official client.

A server that is started is kept, with its process, until it dies or is not what it was; one at a URL is connected to for each call. What
goes wrong inside the library comes out as a `CancelledError`, a group of exceptions, or an ordinary result: it is told apart here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

from workers.running.activity_error import ActivityError
from workers.running.ai.pipes import TooLarge, piped
from workers.running.ai.transport import SENT, Sent, client
from workers.running.ai.wire import ANSWER_BYTES_MAX, Call, Called, Fault, McpServer

TOOLS_MAX: Final = 1_000
"""So many tools a server may have."""


class Servers:
    """The servers that were asked. Lives in one event loop."""

    def __init__(self) -> None:
        self._kept: dict[McpServer, _Kept] = {}

    async def ask(self, call: Call) -> Called | Fault:
        """What a tool gives, or the tools that there are. Raises CancelledError where the present task is cancelled, and only there."""
        sent = Sent((), {}, False)
        SENT.set(sent)
        try:
            async with asyncio.timeout(call.timeout_s):
                return Called(number=call.number, content=msgspec.Raw(await self._asked(call)))
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return _fault(call, sent.refusal or error)

    async def _asked(self, call: Call) -> bytes:
        if call.server.url:
            return await asyncio.create_task(_at_url(call))  # the library cancels the task that it is used in
        kept = self._kept.get(call.server)
        if kept is None or kept.has_ended:
            kept = self._kept[call.server] = _Kept(call.server)
        return await kept.ask(call)


class _Kept:
    """A server that was started, connected to in a task of its own."""

    def __init__(self, server: McpServer) -> None:
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Client] = loop.create_future()
        self._ended: asyncio.Future[BaseException] = loop.create_future()
        self._questions: list[list[str]] = []
        self._task = loop.create_task(self._hold(server))

    @property
    def has_ended(self) -> bool:
        """Whether it is gone; another one is started with the next call."""
        return self._ended.done()

    async def _hold(self, server: McpServer) -> None:
        try:
            async with piped(server) as (streams, gone):
                gone.add_done_callback(lambda found: None if found.cancelled() else self._end(found.result()))
                async with Client(streams, elicitation_callback=_refusing(self._questions)) as found:
                    self._ready.set_result(found)
                    await gone
        except BaseException as error:
            self._end(error)

    def _end(self, error: BaseException) -> None:
        if not self._ended.done():  # the first cause counts: it comes before what the library makes of it
            self._ended.set_result(error)

    async def ask(self, call: Call) -> bytes:
        """Ask it; where it dies meanwhile, that is the failure."""
        begun: list[asyncio.Future[Any]] = [self._ready, self._ended]
        await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            raise _plain(self._ended.result())
        asking = asyncio.create_task(_said(self._ready.result(), call, self._questions))
        try:
            ends: list[asyncio.Future[Any]] = [asking, self._ended]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                raise _plain(self._ended.result())
            return asking.result()
        finally:
            asking.cancel()


async def _at_url(call: Call) -> bytes:
    questions: list[list[str]] = []
    server = call.server
    async with client(server.checks_address) as connections:
        connections.headers.update(dict(server.headers))
        transport = streamable_http_client(server.url, http_client=connections, max_sse_event_size=ANSWER_BYTES_MAX)
        async with Client(transport, elicitation_callback=_refusing(questions)) as found:
            return await _said(found, call, questions)


def _refusing(questions: list[list[str]]) -> Any:
    """Answers no question, and notes it for the calls that are under way."""

    async def refuse(context: Any, asked: Any) -> ElicitResult:
        for one in questions:
            one.append(str(getattr(asked, "message", ""))[:500])
        return ElicitResult(action="cancel")

    return refuse


async def _said(found: Client, call: Call, questions: list[list[str]]) -> bytes:
    asked: list[str] = []
    questions.append(asked)
    try:
        content = await _tools(found) if not call.tool else await _result(found, call)
        was_alone = len(questions) == 1
    finally:
        questions[:] = [one for one in questions if one is not asked]
    if asked and (was_alone or content.get("is_error")):
        raise ActivityError("mcp.question", f"it asks a person something, and nobody can be asked: {asked[0]!r}", retryable=False)
    written = msgspec.json.encode(content)
    if len(written) > ANSWER_BYTES_MAX:
        raise TooLarge
    return written


async def _tools(found: Client) -> dict[str, Any]:
    tools: list[Any] = []
    cursor: str | None = None
    while True:
        page = await found.list_tools(cursor=cursor)
        tools += [{"name": one.name, "description": one.description or "", "parameters": one.input_schema} for one in page.tools]
        if len(tools) > TOOLS_MAX:
            raise ActivityError("mcp.too_large", f"it has more than {TOOLS_MAX:,} tools (TOOLS_MAX)", retryable=False)
        cursor = page.next_cursor
        if cursor is None:
            return {"tools": tools}


async def _result(found: Client, call: Call) -> dict[str, Any]:
    result = await found.call_tool(call.tool, msgspec.json.decode(call.arguments))
    parts = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in result.content]
    return {"content": parts, "value": result.structured_content, "is_error": bool(result.is_error)}


# What goes wrong.


def _plain(error: BaseException) -> BaseException:
    """The cause in a group of exceptions."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fault(call: Call, error: BaseException) -> Fault:
    who = f"MCP server {call.server.name}"
    error = _plain(error)
    match error:
        case ActivityError():
            return Fault(
                number=call.number, type=error.error_type, message=f"{who}: {error}", details=error.details, retryable=error.retryable
            )
        case TooLarge():
            message = f"{who} says more than {ANSWER_BYTES_MAX:,} bytes at a time (ANSWER_BYTES_MAX)"
            return Fault(number=call.number, type="mcp.too_large", message=message, retryable=False)
        case TimeoutError():
            return Fault(number=call.number, type="mcp.timeout", message=f"{who} did not answer within {call.timeout_s:g} s")
        case FileNotFoundError() | PermissionError():
            message = f"{who} cannot be started: {error.strerror}: {call.server.command[0]}"
            return Fault(number=call.number, type="mcp.not_started", message=message, retryable=False)
        case MCPError() if "closed" not in str(error).lower():
            return Fault(number=call.number, type="mcp.refused", message=f"{who} refuses: {str(error)[:1000]}", retryable=False)
        case _:
            said = str(error)[:1000] or type(error).__name__
            return Fault(number=call.number, type="mcp.lost", message=f"{who} cannot be reached, or has ended during the call: {said}")
