"""`mcp`: runs one tool of an MCP server, and gives `{text, value, content}`; of a server that an agent is offered lists the tools.

Which servers there are, and by which commands they are started, say the settings of the engine, and no definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

import msgspec
from msgspec import Raw
from pydantic import Field

from contracts.ports.activities import ActivityContext
from contracts.server_tools import LIST_BYTES_MAX, LIST_WANTED, OFFERED_MAX
from contracts.values import decode, encode
from refold.extras import how_to_install
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.wire import Call, Called, McpServer
from workers.running.watch import seconds_of

ALLOW_MAX: Final = 200
TOOL_LENGTH_MAX: Final = 200
TEXT_SHOWN_MAX: Final = 2_048


class McpConfig(configs.Config):
    """Which tool of which server, and with what."""

    server: str = Field(min_length=1, max_length=100, description="The name of an MCP server that the settings of the engine declare.")
    tool: str | None = Field(
        default=None, min_length=1, max_length=TOOL_LENGTH_MAX,
        description="The tool that is run. Without it the node is the whole server, for an agent that it is offered to.",
    )  # fmt: skip
    arguments: dict[str, Any] = Field(default_factory=dict, description="What the tool is given.")
    allow: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=ALLOW_MAX,
        description="The tools that may be run, and that an agent is told of; without it all.",
    )
    timeout: str = Field(default="1m", description="How long the call may take, a duration.")


class Mcp:
    """Runs a tool."""

    name = "mcp"
    summary = "Runs a tool of an MCP server that the settings declare, and gives what it says."
    category = "ai"
    icon = "plug"
    begins_with = '{"server": "docs", "tool": "search", "arguments": {"query": "{{ input.text }}"}}'
    Config = McpConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings, self._process = settings, settings.ai

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Run it. Raises ActivityError `mcp.…`, `input.invalid`, see the reference."""
        wanted, lists = _wanted(configs.read_config(McpConfig, config), data)
        if not lists and wanted.allow is not None and wanted.tool not in wanted.allow:
            message = f"config.tool: `{wanted.tool}` is not among those that `allow` names: {', '.join(wanted.allow)}"
            raise ActivityError("input.invalid", message, retryable=False)
        if find_spec("mcp") is None:
            message = f"MCP servers are asked by a library that is not installed here: {how_to_install('ai')}"
            raise ActivityError("ai.not_installed", message, retryable=False)
        server = msgspec.structs.replace(
            _named(wanted.server, self._settings.mcp_servers), checks_address=not self._settings.allow_private_addresses
        )
        call = Call(
            number=0,
            server=server,
            tool=wanted.tool or "",
            arguments=Raw(encode(wanted.arguments)),
            timeout_s=seconds_of(wanted.timeout, "timeout"),
        )
        answer = self._process.call(context, call)
        if not isinstance(answer, Called):
            details = {"server": wanted.server, **({} if lists else {"tool": wanted.tool})}
            raise ActivityError(answer.type, answer.message, details=details, retryable=answer.retryable)
        said = decode(bytes(answer.content))
        return _listed(wanted, said["tools"]) if lists else _given(wanted, said)

    def close(self) -> None:
        """End the AI process, and the servers that it has started."""
        self._process.close()


def _wanted(config: McpConfig, data: Any) -> tuple[McpConfig, bool]:
    """Which tool is run, with what; or that the tools are listed. Of a whole server the data say that. Raises ActivityError."""
    if config.tool is not None:
        return config, False
    if data == LIST_WANTED:
        return config, True
    match data:
        case {"tool": str(tool), "arguments": dict(arguments)} if 0 < len(tool) <= TOOL_LENGTH_MAX:
            return config.model_copy(update={"tool": tool, "arguments": arguments}), False
    message = "config.tool: there is none, and the node's data say none either: expected {tool, arguments}, as an agent gives them"
    raise ActivityError("input.invalid", message, retryable=False)


def _listed(wanted: McpConfig, tools: list[dict[str, Any]]) -> dict[str, Any]:
    """The tools that an agent is told of. Raises ActivityError for more than one can be told, and for one in `allow` that there is not."""
    names = [one["name"] for one in tools]
    for name in wanted.allow or ():
        if name not in names:
            message = f"config.allow: MCP server {wanted.server} has no tool `{name}`; it has: {', '.join(names[:50]) or 'none'}"
            raise ActivityError("mcp.unknown_tool", message, details={"server": wanted.server, "tool": name}, retryable=False)
    kept = [one for one in tools if wanted.allow is None or one["name"] in wanted.allow]
    fix = "name those that are needed in `allow`"
    if len(kept) > OFFERED_MAX:
        message = f"MCP server {wanted.server} has {len(kept)} tools, an agent is offered {OFFERED_MAX} at most (OFFERED_MAX): {fix}"
        raise ActivityError("mcp.too_large", message, retryable=False)
    found = {"tools": kept}
    if (size := len(encode(found))) > LIST_BYTES_MAX:
        message = f"the tools of MCP server {wanted.server} are {size:,} bytes long, {LIST_BYTES_MAX:,} at most (LIST_BYTES_MAX): {fix}"
        raise ActivityError("mcp.too_large", message, retryable=False)
    return found


def _named(name: str, servers: Mapping[str, McpServer]) -> McpServer:
    if name not in servers:
        there = f"there are {', '.join(sorted(servers))}" if servers else "there are none"
        message = f"the setting `mcp_servers` declares no MCP server `{name}`: {there}"
        raise ActivityError("mcp.unknown_server", message, details={"server": name}, retryable=False)
    return servers[name]


def _given(wanted: McpConfig, said: dict[str, Any]) -> dict[str, Any]:
    text = "\n".join(one["text"] for one in said["content"] if one.get("type") == "text")
    if said["is_error"]:
        details = {"server": wanted.server, "tool": wanted.tool, "content": text[:TEXT_SHOWN_MAX]}
        message = f"MCP server {wanted.server}: tool {wanted.tool} has failed: {text[:500] or 'it does not say why'}"
        raise ActivityError("mcp.tool_failed", message, details=details)
    return {"text": text, "value": said["value"], "content": said["content"]}
