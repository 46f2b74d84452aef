"""The server of the Model Context Protocol: tools that read and steer, made of operations, and workflows that are tools themselves.

    tools/list ─► the operations in `OFFERS`, `get_result`, and what `GET /v1/workflow-tools` says
    tools/call ─► an operation: one request to the server, its answer as much as can be read, its refusal as an error of the tool
               └► a workflow: started once, waited for with progress; where that takes longer, its execution, for `get_result`

It holds nothing between calls. Whatever it is asked it asks the server in the name of whoever calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ListedTool

from api.assistants.asking import Asking, problem_of
from api.assistants.offers import Tool, made
from api.assistants.results import GET_RESULT, GET_RESULT_SAYS, GET_RESULT_SCHEMA, Told, Waiting, WorkflowTool, workflow_tools
from api.assistants.shown import PARTS, shown
from api.version import build_version
from contracts.errors import InvalidInput, Problem
from contracts.values import decode, encode
from domain.definition.input_schema import check
from refold.client.requests import new_key, part
from refold.errors import Refused, Unavailable

Context = ServerRequestContext[Any, Any]
ClientOf = Callable[[Context], AbstractAsyncContextManager[Asking]]
WAIT_S_DEFAULT: Final = 50.0
"""So long a call of a workflow is held at most: those who call give up after a minute, as a rule."""
PAGE: Final = 200
META_KEY: Final = "local.refold/idempotency-key"
"""In `_meta` of a call: the key of a workflow, for callers that make one for each call."""
INSTRUCTIONS: Final = (
    "Refold runs workflows and remembers all they did. Look with list_executions, get_state, get_history; get_why says why a node ran, "
    "waits or failed. Workflows that are tools are started by calling them; get_result gives what takes longer. "
    "Long answers are cut: each place says how to ask for the rest, by `part` and `start`."
)


class Assistant:
    """The handlers of the server."""

    def __init__(self, client_of: ClientOf, address: str, wait_s: float, only_reads: bool) -> None:
        self._client_of, self._address, self._wait_s, self._only_reads = client_of, address, wait_s, only_reads
        self._tools = {one.name: one for one in made() if one.reads or not only_reads}
        self._taken = frozenset({*(one.name for one in made()), GET_RESULT})

    async def list_tools(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """All tools, so many at a time."""
        listed = [*map(_listed, self._tools.values()), _listed_result()]
        listed += map(_listed_workflow, await self._workflows(context))
        cursor = params.cursor if params is not None else None
        first = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0
        following = first + PAGE
        return ListToolsResult(tools=listed[first:following], next_cursor=str(following) if following < len(listed) else None)

    async def _workflows(self, context: Context) -> list[WorkflowTool]:
        if self._only_reads:
            return []
        async with self._client_of(context) as client:
            return workflow_tools(await client.workflow_tools(), self._taken)

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Run a tool. What goes wrong is an error of the tool, as a problem document (RFC 9457)."""
        try:
            return await self._called(context, params.name, decode(encode(params.arguments or {})))
        except (Refused, Unavailable) as error:
            return _failed(problem_of(error, self._address))
        except InvalidInput as error:
            return _failed(_invalid(error))

    async def _called(self, context: Context, name: str, arguments: dict[str, Any]) -> CallToolResult:
        asked = {one: arguments.pop(one) for one in PARTS if one in arguments and not self._is_own(name)}
        check({"type": "object", "properties": PARTS}, asked, len(encode(asked)))
        at, start = asked.get("part", ""), asked.get("start", 0)
        async with self._client_of(context) as client:
            if name in self._tools:
                return _said(shown(await self._ask(client, self._tools[name], arguments), at, start))
            waiting = Waiting(client, self._wait_s, context.session.report_progress)
            if name == GET_RESULT:
                check(GET_RESULT_SCHEMA, arguments, len(encode(arguments)))
                told = await waiting.result(arguments["execution_id"], arguments.get("wait", self._wait_s))
            else:
                told = await self._run(context, client, waiting, name, arguments)
        return _result(told, at, start)

    def _is_own(self, name: str) -> bool:
        """Whether all arguments of a tool are its own: of a workflow they are its input."""
        return name not in self._tools and name != GET_RESULT

    async def _ask(self, client: Asking, tool: Tool, arguments: Mapping[str, Any]) -> Any:
        check(tool.schema, dict(arguments), len(encode(arguments)))
        request = tool.request(arguments, part)
        return await client.send(request._replace(key=new_key()) if tool.is_keyed and request.key is None else request)

    async def _run(self, context: Context, client: Asking, waiting: Waiting, name: str, arguments: dict[str, Any]) -> Told:
        found = [] if self._only_reads else workflow_tools(await client.workflow_tools(), self._taken)
        tool = next((one for one in found if one.name == name), None)
        if tool is None:
            raise InvalidInput([Problem("", "unknown_tool", f"there is no tool `{name[:100]}`: list the tools again")])
        given, key = tool.split(arguments)
        meta: Any = (context.meta or {}).get(META_KEY)
        return await waiting.run(tool.workflow, given, key or (meta if isinstance(meta, str) and 0 < len(meta) <= 255 else None))


def make_server(client_of: ClientOf, address: str, wait_s: float = WAIT_S_DEFAULT, only_reads: bool = False) -> Server[Any]:
    """The server, which asks the one at the address by the clients that it is given."""
    assistant = Assistant(client_of, address, wait_s, only_reads)
    return Server(
        "refold",
        version=build_version(),
        title="Refold",
        instructions=INSTRUCTIONS,
        on_list_tools=assistant.list_tools,
        on_call_tool=assistant.call_tool,
    )


# What a model is told of tools.


def _listed(tool: Tool) -> ListedTool:
    schema = {**tool.schema, "properties": {**tool.schema["properties"], **PARTS}}
    hints = ToolAnnotations(read_only_hint=tool.reads, idempotent_hint=tool.reads or tool.is_keyed, open_world_hint=False)
    return ListedTool(name=tool.name, description=tool.description, input_schema=schema, annotations=hints)


def _listed_result() -> ListedTool:
    schema = {**GET_RESULT_SCHEMA, "properties": {**GET_RESULT_SCHEMA["properties"], **PARTS}}
    hints = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return ListedTool(name=GET_RESULT, description=GET_RESULT_SAYS, input_schema=schema, annotations=hints)


def _listed_workflow(tool: WorkflowTool) -> ListedTool:
    hints = ToolAnnotations(read_only_hint=False, idempotent_hint=False, open_world_hint=True)
    return ListedTool(name=tool.name, description=tool.description, input_schema=tool.schema, annotations=hints)


# What a call gives.


def _said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


def _result(told: Told, at: str, start: int) -> CallToolResult:
    """The result of an execution; whole beside the text where it is short."""
    text = shown(told.value, at, start)
    whole = told.value if not at and len(text) >= len(encode(told.value).decode()) else None
    return CallToolResult(content=[TextContent(text=text)], structured_content=whole, is_error=told.is_error)


def _failed(problem: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=shown(problem))], is_error=True)


def _invalid(error: InvalidInput) -> dict[str, Any]:
    problems = [one.as_value() for one in error.problems]
    said = {"type": "urn:refold:request.invalid", "title": "Unprocessable Entity", "status": 422, "detail": str(error)}
    return {**said, "reason": "request.invalid", "problems": problems}
