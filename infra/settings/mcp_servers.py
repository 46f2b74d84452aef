"""The file with the MCP servers that activities may use, in the form that other programs have it in, too.

{"mcpServers": {"docs": {"command": "uvx", "args": ["docs-mcp"], "env": {"TOKEN": "${DOCS_TOKEN}"}}, "crm": {"url": "https://…"}}}
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.errors import InvalidInput, InvalidSettings
from contracts.values import decode
from workers.running.ai.wire import McpServer

SERVERS_MAX: Final = 100
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


class _Server(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    command: str | None = Field(default=None, min_length=1)
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str = ""
    url: str | None = Field(default=None, pattern=r"^https?://[^/?#]+")
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one(self) -> _Server:
        if (self.command is None) == (self.url is None):
            raise ValueError("expected `command`, which starts it, or `url`, where it is")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    mcpServers: dict[_Name, _Server] = Field(max_length=SERVERS_MAX)


def mcp_servers_in(file: Path | None, environment: Mapping[str, str] = os.environ) -> dict[str, McpServer]:
    """The servers by name; `${NAME}` in values of `env` and `headers` is that variable. Raises InvalidSettings."""
    if file is None:
        return {}
    try:
        found = _File.model_validate(decode(file.read_bytes()))
    except OSError as error:
        raise InvalidSettings(f"mcp_servers: {file} cannot be read: {error.strerror or error}") from None
    except InvalidInput as error:
        raise InvalidSettings(f"mcp_servers: {file} is no JSON: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidSettings(f"mcp_servers: {file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return {name: _server(file, name, one, environment) for name, one in found.mcpServers.items()}


def _server(file: Path, name: str, one: _Server, environment: Mapping[str, str]) -> McpServer:
    def filled(text: str) -> str:
        missing = next((found for found in _VARIABLE.findall(text) if found not in environment), None)
        if missing is not None:
            raise InvalidSettings(f"mcp_servers: {file}: server {name} needs the variable {missing}, which is not set")
        return _VARIABLE.sub(lambda found: environment[found[1]], text)

    def pairs(values: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        return tuple((key, filled(value)) for key, value in values.items())

    command = () if one.command is None else (one.command, *one.args)
    return McpServer(name=name, command=command, env=pairs(one.env), folder=one.cwd, url=one.url or "", headers=pairs(one.headers))
