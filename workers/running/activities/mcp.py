"""`mcp`: runs one tool of an MCP server, and gives `{text, value, content}`.

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
from contracts.values import decode, encode
from refold.extras import how_to_install
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.wire import Call, Called, McpServer
from workers.running.watch import seconds_of

ALLOW_MAX: Final = 200
TEXT_SHOWN_MAX: Final = 2_048


class McpConfig(configs.Config):
    """Which tool of which server, and with what."""

    server: str = Field(min_length=1, max_length=100, description="The name of an MCP server that the settings of the engine declare.")
    tool: str = Field(min_length=1, max_length=200, description="The tool that is run.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What the tool is given.")
    allow: list[str] | None = Field(
        default=None, min_length=1, max_length=ALLOW_MAX, description="The tools that may be run; without it any."
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
        wanted = configs.read_config(McpConfig, config)
        if wanted.allow is not None and wanted.tool not in wanted.allow:
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
            tool=wanted.tool,
            arguments=Raw(encode(wanted.arguments)),
            timeout_s=seconds_of(wanted.timeout, "timeout"),
        )
        answer = self._process.call(context, call)
        if not isinstance(answer, Called):
            details = {"server": wanted.server, "tool": wanted.tool}
            raise ActivityError(answer.type, answer.message, details=details, retryable=answer.retryable)
        return _given(wanted, decode(bytes(answer.content)))

    def close(self) -> None:
        """End the AI process, and the servers that it has started."""
        self._process.close()


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
