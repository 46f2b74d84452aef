"""The tools of MCP servers as an agent has them: what each server has said that it has, and what a model calls each of these tools.

    {"tools": [{name, description, parameters}, …]}      what a node `mcp` gives that lists the tools of its server

A tool keeps its name, but for characters that models take none of. Where a node is offered by it, or another server has one of that name,
it is `<node>_<name>`. The engine and the worker that asks the model work that out alike, from the same lists, as they were recorded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from contracts.errors import InvalidInput
from contracts.values import decode, encode

SERVER_KIND: Final = "mcp"
"""The kind of node that stands for a server, where its config names no tool."""
OFFERED_MAX: Final = 128
"""So many tools an agent may be offered, those of all servers and its nodes together."""
LIST_BYTES_MAX: Final = 256 * 1024
"""So long the list of a server's tools may be, as JSON."""
LIST_WANTED: Final[dict[str, Any]] = {"tools": True}
"""What a node is given that is to list the tools of its server."""
_NAME_LENGTH_MAX: Final = 64
_NOT_IN_NAMES: Final = re.compile("[^a-zA-Z0-9_-]")
_RESERVED: Final = frozenset({"none"})
"""What stands for no tool, where a model is told of tools in words."""


class ServerTool(NamedTuple):
    """A tool of a server: what the model calls it, the place of the server, what that calls it, and what the model is told."""

    name: str
    server: int
    tool: str
    description: str
    parameters: dict[str, Any]

    def is_meant_by(self, name: str, server: str) -> bool:
        """Whether a name in `tools` or in a rule of approval means it: that of the tool, either way, or of its server's node."""
        return name in (self.name, self.tool, server)

    def as_told(self) -> dict[str, Any]:
        """As the model is told of it."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}


def is_server(kind: str, config: Any) -> bool:
    """Whether a node is a whole server, and not one tool of it."""
    return kind == SERVER_KIND and isinstance(config, dict) and config.get("tool") is None


def call_of(tool: str, arguments: bytes) -> bytes:
    """What a node that is a server is given to run one of its tools."""
    return b'{"tool":%s,"arguments":%s}' % (encode(tool), arguments)


@lru_cache(maxsize=64)
def server_tools(taken: tuple[str, ...], lists: tuple[tuple[str, bytes], ...], wanted: tuple[str, ...] | None) -> tuple[ServerTool, ...]:
    """What the servers offer: for each the name of its node, and what it gave. `taken` are the names of other tools.

    Of `wanted` tools only those, by any of their names. What is no list of tools offers none: a person and a test may give anything.
    """
    found = [(place, node, one) for place, (node, content) in enumerate(lists) for one in _read(content)]
    plain = [fitting(one.tool) for _, _, one in found]
    count, seen, tools = Counter(plain), {*taken, *_RESERVED}, list[ServerTool]()
    for name, (place, node, one) in zip(plain, found, strict=True):
        told = name if count[name] == 1 and name not in taken and name not in _RESERVED else fitting(f"{node}_{name}")
        told = _alone(told, seen)
        seen.add(told)
        tools.append(one._replace(name=told, server=place))
    return tuple(one for one in tools if wanted is None or any(one.is_meant_by(name, lists[one.server][0]) for name in wanted))


def unmeant(names: Collection[str], taken: Collection[str], tools: Sequence[ServerTool], nodes: Sequence[str]) -> list[str]:
    """Of some names those that mean no tool."""
    return [name for name in names if name not in taken and not any(one.is_meant_by(name, nodes[one.server]) for one in tools)]


def fitting(name: str) -> str:
    """The name as a model may be told it."""
    return _NOT_IN_NAMES.sub("_", name)[:_NAME_LENGTH_MAX] or "_"


def _alone(name: str, seen: Collection[str]) -> str:
    """The name, with a number where it is not the first."""
    number, found = 1, name
    while found in seen:
        number += 1
        found = f"{name[: _NAME_LENGTH_MAX - 5]}_{number}"
    return found


def _read(content: bytes) -> list[ServerTool]:
    try:
        given = decode(content)
    except InvalidInput:
        return []
    listed = given.get("tools") if isinstance(given, dict) else None
    found: dict[str, ServerTool] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(name := one.get("name"), str) and name:
            told, parameters = one.get("description"), one.get("parameters")
            text = told if isinstance(told, str) and told else name
            found.setdefault(name, ServerTool(name, 0, name, text, parameters if isinstance(parameters, dict) else {"type": "object"}))
    return list(found.values())
